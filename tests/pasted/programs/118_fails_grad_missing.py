import torch

a = torch.tensor([1.0, 2.0])
b = a.mean()
print("b =", b)
b.backward()
