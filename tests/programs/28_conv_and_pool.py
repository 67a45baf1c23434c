import torch
import torch.nn.functional as F
from torch import nn

image = torch.arange(16.0).reshape(1, 1, 4, 4).requires_grad_()
conv = nn.Conv2d(1, 1, kernel_size=2, bias=False)
with torch.no_grad():
    conv.weight.copy_(torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]]))
edges = conv(image)
print("edges", edges.detach().squeeze().tolist())
pooled = F.max_pool2d(image, 2)
average = F.avg_pool2d(image, 2)
print("max", pooled.flatten().tolist(), "average", average.flatten().tolist())
(edges.sum() + pooled.sum()).backward()
print(image.grad.squeeze())
print(conv.weight.grad.flatten().tolist())
