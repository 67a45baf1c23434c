import torch
from torch import nn

x = torch.tensor([[1.0, 2.0, 6.0], [3.0, 5.0, 4.0]], requires_grad=True)
layer_norm = nn.LayerNorm(3)
batch_norm = nn.BatchNorm1d(3)
a = layer_norm(x)
b = batch_norm(x)
print("row means", [abs(round(v, 3)) for v in a.mean(dim=1).tolist()])
print("column means", [abs(round(v, 3)) for v in b.mean(dim=0).tolist()])
print("running mean", batch_norm.running_mean)
(a * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print([[f"{v:.3f}" for v in row] for row in x.grad.tolist()])
batch_norm.eval()
print("eval uses the running mean:", [f"{v:.2f}" for v in batch_norm(x)[0].tolist()])
