import torch

x = torch.tensor(2.0, requires_grad=True)
y = x**2
y.retain_grad()
z = 3 * y
z.backward()
print("retains", y.retains_grad, z.retains_grad)
print("dz/dy", y.grad)
print("dz/dx", x.grad)
