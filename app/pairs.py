"""Pairs for the Compare page: one program, and the same with one thing done differently."""

from __future__ import annotations

_METRIC = """\
import torch

torch.manual_seed(0)
inputs, targets = torch.randn(64, 4), torch.randn(64)
w = torch.zeros(4, requires_grad=True)

loss = ((inputs @ w - targets) ** 2).mean()
{metric}
loss.backward()
print(f"off by {{error.item():.4f}}")
"""

_TWICE = """\
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp().sum()

y.backward({first})
y.backward()
print(x.grad)
"""

_HELD = """\
import torch

torch.manual_seed(0)
x = torch.randn(256, requires_grad=True)
h = torch.tanh(x)
y = (h * torch.sigmoid(x)).sum()

y.backward({how})
"""

_STATE = """\
import torch

torch.manual_seed(0)
w = torch.tensor(0.9, requires_grad=True)
state = torch.ones(16)

for step in range(3):
    state = torch.tanh(w * state)
    loss = (state ** 2).mean()
    loss.backward({how})
{after}
print(w.grad)
"""

_DEEP = """\
import torch
from torch.utils.checkpoint import checkpoint

torch.manual_seed(0)
hidden = torch.randn(256, 32)
blocks = [torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Tanh()) for _ in range(6)]

for block in blocks:
    hidden = {hidden}
loss = hidden.pow(2).mean()
loss.backward()
"""

_SECOND = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3

(slope,) = torch.autograd.grad(y, x{how})
print("slope", slope.item())
"""

_LOSS = """\
import torch

torch.manual_seed(0)
scores = torch.randn(32, 10, requires_grad=True)
labels = torch.arange(32) % 10

{log}
loss = torch.nn.functional.nll_loss(logs, labels)
loss.backward()
"""

_ZERO = """\
import torch

torch.manual_seed(0)
layer = torch.nn.Linear(64, 64)
inputs = torch.randn(16, 64)

layer(inputs).pow(2).mean().backward()
layer.zero_grad(set_to_none={how})
output = layer(inputs).sum()
"""

_SHORT = """\
import torch

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randn(64, 1)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(3):
{forward}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
"""

_FORWARD = """\
    scores = model(inputs)
    loss = torch.nn.functional.mse_loss(scores, targets)"""
_AUTOCAST = """\
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(inputs)
        loss = torch.nn.functional.mse_loss(scores, targets)"""
_AFTER = "    state = state.detach()\n"
_CUT = "checkpoint(block, hidden, use_reentrant=False)"

# The left and the right program of each, by what is different on the right.
PAIRS: dict[str, tuple[str, str]] = {
    "no_grad: a metric needs no graph": (
        _METRIC.format(metric="error = (inputs @ w - targets).abs().mean()"),
        _METRIC.format(metric="with torch.no_grad():\n    error = (inputs @ w - targets).abs().mean()"),
    ),
    "retain_graph: a second backward()": (_TWICE.format(first=""), _TWICE.format(first="retain_graph=True")),
    "retain_graph: what it keeps in memory": (_HELD.format(how=""), _HELD.format(how="retain_graph=True")),
    "detach: a state that is carried on": (
        _STATE.format(how="retain_graph=True", after=""),
        _STATE.format(how="", after=_AFTER),
    ),
    "checkpoint: compute again, keep less": (_DEEP.format(hidden="block(hidden)"), _DEEP.format(hidden=_CUT)),
    "create_graph: a gradient with a graph": (_SECOND.format(how=""), _SECOND.format(how=", create_graph=True")),
    "log_softmax: one operation for two": (
        _LOSS.format(log="logs = torch.softmax(scores, dim=1).log()"),
        _LOSS.format(log="logs = torch.log_softmax(scores, dim=1)"),
    ),
    "autocast: the same in bfloat16": (_SHORT.format(forward=_FORWARD), _SHORT.format(forward=_AUTOCAST)),
    "zero_grad: set_to_none or zeros": (_ZERO.format(how="False"), _ZERO.format(how="True")),
}
FIRST_PAIR = next(iter(PAIRS))
