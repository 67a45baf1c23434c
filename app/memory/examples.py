"""Programs to begin with on the Memory page: each has one thing to find in its timeline."""

from __future__ import annotations

EXAMPLES = {
    "Six activations": """\
import torch

torch.manual_seed(0)
x = torch.randn(256, 256, requires_grad=True)

h = x
for layer in range(6):
    h = torch.sigmoid(h)

loss = h.mean()
loss.backward()
""",
    "A training loop with Adam": """\
import torch

torch.manual_seed(0)
inputs, targets = torch.randn(64, 128), torch.randn(64, 1)
model = torch.nn.Sequential(torch.nn.Linear(128, 256), torch.nn.ReLU(), torch.nn.Linear(256, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for step in range(4):
    optimizer.zero_grad()
    loss = ((model(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
print(loss.item())
""",
    "A leak: total += loss": """\
import torch

torch.manual_seed(0)
weight = torch.randn(100, 100, requires_grad=True)

total = 0
for step in range(8):
    batch = torch.randn(50, 100)
    loss = torch.tanh(batch @ weight).pow(2).mean()
    total += loss
print(float(total) / 8)
""",
    "With no_grad, without": """\
import torch

torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(64, 128), torch.nn.Tanh(), torch.nn.Linear(128, 128), torch.nn.Tanh(), torch.nn.Linear(128, 1)
)
batch = torch.randn(256, 64)

scores = model(batch)
del scores

with torch.no_grad():
    scores = model(batch)
""",
    "Checkpointing": """\
import torch
from torch.utils.checkpoint import checkpoint

torch.manual_seed(0)
x = torch.randn(64, 256, requires_grad=True)


def block(h):
    for _ in range(4):
        h = torch.tanh(h * 1.1)
    return h


y = block(block(block(x)))
y.sum().backward()
del y

x.grad = None
h = x
for _ in range(3):
    h = checkpoint(block, h, use_reentrant=False)
h.sum().backward()
""",
    "retain_graph=True": """\
import torch

torch.manual_seed(0)
x = torch.randn(200, 200, requires_grad=True)

y = torch.tanh(x.exp()).pow(3).sum()
y.backward(retain_graph=True)
first = x.grad.clone()
x.grad = None
y.backward()
""",
    "A small CNN": """\
import torch

torch.manual_seed(0)
images, labels = torch.randn(8, 3, 32, 32), torch.randint(0, 10, (8,))
model = torch.nn.Sequential(
    torch.nn.Conv2d(3, 16, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.MaxPool2d(2),
    torch.nn.Conv2d(16, 32, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.Flatten(),
    torch.nn.Linear(32 * 16 * 16, 10),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for step in range(2):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
""",
    "A transformer layer": """\
import torch

torch.manual_seed(0)
layer = torch.nn.TransformerEncoderLayer(d_model=64, nhead=4, dim_feedforward=128, dropout=0.0, batch_first=True)
tokens = torch.randn(4, 32, 64)

out = layer(tokens)
loss = out.pow(2).mean()
loss.backward()
""",
}
