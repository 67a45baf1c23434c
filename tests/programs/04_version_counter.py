import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 2
print("version", y._version)
y.add_(1)
print("version after add_", y._version)
y.mul_(x)
print("version after mul_", y._version)
y.sum().backward()
print("gradient of (2x + 1) x:", x.grad)
