from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(OrderedDict([("hidden", nn.Linear(3, 2)), ("act", nn.GELU()), ("out", nn.Linear(2, 1))]))
print(model)
print(len(model), list(model.state_dict().keys()))
out = model(torch.ones(2, 3))
out.mean().backward()
for name, parameter in model.named_parameters():
    print(f"{name:14} {str(tuple(parameter.shape)):8} |grad| = {parameter.grad.norm().item():.3f}")
