import heapq

import torch
import torch.nn as nn

torch.manual_seed(4)
VOCAB = ["<s>", "</s>", "a", "b", "c", "d"]
BOS, EOS = 0, 1


class BigramLM(nn.Module):
    def __init__(self, v=len(VOCAB)):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(v, v))

    def forward(self, ids):
        return self.table[ids]


lm = BigramLM()
data = ["abcd", "abc", "abd", "bcd", "cd", "abcd"]
enc = [[BOS] + [VOCAB.index(c) for c in s] + [EOS] for s in data]
opt = torch.optim.SGD(lm.parameters(), lr=5.0)
for i in range(30):
    loss = 0
    for e in enc:
        e = torch.tensor(e)
        loss = loss + nn.functional.cross_entropy(lm(e[:-1]), e[1:])
    loss = loss / len(enc)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(f"final loss {loss.item():.2f}")


@torch.no_grad()
def beam_search(lm, width=3, max_len=8) -> list[tuple[float, list[int]]]:
    beams = [(0.0, [BOS])]
    done = []
    for _ in range(max_len):
        cand = []
        for score, seq in beams:
            lp = lm(torch.tensor(seq[-1:])).log_softmax(-1)[0]
            top = lp.topk(width)
            for s, t in zip(top.values.tolist(), top.indices.tolist()):
                item = (score + s, seq + [t])
                if t == EOS:
                    heapq.heappush(done, (item[0] / len(item[1]) ** 0.7, item[1]))
                else:
                    cand.append(item)
        beams = heapq.nlargest(width, cand, key=lambda x: x[0])
        if not beams:
            break
    return heapq.nlargest(width, done)


for score, seq in beam_search(lm)[:2]:
    print(f"{score:.2f}", "".join(VOCAB[t] for t in seq[1:-1]))

# exhaustive check of the best un-normalised sequence up to length 3
best = max(
    (sum(lm(torch.tensor([s[i]])).log_softmax(-1)[0, s[i + 1]].item() for i in range(len(s) - 1)), s)
    for s in ([BOS, x, y, EOS] for x in range(2, 6) for y in range(2, 6))
)
print("best two-letter word:", "".join(VOCAB[t] for t in best[1][1:-1]))
