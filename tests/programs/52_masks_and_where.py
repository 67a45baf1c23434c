import torch

x = torch.tensor([-2.0, -0.5, 0.5, 2.0], requires_grad=True)
y = torch.where(x > 0, x**2, -x)
y.sum().backward()
print(y.detach(), x.grad)
x.grad = None
z = x.masked_fill(x.abs() > 1, 0.0)
z.sum().backward()
print(z.detach(), x.grad)
x.grad = None
x[x > 0].prod().backward()
print(x.grad)
x.grad = None
x.clamp(-1, 1).sum().backward()
print(x.grad)
