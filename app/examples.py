"""Programs to begin with, where nothing was run yet: for each page that makes none, what it has to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.links import program_link

GRADIENTS = {
    "Two backward calls": """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)

y = (x * w).pow(2).sum()
y.backward(retain_graph=True)
y.backward()
x.grad.zero_()
y = (x + w).exp().sum()
y.backward()
w.grad = None
""",
    "A training loop": """\
import torch

torch.manual_seed(0)
inputs = torch.linspace(-2, 2, 40).reshape(-1, 1)
targets = torch.sin(2 * inputs)
model = torch.nn.Sequential(torch.nn.Linear(1, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(30):
    optimizer.zero_grad()
    loss = ((model(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
print(loss.item())
""",
    "Gradients that vanish": """\
import torch

torch.manual_seed(0)
layers = []
for _ in range(8):
    layers += [torch.nn.Linear(16, 16), torch.nn.Sigmoid()]
model = torch.nn.Sequential(*layers, torch.nn.Linear(16, 1))

loss = model(torch.randn(32, 16)).pow(2).mean()
loss.backward()
""",
    "Accumulated micro-batches": """\
import torch

torch.manual_seed(0)
inputs, targets = torch.randn(12, 3), torch.randn(12)
weight = torch.zeros(3, requires_grad=True)

for batch in range(4):
    rows = slice(3 * batch, 3 * batch + 3)
    loss = ((inputs[rows] @ weight - targets[rows]) ** 2).sum() / 12
    loss.backward()
print(weight.grad)
""",
}


# Functions for the Derivatives page.
FUNCTIONS = {
    "sin(x) · x²": """\
import torch

def f(x):
    return torch.sin(x) * x ** 2

x = torch.tensor(1.5)
""",
    "Rosenbrock, two numbers": """\
import torch

def f(x, y):
    return (1 - x) ** 2 + 5 * (y - x ** 2) ** 2

x = torch.tensor(-1.0)
y = torch.tensor(1.0)
""",
    "Softmax of a vector": """\
import torch

def f(x):
    return torch.softmax(x, dim=0)

x = torch.tensor([1.0, 2.0, 0.5, -1.0])
""",
    "Quadratic form with a saddle": """\
import torch

A = torch.tensor([[2.0, 1.0], [1.0, -3.0]])

def f(x):
    return x @ A @ x

x = torch.tensor([1.0, 1.0])
""",
    "Loss of a small network": """\
import torch
from torch.func import functional_call

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
inputs, targets = torch.randn(8, 2), torch.randn(8, 1)

def f(weight, bias):
    parameters = dict(model.named_parameters()) | {"0.weight": weight, "0.bias": bias}
    return ((functional_call(model, parameters, (inputs,)) - targets) ** 2).mean()

weight = model[0].weight.detach()
bias = model[0].bias.detach()
""",
    "A wrong hand-written backward": """\
import torch

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * 3 * x  # should be 3 * x ** 2

def f(x):
    return Cube.apply(x).sum()

x = torch.tensor([1.0, 2.0, -0.5])
""",
}
FIRST_FUNCTION = next(iter(FUNCTIONS.values()))


# Each has one thing to find in its timeline.
MEMORY = {
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


# What the front page offers.
_LINE = """\
import torch

torch.manual_seed(0)
inputs = torch.linspace(0, 1, 8)
targets = 3 * inputs - 1  # the line to be found
slope = torch.tensor(0.0, requires_grad=True)
start = torch.tensor(0.0, requires_grad=True)

for step in range(3):
    loss = ((slope * inputs + start - targets) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        slope -= 0.5 * slope.grad
        start -= 0.5 * start.grad
    slope.grad = start.grad = None
    print(step, loss.item())
"""

_AGAIN = """\
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (x ** 2).sum()

for step in range(3):
    loss.backward()  # the graph was built once, before the loop
    print(step, x.grad)
"""

_IN_PLACE = """\
import torch

x = torch.tensor([0.5, 1.0], requires_grad=True)
h = torch.exp(x)  # its backward needs h as it is now
h += 1
loss = h.sum()
loss.backward()
"""

_NAN = """\
import torch

x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
# No NaN in the result: where() leaves the root of 0 out. Yet its gradient is infinite, and 0 times infinity is NaN.
y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))
y.sum().backward()
print(y)
print(x.grad)
"""


@dataclass(frozen=True)
class Example:
    """A link of the front page: the page that it opens, with which program, and what there is to see."""

    title: str
    page: str
    about: str
    icon: str
    address: Mapping[str, str] = field(default_factory=dict)


def _lesson(title: str, slug: str, about: str, icon: str = "menu_book") -> Example:
    return Example(title, "lessons", about, f":material/{icon}:", {"lesson": slug})


def _program(title: str, page: str, source: str, about: str, icon: str) -> Example:
    return Example(title, page, about, f":material/{icon}:", program_link(source))


FIRST: dict[str, tuple[Example, ...]] = {
    "New to gradients": (
        _lesson("What a gradient is", "chain_rule", "A chain of three links, and the numbers that travel along it."),
        _lesson("A first program", "computing_gradients", "One function, one number, and what backward() computes."),
        _program("Fit a line in three steps", "code", _LINE, "Follow gradients downhill, by hand.", "trending_down"),
        _lesson("Your first exercise", "partial_derivatives", "Write it, press Check.", "edit_note"),
    ),
    "Teaching": (
        _lesson("Why .grad accumulates", "retain_graph", "12, then 24: the lecture's classic."),
        _lesson("Derivatives of derivatives", "higher_order", "create_graph, and the graph that it adds."),
        _lesson("Gradients that vanish", "vanishing_exploding", "A deep network whose first layers learn nothing."),
        _lesson("A training loop", "training_loop", "zero_grad, backward, step: each with its numbers."),
    ),
    "Debugging": (
        _program("backward() a second time", "code", _AGAIN, "The graph has been freed.", "replay"),
        _program("Changed in place", "code", _IN_PLACE, "A tensor that backward() needs is not what it was.", "edit"),
        _program(
            "Memory that grows",
            "memory",
            MEMORY["A leak: total += loss"],
            "A loop that keeps its graphs.",
            "water_drop",
        ),
        _program("NaN in .grad", "code", _NAN, "Every value is fine, and the gradient is not.", "bug_report"),
    ),
}
