import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
for parameter in model[0].parameters():
    parameter.requires_grad_(False)
before = model[0].weight.clone()
optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.1)
model(torch.ones(1, 2)).sum().backward()
optimizer.step()
for name, parameter in model.named_parameters():
    print(f"{name}: trained={parameter.requires_grad} has gradient={parameter.grad is not None}")
print("unchanged:", torch.allclose(before, model[0].weight))
