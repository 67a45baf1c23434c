"""The trace's drawings are torchviz's own, ids aside."""

from __future__ import annotations

import re

import pytest
from msgspec import UNSET

from components.answers import ProgramAnswerer
from components.source import SourceLimits
from components.trace import Caps, Draw, Drawing, Program, decode_trace, encode_trace
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


def drawn(source: str, *, attrs: bool = False, saved: bool = False) -> Drawing:
    """Return the first drawing, as a run draws it that is asked to."""
    answerer = ProgramAnswerer()
    program = Program(source=source, question=Draw(number=0, show_attrs=attrs, show_saved=saved))
    answer = answerer.answer(program, Caps(), lambda text: None, SourceLimits(), lambda text: None)
    assert (answer.failure, answer.nodes, answer.steps) == (None, [], [])
    (drawing,) = answer.torchviz
    return drawing


@pytest.mark.parametrize(("attrs", "saved"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_drawing_equals_make_dots_in_a_plain_process(capture: Capture, name: str, attrs: bool, saved: bool) -> None:
    source = "import torch\n" + PROGRAMS[name]
    known = next(drawing for drawing in capture(source).torchviz if drawing.of == "y")
    assert (known.dot is UNSET) == (name == "deep")
    plain = plain_python(DRAW.format(source=source, attrs=attrs, saved=saved))
    drawing = drawn(source, attrs=attrs, saved=saved)
    assert (drawing.of, drawing.nodes, drawing.show_attrs, drawing.show_saved) == ("y", known.nodes, attrs, saved)
    assert isinstance(drawing.dot, str)
    assert renamed(drawing.dot) == renamed(plain.stdout)
    if known.dot is not UNSET and not (attrs or saved):
        assert drawing == known, "the boxes have the names of the nodes of the run before"


def test_boxes_of_functions_are_named_after_the_traces_nodes(capture: Capture) -> None:
    trace = capture("import torch\nx = torch.ones(2, requires_grad=True)\ny = x.exp().sum()\n")
    dot = str(trace.torchviz[0].dot)
    for node in trace.nodes:
        assert re.search(rf"^\t{node.id} \[label={node.name}", dot, re.MULTILINE), dot


def test_it_is_drawn_before_the_release(capture: Capture) -> None:
    source = "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x ** 2).sum()\ny.backward()\n"
    assert "fillcolor=orange" in str(drawn(source, saved=True).dot)


def test_what_the_program_packed_is_not_read(capture: Capture) -> None:
    source = """
import torch
def unpack(packed):
    raise RuntimeError("it was read")
x = torch.ones(2, requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(lambda tensor: 1, unpack):
    y = (x ** 2).sum()
"""
    drawing = drawn(source, saved=True)
    assert (drawing.show_saved, "PowBackward0" in str(drawing.dot)) == (False, True)


def test_a_graph_too_large_to_draw_says_so(capture: Capture) -> None:
    source = "import torch\nx = torch.ones(1, requires_grad=True)\ny = x\nfor i in range(30):\n    y = y + 1\n"
    (drawing,) = capture(source, caps=Caps(drawing_nodes=10)).torchviz
    assert (drawing.nodes, drawing.dot) == (31, None)


def test_what_is_drawn_at_once_has_few_nodes_in_all(capture: Capture) -> None:
    source = "import torch\nx = torch.ones(1, requires_grad=True)\n" + "".join(
        f"y{number} = x{' * 2' * 4}\n" for number in range(4)
    )
    drawings = capture(source, caps=Caps(drawing_nodes_at_once=12)).torchviz
    assert [(drawing.of, drawing.nodes, isinstance(drawing.dot, str)) for drawing in drawings] == [
        ("y0", 5, True),
        ("y1", 5, True),
        ("y2", 5, False),
        ("y3", 5, False),
    ]


def test_a_drawing_that_there_is_not_leaves_the_failure(capture: Capture) -> None:
    program = Program(source="import torch\nx = torch.ones(2)\n1 / 0\n", question=Draw(number=7))
    answer = ProgramAnswerer().answer(program, Caps(), lambda text: None, SourceLimits(), lambda text: None)
    assert answer.torchviz == []
    assert answer.failure is not None
    assert decode_trace(encode_trace(answer)) == answer
