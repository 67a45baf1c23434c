import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
shapes = []


def remember(module, inputs, output):
    shapes.append((type(module).__name__, tuple(inputs[0].shape), tuple(output.shape)))


for layer in model:
    layer.register_forward_hook(remember)
model[0].register_full_backward_hook(lambda module, grad_in, grad_out: print("grad_out", tuple(grad_out[0].shape)))
model(torch.tensor([[1.0, 2.0]])).sum().backward()
for line in shapes:
    print(line)
