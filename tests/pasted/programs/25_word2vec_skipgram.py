import re
from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F

text = """We are about to study the idea of a computational process.
Computational processes are abstract beings that inhabit computers.
As they evolve, processes manipulate other abstract things called data."""

tokens = re.findall(r"[a-z]+", text.lower())
freq = Counter(tokens)
vocab = sorted(freq, key=lambda w: (-freq[w], w))
word_to_ix = {w: i for i, w in enumerate(vocab)}
print(vocab[:6], len(vocab))

WINDOW, NEG = 2, 3
pairs = []
for i, w in enumerate(tokens):
    for j in range(max(0, i - WINDOW), min(len(tokens), i + WINDOW + 1)):
        if j != i:
            pairs.append((word_to_ix[w], word_to_ix[tokens[j]]))
pairs = torch.tensor(pairs)
print("pairs:", pairs.shape)


class SkipGram(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.center = nn.Embedding(vocab_size, dim, sparse=True)
        self.context = nn.Embedding(vocab_size, dim, sparse=True)
        nn.init.uniform_(self.center.weight, -0.5 / dim, 0.5 / dim)
        nn.init.zeros_(self.context.weight)

    def forward(self, c, o, neg):
        v = self.center(c)
        pos = F.logsigmoid((v * self.context(o)).sum(-1))
        negs = F.logsigmoid(-torch.bmm(self.context(neg), v.unsqueeze(2)).squeeze(2)).sum(-1)
        return -(pos + negs).mean()


torch.manual_seed(1)
counts = torch.tensor([freq[w] for w in vocab], dtype=torch.float)
noise = counts.pow(0.75)
model = SkipGram(len(vocab), 10)
opt = torch.optim.SparseAdam(list(model.parameters()), lr=0.05)
for epoch in range(3):
    perm = torch.randperm(len(pairs))
    total = 0
    for b in perm.split(32):
        c, o = pairs[b].T
        neg = torch.multinomial(noise, len(b) * NEG, replacement=True).view(-1, NEG)
        loss = model(c, o, neg)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(b)
    print(f"epoch {epoch} loss {total / len(pairs):.2f}")
print(model.center.weight.grad.layout, model.center.weight.grad.is_sparse)
