import torch

x = torch.randn(3, requires_grad=True)
y = (x**2).exp().sum()
for i in range(3):
    print("backward number", i)
    y.backward()
