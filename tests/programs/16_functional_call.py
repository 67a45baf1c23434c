import torch
from torch import nn
from torch.func import functional_call, grad

torch.manual_seed(0)
layer = nn.Linear(2, 1)
weights = {name: torch.ones_like(p) for name, p in layer.named_parameters()}
x = torch.tensor([[1.0, 2.0]])


def loss(parameters):
    return (functional_call(layer, parameters, (x,)) - 1).pow(2).sum()


gradients = grad(loss)(weights)
for name in sorted(gradients):
    print(name, gradients[name].tolist())
print("the layer itself has no gradient:", layer.weight.grad)
