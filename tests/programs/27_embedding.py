import torch
import torch.nn.functional as F

table = torch.nn.Embedding(4, 2, padding_idx=0)
with torch.no_grad():
    table.weight.copy_(torch.arange(8.0).reshape(4, 2))
words = torch.tensor([[1, 2, 1, 0]])
vectors = table(words)
print(vectors.detach())
vectors.sum().backward()
print("rows that were looked up collect gradients:\n", table.weight.grad)
print(F.one_hot(words, 4)[0].tolist())
