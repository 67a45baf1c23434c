"""Functions to begin with on the Derivatives page: one for each thing that it shows."""

from __future__ import annotations

EXAMPLES = {
    "sin(x) · x²": """\
import torch

def f(x):
    return torch.sin(x) * x ** 2

x = torch.tensor(1.5)
""",
    "Rosenbrock, two numbers": """\
import torch

def f(x, y):
    return (1 - x) ** 2 + 5 * (y - x ** 2) ** 2

x = torch.tensor(-1.0)
y = torch.tensor(1.0)
""",
    "Softmax of a vector": """\
import torch

def f(x):
    return torch.softmax(x, dim=0)

x = torch.tensor([1.0, 2.0, 0.5, -1.0])
""",
    "Quadratic form with a saddle": """\
import torch

A = torch.tensor([[2.0, 1.0], [1.0, -3.0]])

def f(x):
    return x @ A @ x

x = torch.tensor([1.0, 1.0])
""",
    "Loss of a small network": """\
import torch
from torch.func import functional_call

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
inputs, targets = torch.randn(8, 2), torch.randn(8, 1)

def f(weight, bias):
    parameters = dict(model.named_parameters()) | {"0.weight": weight, "0.bias": bias}
    return ((functional_call(model, parameters, (inputs,)) - targets) ** 2).mean()

weight = model[0].weight.detach()
bias = model[0].bias.detach()
""",
    "A wrong hand-written backward": """\
import torch

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * 3 * x  # should be 3 * x ** 2

def f(x):
    return Cube.apply(x).sum()

x = torch.tensor([1.0, 2.0, -0.5])
""",
}
FIRST = next(iter(EXAMPLES.values()))
