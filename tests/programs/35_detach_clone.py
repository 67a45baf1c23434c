import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
shared = x.detach()
copied = x.clone()
print(shared.requires_grad, copied.requires_grad, shared.is_leaf, copied.is_leaf)
y = (x * x.detach()).sum()
y.backward()
print("one factor counts as a constant:", x.grad)
stop = (copied.detach() ** 2).sum()
print(stop.requires_grad)
