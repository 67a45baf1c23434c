import copy

import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
big = copy.deepcopy(model)
x, y = torch.randn(16, 4), torch.randn(16, 1)

# big batch
nn.functional.mse_loss(big(x), y).backward()

# gradient accumulation: 4 micro batches
accumulation_steps = 4
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
for i, (inputs, labels) in enumerate(zip(x.split(4), y.split(4))):
    loss = nn.functional.mse_loss(model(inputs), labels)
    loss = loss / accumulation_steps  # Normalize our loss (if averaged)
    loss.backward()
    print(f"micro batch {i}: first-layer grad norm {model[0].weight.grad.norm().item():.3f}")

same = all(torch.allclose(a.grad, b.grad, atol=1e-6) for a, b in zip(model.parameters(), big.parameters()))
print("accumulated == big batch:", same)

total_norm = clip_grad_norm_(model.parameters(), max_norm=0.1)
new_norm = torch.norm(torch.stack([p.grad.norm() for p in model.parameters()]))
print(f"clipped from {total_norm.item():.2f} to {new_norm.item():.2f}")
clip_grad_value_(model.parameters(), 0.01)
print("max abs grad <= 0.01:", max(p.grad.abs().max().item() for p in model.parameters()) <= 0.0100001)
optimizer.step()

vec = parameters_to_vector(model.parameters())
print("flat:", vec.shape, vec.grad_fn is not None)
vector_to_parameters(torch.zeros_like(vec), model.parameters())
print("zeroed:", sum(p.abs().sum().item() for p in model.parameters()))
