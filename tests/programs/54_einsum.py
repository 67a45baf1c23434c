import torch

a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
b = torch.tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
product = torch.einsum("ij,jk->ik", a, b)
trace = torch.einsum("ii->", a)
bilinear = torch.einsum("i,ij,j->", torch.tensor([1.0, 2.0]), a, torch.tensor([3.0, 4.0]))
print(product.detach(), trace.item(), bilinear.item())
(product.sum() + trace + bilinear).backward()
print(a.grad)
print(b.grad)
