import torch

x = torch.tensor([3.0, 1.0, 4.0, 1.5], requires_grad=True)
values, places = x.topk(2)
print(values.detach(), places)
values.sum().backward()
print(x.grad)
x.grad = None
ordered, order = torch.sort(x, descending=True)
(ordered * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
print(order.tolist(), x.grad)
print(x.argmax().item(), x.max(dim=0).indices.item(), x.argsort().tolist())
