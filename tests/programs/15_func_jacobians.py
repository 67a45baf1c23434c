import torch
from torch.func import hessian, jacfwd, jacrev, jvp, vjp


def f(x):
    return torch.stack([x[0] ** 2, x[0] * x[1], x[1].exp()])


x = torch.tensor([2.0, 0.5])
print(jacrev(f)(x))
print(torch.allclose(jacrev(f)(x), jacfwd(f)(x)))
print(hessian(lambda p: (p**3).sum() + p[0] * p[1])(x))
value, pull = vjp(f, x)
print(value, pull(torch.ones(3))[0])
print(jvp(f, (x,), (torch.tensor([1.0, 0.0]),))[1])
