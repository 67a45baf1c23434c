import torch

a = torch.ones(2, 3, requires_grad=True)
b = torch.ones(2, 3)
print("shapes", tuple(a.shape), tuple(b.shape))
c = a @ b
