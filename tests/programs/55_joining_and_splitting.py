import torch

a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0, 5.0], requires_grad=True)
joined = torch.cat([a, b])
left, right = joined.split([3, 2])
stacked = torch.stack([left[:2], right])
print(stacked.detach())
(stacked[0].sum() * 2 + stacked[1].prod()).backward()
print(a.grad, b.grad)
print([tuple(part.shape) for part in joined.chunk(2)], [t.item() for t in a.unbind()])
