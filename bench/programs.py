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
