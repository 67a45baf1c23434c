import torch

base = torch.arange(6.0)
grid = base.view(2, 3)
row = grid[1]
row[0] = 100.0
print(base)
x = torch.ones(4, requires_grad=True)
y = x.clone()
y[1:3] *= 5
y.view(2, 2)[0, 0] = 0.0
y.sum().backward()
print(x.grad)
