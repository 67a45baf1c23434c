import string

import torch
import torch.nn as nn

torch.manual_seed(0)
alphabet = "-" + string.ascii_lowercase[:5]  # blank first
T, N, C, S = 20, 3, len(alphabet), 5

rnn = nn.GRU(4, 12, bidirectional=True)
fc = nn.Linear(24, C)
params = [*rnn.parameters(), *fc.parameters()]
opt = torch.optim.Adam(params, lr=0.02)
ctc = nn.CTCLoss(blank=0, zero_infinity=True)

x = torch.randn(T, N, 4)
targets = torch.randint(1, C, (N, S))
input_lengths = torch.full((N,), T, dtype=torch.long)
target_lengths = torch.tensor([5, 3, 4])


def greedy_decode(log_probs):
    out = []
    for seq in log_probs.argmax(-1).t().tolist():
        s, prev = "", None
        for k in seq:
            if k != prev and k != 0:
                s += alphabet[k]
            prev = k
        out.append(s)
    return out


for step in range(21):
    h, _ = rnn(x)
    log_probs = fc(h).log_softmax(2)
    loss = ctc(log_probs, targets, input_lengths, target_lengths)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(f"step {step} ctc {loss.item():.1f}")
print("targets:", ["".join(alphabet[i] for i in t[:n]) for t, n in zip(targets.tolist(), target_lengths.tolist())])
print("decoded strings:", len(greedy_decode(log_probs)))


# brute force check of one tiny case
import itertools

lp = torch.log_softmax(torch.randn(3, 1, 3), 2)
want = 0.0
for path in itertools.product(range(3), repeat=3):
    collapsed = [k for k, _ in itertools.groupby(path) if k != 0]
    if collapsed == [1, 2]:
        want = want + sum(lp[t, 0, k] for t, k in enumerate(path)).exp()
got = nn.functional.ctc_loss(lp, torch.tensor([[1, 2]]), torch.tensor([3]), torch.tensor([2]), reduction="sum")
print("brute force:", torch.allclose(got, -want.log(), atol=1e-5))
