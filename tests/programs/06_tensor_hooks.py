import torch

seen = []
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
y = x * x
handle = y.register_hook(lambda grad: seen.append(grad.tolist()))
y.register_hook(lambda grad: grad.clamp(max=0.5))
y.sum().backward()
print("seen by the hook", seen)
print("x.grad with the clamped gradient", x.grad)
handle.remove()
x.grad = None
(x * x).sum().backward()
print("x.grad without hooks", x.grad)
