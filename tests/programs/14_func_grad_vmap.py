import torch
from torch.func import grad, vmap


def f(x):
    return torch.sin(x) * x


points = torch.tensor([0.5, 1.0, 1.5])
first = vmap(grad(f))(points)
second = vmap(grad(grad(f)))(points)
print(first)
print(second)
print(torch.allclose(first, points.cos() * points + points.sin()))
