import torch
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vjp


def f(x):
    return x**2 * x.sum()


def g(x):
    return (x**3).sum()


x = torch.tensor([1.0, 2.0])
v = torch.tensor([1.0, -1.0])
print("jacobian\n", jacobian(f, x))
print("hessian\n", hessian(g, x))
print("vjp", vjp(f, x, v)[1])
print("jvp", jvp(f, x, v)[1])
print("hvp", hvp(g, x, v)[1])
