import torch


def f(p):
    return (p[0] - 1) ** 2 + p[0] * p[1] + p[1] ** 4 + p[1] ** 2


p = torch.tensor([2.0, 1.0], dtype=torch.float64)
for step in range(2):
    gradient = torch.func.grad(f)(p)
    hessian = torch.func.hessian(f)(p)
    p = p - torch.linalg.solve(hessian, gradient)
    print(step, [f"{v:.4f}" for v in p.tolist()])
print(f"f = {f(p).item():.4f}")
