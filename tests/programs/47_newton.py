import torch

x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
for step in range(5):
    y = x**3 - 2 * x - 5
    (slope,) = torch.autograd.grad(y, x)
    with torch.no_grad():
        x -= y / slope
    print(f"{step}: {x.item():.6f}")
print(abs((x**3 - 2 * x - 5).item()) < 1e-9)
