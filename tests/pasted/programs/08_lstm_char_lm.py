# char-level LSTM language model
import random
import string
import sys

import torch
import torch.nn as nn

random.seed(0)
torch.manual_seed(0)

corpus = "hello world, hello torch, hello autograd. "
all_characters = string.printable
n_characters = len(all_characters)


def char_tensor(s):
    t = torch.zeros(len(s)).long()
    for c in range(len(s)):
        t[c] = all_characters.index(s[c])
    return t


class CharLSTM(nn.Module):
    def __init__(self, vocab, hidden=24, layers=2):
        super().__init__()
        self.emb = nn.Embedding(vocab, 12)
        self.lstm = nn.LSTM(12, hidden, layers, batch_first=True, dropout=0.1)
        self.head = nn.Linear(hidden, vocab)

    def forward(self, x, state=None):
        h, state = self.lstm(self.emb(x), state)
        return self.head(h), state


model = CharLSTM(n_characters)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()

for it in range(15):
    start = random.randint(0, len(corpus) - 18)
    chunk = corpus[start : start + 17]
    inp, tgt = char_tensor(chunk[:-1])[None], char_tensor(chunk[1:])
    logits, (h, c) = model(inp)
    loss = loss_fn(logits[0], tgt)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.5)
    opt.step()
    if it % 5 == 0:
        sys.stdout.write("iter %02d loss %.2f\n" % (it, loss.item()))
        sys.stdout.flush()

# truncated BPTT: carry the state between chunks but cut the graph
state = None
total = 0.0
for i in range(0, 24, 8):
    chunk = corpus[i : i + 9]
    logits, state = model(char_tensor(chunk[:-1])[None], state)
    state = tuple(s.detach() for s in state)
    total = total + loss_fn(logits[0], char_tensor(chunk[1:]))
total.backward()
print("grad norm finite:", bool(torch.isfinite(model.head.weight.grad.norm())))
print("state shapes:", [tuple(s.shape) for s in state])
