"""The trace's drawings are torchviz's own, ids aside."""

from __future__ import annotations

import re

import pytest

from components.trace import Caps
from tests.capture.conftest import Capture
from tests.plain import plain_python

PROGRAMS = {
    "power": "x = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\n",
    "shared": """
x = torch.ones(2, requires_grad=True)
w = torch.ones(2, requires_grad=True)
y = ((x * w).tanh() * x).sum()
""",
    "view": "x = torch.ones(4, requires_grad=True)\ny = (x * 2).view(2, 2)\n",
    "custom": """
class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(ctx, grad):
        return grad * 2
x = torch.ones(2, requires_grad=True)
y = Twice.apply(x).sum()
""",
    "index": "x = torch.arange(4.0, requires_grad=True)\ny = x[torch.tensor([0, 2])].logsumexp(0)\n",
    "deep": "x = torch.ones((), requires_grad=True)\ny = x\nfor i in range(1500):\n    y = y * 1.001\n",
}
DRAW = """
import sys, warnings
warnings.simplefilter("ignore")
import torch, torchviz
sys.setrecursionlimit(100_000)
{source}
names = {{name: value for name, value in list(globals().items()) if isinstance(value, torch.Tensor)}}
print(torchviz.make_dot(y, params=names, show_attrs={attrs}, show_saved={saved}).source)
"""
NUMBERED = re.compile(r"^\t(\w+)(?: -> (\w+))?(?= \[|$)", re.MULTILINE)


def renamed(dot: str) -> str:
    """Name the boxes in order of appearance, whatever they were called."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        ends = [names.setdefault(end, f"box{len(names)}") for end in match.groups() if end]
        return "\t" + " -> ".join(ends)

    return NUMBERED.sub(lambda match: match[0] if match[1] in ("graph", "node", "edge") else name(match), dot.strip())


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_drawing_equals_make_dots_in_a_plain_process(capture: Capture, name: str) -> None:
    source = "import torch\n" + PROGRAMS[name]
    trace = capture(source)
    drawings = [drawing for drawing in trace.torchviz if drawing.of == "y"]
    assert len(drawings) == (1 if name == "deep" else 4)
    for drawing in drawings:
        plain = plain_python(DRAW.format(source=source, attrs=drawing.show_attrs, saved=drawing.show_saved))
        assert drawing.dot is not None
        assert renamed(drawing.dot) == renamed(plain.stdout)


def test_boxes_of_functions_are_named_after_the_traces_nodes(capture: Capture) -> None:
    trace = capture("import torch\nx = torch.ones(2, requires_grad=True)\ny = x.exp().sum()\n")
    dot = trace.torchviz[0].dot or ""
    for node in trace.nodes:
        assert re.search(rf"^\t{node.id} \[label={node.name}", dot, re.MULTILINE), dot


def test_it_is_drawn_before_the_release(capture: Capture) -> None:
    trace = capture("import torch\nx = torch.ones(2, requires_grad=True)\ny = (x ** 2).sum()\ny.backward()\n")
    saved = next(drawing for drawing in trace.torchviz if drawing.show_saved and not drawing.show_attrs)
    assert "fillcolor=orange" in (saved.dot or "")


def test_a_graph_too_large_to_draw_says_so(capture: Capture) -> None:
    source = "import torch\nx = torch.ones(1, requires_grad=True)\ny = x\nfor i in range(30):\n    y = y + 1\n"
    (drawing,) = capture(source, caps=Caps(drawing_nodes=10, drawing_variants_nodes=10)).torchviz
    assert (drawing.nodes, drawing.dot) == (31, None)
