import torch

x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
index = torch.tensor([[2], [0]])
picked = x.gather(1, index)
print(picked.detach().tolist())
(picked * 10).sum().backward()
print(x.grad)
x.grad = None
columns = x.index_select(1, torch.tensor([0, 0, 2]))
columns.sum().backward()
print(x.grad)
source = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
bins = torch.zeros(2).scatter_add(0, torch.tensor([0, 1, 0]), source)
print(bins.detach())
bins[0].backward()
print(source.grad)
