import numpy as np
import torch
from torch.func import jacfwd

# Levenberg-Marquardt curve fit  y = a * exp(-b x) + c
torch.manual_seed(0)
x = torch.linspace(0, 4, 25, dtype=torch.double)
truth = torch.tensor([2.5, 1.3, 0.5], dtype=torch.double)
model = lambda p, x: p[0] * torch.exp(-p[1] * x) + p[2]
y = model(truth, x) + 0.02 * torch.randn(25, dtype=torch.double)


def residuals(p):
    return model(p, x) - y


p = torch.tensor([1.0, 0.5, 0.0], dtype=torch.double)
damping = 1e-2
cost = residuals(p).pow(2).sum()
for it in range(12):
    r = residuals(p)
    J = jacfwd(residuals)(p)
    JTJ = J.T @ J
    step = torch.linalg.solve(JTJ + damping * torch.diag(JTJ.diagonal()), -J.T @ r)
    new = residuals(p + step).pow(2).sum()
    if new < cost:
        p, cost, damping = p + step, new, damping / 3
    else:
        damping *= 4
    if it % 3 == 0:
        print(f"iter {it:2d} cost {cost.item():.5f} p {np.array2string(p.numpy(), precision=3)}")

cov = torch.linalg.inv(J.T @ J) * cost / (25 - 3)
print("sigma:", [f"{s:.3f}" for s in cov.diagonal().sqrt().tolist()])

# the same loss with plain autograd as a check: gradient should vanish
q = p.clone().requires_grad_()
residuals(q).pow(2).sum().backward()
print("gradient small:", q.grad.abs().max().item() < 1e-3)
