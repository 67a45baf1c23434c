"""When gradients are said to vanish or explode, and when not; which ReLU units are dead."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.dead_units import dead_units
from components.facts.layer_health import RATIO, trends
from components.trace import Program

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\ntorch.manual_seed(0)\n"
SGD = "torch.optim.SGD(net.parameters(), lr=0.1)"
ADAM = "torch.optim.Adam(net.parameters(), lr=0.01)"


def deep(depth: int, activation: str, *, rounds: int = 1, optimizer: str = SGD, start: str = "", **more: object) -> str:
    """A program that trains a deep net on the sine of its first input."""
    width, inputs = more.get("width", 16), more.get("inputs", 32)
    loss = more.get("loss", "F.mse_loss(net(x), y)")
    return f"""{HEAD}
layers = [m for _ in range({depth}) for m in (nn.Linear({width}, {width}), nn.{activation}())]
net = nn.Sequential(*layers, nn.Linear({width}, 1))
{start}
x = torch.randn({inputs}, {width})
y = x[:, :1].sin()
optimizer = {optimizer}
for i in range({rounds}):
    optimizer.zero_grad()
    loss = {loss}
    loss.backward()
    optimizer.step()
"""


def kaiming(times: float) -> str:
    return (
        f"for m in net:\n    if isinstance(m, nn.Linear):\n        nn.init.kaiming_normal_(m.weight).data.mul_({times})"
    )


RNN = (
    HEAD
    + """
cell = nn.RNNCell(4, 16, nonlinearity="{kind}")
cell.weight_hh.data.normal_(0, {deviation})
x = torch.randn(30, 2, 4)
h = torch.zeros(2, 16)
for t in range(30):
    h = cell(x[t], h)
loss = h.pow(2).mean()
loss.backward()
"""
)
TRAINS_WELL = {
    "a small net": deep(2, "ReLU", rounds=60),
    "Adam, when the loss has become small": deep(3, "ReLU", rounds=150, optimizer=ADAM),
    "a mean over a large batch": deep(4, "ReLU", width=4, inputs=8192),
    "a loss in tiny units": deep(4, "ReLU", loss="1e-9 * net(x).mean()"),
    "a loss in huge units": deep(4, "ReLU", loss="1e9 * net(x).sum()"),
    "a deep net with Kaiming's start": deep(20, "ReLU", start=kaiming(1.0), rounds=20),
    "a deep net with tanh": deep(10, "Tanh", rounds=10),
    "a deep net that Adam moves": deep(10, "Sigmoid", rounds=30, optimizer=ADAM),
    "a last layer that begins near zero": deep(6, "ReLU", start="net[-1].weight.data.mul_(1e-6)"),
    "a recurrent net over 30 steps": RNN.format(kind="tanh", deviation=0.2),
    "a residual net": HEAD
    + """
blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(20)])
h = torch.randn(16, 8)
for block in blocks:
    h = h + torch.tanh(block(h)) * 0.2
h.pow(2).mean().backward()
""",
    "a transformer": HEAD
    + """
net = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True), 4)
net(torch.randn(2, 5, 16)).pow(2).mean().backward()
""",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TRAINS_WELL)
def test_nothing_is_said_of_a_program_that_trains_well(name: str) -> None:
    trace = capture_program(Program(source=TRAINS_WELL[name]))
    assert trace.failure is None
    assert trends(TraceIndex(trace)) == ()


ILL = {
    "eight sigmoids": (deep(8, "Sigmoid"), "vanishing", "net.0.weight"),
    "ten sigmoids that SGD does not move": (deep(10, "Sigmoid", rounds=20), "vanishing", "net.0.weight"),
    "PyTorch's start, twenty ReLUs deep": (deep(20, "ReLU"), "vanishing", "net.0.weight"),
    "four times Kaiming's start": (deep(12, "ReLU", start=kaiming(4.0)), "exploding", "net.0.weight"),
    "a recurrent net": (RNN.format(kind="relu", deviation=1.0), "exploding", "cell.weight_hh"),
}


@pytest.mark.parametrize("name", ILL)
def test_gradients_that_vanish_or_explode_are_found_with_the_layer(name: str) -> None:
    source, illness, leaf = ILL[name]
    index = TraceIndex(capture_program(Program(source=source)))
    (trend,) = trends(index)
    assert trend.illness == illness
    assert f"at {leaf} is" in trend.text or f"the first use of {leaf} is" in trend.text
    assert leaf in {index.tensors[origin].name for origin in trend.leaves}


def test_the_ratio_is_that_of_plain_pytorch() -> None:
    """The gradients at the products, in a run of its own with retain_grad()."""
    torch.manual_seed(0)
    linears = [torch.nn.Linear(16, 16) for _ in range(8)] + [torch.nn.Linear(16, 1)]
    h = x = torch.randn(32, 16)
    products = []
    for place, linear in enumerate(linears):
        products.append(linear(h))
        products[-1].retain_grad()
        h = torch.sigmoid(products[-1]) if place < 8 else products[-1]
    torch.autograd.backward(torch.nn.functional.mse_loss(h, x[:, :1].sin()))
    sizes = [float(one.grad.pow(2).mean().sqrt()) for one in products if one.grad is not None]
    (trend,) = trends(TraceIndex(capture_program(Program(source=deep(8, "Sigmoid")))))
    assert sizes[-1] / sizes[0] > RATIO
    assert f"(root mean square {sizes[0]:.2g} against {sizes[-1]:.2g})" in trend.text
    # From the ninth product back to the first the gradient goes through eight: their factors make up the whole ratio.
    factor = (sizes[0] / sizes[-1]) ** (1 / 8)
    assert f"each of the 8 products on the way passes on about {factor:.2g} of it" in trend.text


def test_what_grows_is_multiplied_by_as_many_factors_as_are_counted() -> None:
    """A matrix that is 7 times the identity: each of five products makes the gradient 7 times as large."""
    source = (
        "import torch\nW = (7 * torch.eye(2)).requires_grad_()\nh = torch.ones(2)\nfor i in range(6):\n    h = W @ h"
    )
    (trend,) = trends(TraceIndex(capture_program(Program(source=f"{source}\nh.sum().backward()"))))
    assert RATIO < 7**5
    assert "is 16,807 times larger than at its last" in trend.text
    assert trend.text.endswith("each of the 5 products on the way multiplies it by about 7.")


# --- dead units

UNITS = (
    HEAD
    + """
net = nn.Sequential(nn.Linear(4, {units}), nn.ReLU(), nn.Linear({units}, 1))
net[0].bias.data[:] = 50.0; net[0].bias.data[{dead}] = -50.0
for i in range({rounds}):
    loss = net(torch.randn({inputs}, 4)).pow(2).mean()
    loss.backward()
"""
)


@pytest.mark.parametrize(
    ("units", "dead", "inputs", "rounds", "text"),
    [
        # 8 * 4 numbers are recorded: the results say it.
        (4, "[1, 3]", 8, 1, "relu on line 9 (net.1): 2 of 4 units are 0 for all 8 inputs: 1, 3."),
        (4, "[0]", 4, 3, "relu on line 9 (net.1): 1 of 4 units is 0 for all 12 inputs in 3 passes: 0."),
        (3, ":", 2, 1, "relu on line 9 (net.1): all 3 units are 0 for all 2 inputs."),
        # 64 * 16 numbers are not: the gradients of the bias do.
        (16, "2:5", 64, 2, "relu on line 9 (net.1): 3 of 16 units are never given a gradient in 2 passes: 2, 3, 4."),
        # Of four inputs a unit may well be zero for all.
        (4, "[1, 3]", 4, 1, ""),
    ],
)
def test_units_that_are_zero_for_all_inputs_are_listed_by_layer(
    units: int, dead: str, inputs: int, rounds: int, text: str
) -> None:
    source = UNITS.format(units=units, dead=dead, inputs=inputs, rounds=rounds)
    found = dead_units(TraceIndex(capture_program(Program(source=source))))
    assert [one.text for one in found] == ([text] if text else [])


def test_dead_units_are_those_of_plain_pytorch() -> None:
    """A wide layer whose biases are low: the units that are zero for all 200 inputs, counted with torch."""
    body = "net = nn.Linear(3, 40)\nnet.bias.data -= 1.5\nx = torch.randn(200, 3)\nh = torch.relu(net(x))\n"
    index = TraceIndex(capture_program(Program(source=f"{HEAD}{body}h.sum().backward()\n")))
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 40)
    net.bias.data -= 1.5
    zero = (torch.relu(net(torch.randn(200, 3))) == 0).all(0)
    (found,) = dead_units(index)
    assert found.units == tuple(np.flatnonzero(zero.numpy()).tolist())
    assert 0 < len(found.units) < 40
