import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
total = x.cumsum(0)
total.sum().backward()
print(total.detach(), x.grad)
x.grad = None
product = x.cumprod(0)
product[-1].backward()
print(product.detach(), x.grad)
x.grad = None
x.logsumexp(0).backward()
print(torch.allclose(x.grad, x.softmax(0)))
