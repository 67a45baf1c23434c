"""Implicit differentiation through a fixed point (deep equilibrium layer)."""

import torch
import torch.nn as nn
from torch import autograd

torch.manual_seed(0)


def fixed_point(f, z0, tol=1e-6, max_iter=100):
    z = z0
    for k in range(max_iter):
        z_next = f(z)
        if (z_next - z).norm() < tol:
            return z_next, k
        z = z_next
    return z, max_iter


class Layer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.W = nn.Parameter(0.3 * torch.randn(d, d) / d**0.5)
        self.U = nn.Linear(d, d)

    def forward(self, z, x):
        return torch.tanh(z @ self.W.T + self.U(x))


class DEQFixedPoint(nn.Module):
    def __init__(self, f, **kwargs):
        super().__init__()
        self.f = f
        self.kwargs = kwargs

    def forward(self, x):
        with torch.no_grad():
            z, self.forward_iters = fixed_point(lambda z: self.f(z, x), torch.zeros_like(x), **self.kwargs)
        z = self.f(z, x)
        z0 = z.clone().detach().requires_grad_()
        f0 = self.f(z0, x)

        def backward_hook(grad):
            g, self.backward_iters = fixed_point(
                lambda y: autograd.grad(f0, z0, y, retain_graph=True)[0] + grad, grad, **self.kwargs
            )
            return g

        if z.requires_grad:
            z.register_hook(backward_hook)
        return z


torch.set_default_dtype(torch.double)
layer = Layer(4)
deq = DEQFixedPoint(layer, tol=1e-10)
x = torch.randn(3, 4)
out = deq(x)
out.pow(2).sum().backward()
g_implicit = layer.W.grad.clone()

layer.zero_grad()
z = torch.zeros_like(x)
for _ in range(80):
    z = layer(z, x)
z.pow(2).sum().backward()
print("implicit == unrolled:", torch.allclose(g_implicit, layer.W.grad, atol=1e-6))


# implicit function theorem for sqrt: g(y, a) = y^2 - a = 0
class ImplicitSqrt(autograd.Function):
    @staticmethod
    def forward(ctx, a):
        y = torch.ones_like(a)
        for _ in range(30):
            y = 0.5 * (y + a / y)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g / (2 * y)


a = torch.tensor([2.0, 9.0], requires_grad=True)
y = ImplicitSqrt.apply(a)
y.sum().backward()
print(y.detach().numpy().round(4), a.grad.numpy().round(4))

opt = torch.optim.SGD(layer.parameters(), lr=0.1)
for i in range(4):
    loss = (deq(x) - 0.5).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{i}: {loss.item():.4f}")
