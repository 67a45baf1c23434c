"""A program that touches what PyTorch loads lazily, so that no run has to."""

SOURCE = """
import torch
import torch.nn as nn
import torch.nn.functional as F

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x ** 2).sum()
y.backward(retain_graph=True)
torch.autograd.grad(y, x, create_graph=True)
torch.autograd.functional.hessian(lambda v: (v ** 2).sum(), torch.ones(2))
model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
F.cross_entropy(model(torch.ones(1, 2)), torch.tensor([0])).backward()
optimizer.step()
print(model, x, y)
"""
