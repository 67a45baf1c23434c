import sys

import torch
import torch.nn as nn

sys.setrecursionlimit(5000)
torch.manual_seed(0)


def parse(s):
    """'((a b) (c (d e)))' -> nested tuples"""
    tokens = s.replace("(", " ( ").replace(")", " ) ").split()

    def helper(pos):
        if tokens[pos] == "(":
            left, pos = helper(pos + 1)
            right, pos = helper(pos)
            assert tokens[pos] == ")"
            return (left, right), pos + 1
        return tokens[pos], pos + 1

    return helper(0)[0]


class TreeLSTM(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.emb = nn.Embedding(26, d)
        self.gates = nn.Linear(2 * d, 5 * d)
        self.out = nn.Linear(d, 1)

    def node(self, t):
        if isinstance(t, str):
            h = self.emb(torch.tensor(ord(t) - 97))
            return h, torch.zeros_like(h)
        (hl, cl), (hr, cr) = map(self.node, t)
        i, fl, fr, o, u = self.gates(torch.cat([hl, hr])).chunk(5)
        c = i.sigmoid() * u.tanh() + fl.sigmoid() * cl + fr.sigmoid() * cr
        return o.sigmoid() * c.tanh(), c

    def forward(self, t):
        return self.out(self.node(t)[0])


def depth(t):
    return 0 if isinstance(t, str) else 1 + max(depth(c) for c in t)


trees = [parse(s) for s in ("(a b)", "((a b) c)", "((a b) (c (d e)))")]
target = torch.tensor([float(depth(t)) for t in trees])
print("depths:", target.tolist())
m = TreeLSTM()
opt = torch.optim.Adam(m.parameters(), lr=0.05)
for i in range(16):
    pred = torch.cat([m(t) for t in trees])
    loss = (pred - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0:
        print(i, f"{loss.item():.1f}")

# very deep chain: backward is iterative, must not overflow
x = torch.tensor(1.0, requires_grad=True)
y = x
for _ in range(3000):
    y = y * 1.0001
y.backward()
print(f"{x.grad.item():.3f}")
