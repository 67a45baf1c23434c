import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(d_model=4, nhead=1, dim_feedforward=4, dropout=0.0, batch_first=True)
x = torch.linspace(-1, 1, 8).reshape(1, 2, 4).requires_grad_()
y = layer(x)
print(tuple(y.shape), y.requires_grad)
(y * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
print(tuple(x.grad.shape))
for name, p in list(layer.named_parameters())[:4]:
    print(name, tuple(p.grad.shape))
