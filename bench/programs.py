"""The programs that are measured."""

from __future__ import annotations

PRINT = "print(1)\n"

LESSON = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward(retain_graph=True)
print(x.grad)
y.backward()
print(x.grad)
"""

PLOT = """\
import matplotlib.pyplot as plt
import torch

x = torch.linspace(0, 6, 50, requires_grad=True)
x.sin().sum().backward()
plt.plot(x.detach(), x.grad)
plt.show()
"""

# One training step of a model whose graph has about 1,300 nodes.
TRANSFORMER = """\
import torch
from torch import nn

model = nn.Transformer(d_model=64, nhead=4, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=128)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
source = torch.randn(10, 2, 64)
target = torch.randn(8, 2, 64)
loss = (model(source, target) ** 2).mean()
loss.backward()
optimizer.step()
"""


def chain(nodes: int, backward: bool = True) -> str:
    """Return a program whose graph is one chain of about ``nodes`` nodes."""
    return (
        "import torch\n\nx = torch.tensor(0.5, requires_grad=True)\ny = x\n"
        f"for _ in range({nodes // 2}):\n    y = torch.sin(y) + 0.1\n" + ("y.backward()\n" if backward else "")
    )


_LSTM = """\
import torch
from torch import nn

layer = nn.LSTM(3, 4)
x = torch.randn(50, 2, 3)
result, state = layer(x)
y = result.sum()
y.backward()
"""
_LSTM_CELL = """\
import torch
from torch import nn

cell = nn.LSTMCell(3, 4)
x = torch.randn(50, 2, 3)
h = c = torch.zeros(2, 4)
for t in range(50):
    h, c = cell(x[t], (h, c))
h.sum().backward()
"""
TRAINING = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, wanted = torch.randn(16, 4), torch.randn(16, 1)
for _ in range(200):
    optimizer.zero_grad()
    loss = ((model(x) - wanted) ** 2).mean()
    loss.backward()
    optimizer.step()
y = loss
"""
ADAM = """\
import numpy
import torch
from torch import nn

points = numpy.random.default_rng(0).uniform(-3, 3, (64, 1)).astype(numpy.float32)
x, wanted = torch.from_numpy(points), torch.from_numpy(numpy.sin(points))
model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(300):
    optimizer.zero_grad()
    loss = ((model(x) - wanted) ** 2).mean()
    loss.backward()
    optimizer.step()
"""
# Far more lines and engine runs than are recorded.
LONG_LOOP = """\
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
x = torch.tensor([0.5, -1.0])
for _ in range(30_000):
    loss = ((w * x).sum() - 1.0) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.001 * w.grad
        w.grad.zero_()
"""
_DOUBLE = """\
import torch

x = torch.randn(8, requires_grad=True)
y = (x.sin() * x.exp()).sum()
(first,) = torch.autograd.grad(y, x, create_graph=True)
y = (first ** 2).sum()
y.backward()
"""
_CROSS_LINKED = """\
import torch

a = [torch.tensor(0.1 * i, requires_grad=True) for i in range(5)]
for i in range(2500):
    a.append(torch.sin(a[(i * 7) % len(a)] + a[-1]))
y = a[-1]
y.backward()
"""
_SHARED_LEAF = """\
import torch

x = torch.tensor(0.9, requires_grad=True)
y = x
for _ in range(1000):
    y = torch.tanh(y) * x
y.backward()
"""

# What the player must open: the last result of each is `y` (`loss` of the Transformer, `h` of the LSTM cell).
FOR_THE_PLAYER = {
    "nn.Transformer 6+6": TRANSFORMER,
    "nn.LSTM, 50 steps": _LSTM,  # on the CPU one node of oneDNN's
    "nn.LSTMCell, 50 steps": _LSTM_CELL,
    "training loop of 200 steps": TRAINING,
    "double backward": _DOUBLE,
    "chain of 100,000": chain(100_000),
    "cross-linked DAG of 5,000": _CROSS_LINKED,
    "shared leaf, 1,000 uses": _SHARED_LEAF,
}
