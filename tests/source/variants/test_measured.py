"""What the variants do when PyTorch runs them: bytes saved for backward, nodes, gradients."""

from __future__ import annotations

import contextlib
import io

import pytest
import torch

from components.capture import capture_program
from components.source.variants import Switch, variants
from components.trace import Program, Trace
from tests.program_texts import PROGRAMS


def run(source: str) -> Trace:
    return capture_program(Program(source=source))


def variant(source: str, switch: Switch, line: int) -> Trace:
    """Run the first variant of a switch in a line."""
    return run(next(one.source for one in variants(source) if (one.switch, one.line) == (switch, line)))


def saved(trace: Trace) -> int:
    """The bytes that the graph's nodes keep for backward."""
    return sum(node.saved_bytes for node in trace.nodes)


def functions(trace: Trace) -> list[str]:
    return sorted(node.name for node in trace.nodes if "AccumulateGrad" not in node.name)


FORWARD = "import torch\nx = torch.ones(100, requires_grad=True)\ny = x.exp().sin()\nprint(y[0].item())\n"


def test_no_grad_records_nothing() -> None:
    original = run(FORWARD)
    # exp saves its result and sin its input, which is the same tensor; each node counts it: 2 * 100 * 4 bytes.
    assert saved(original) == 800
    changed = variant(FORWARD, "no_grad", 3)
    assert (saved(changed), functions(changed), changed.stdout) == (0, [], original.stdout)


def test_enable_grad_records_again() -> None:
    source = FORWARD.replace("y = x.exp().sin()", "with torch.no_grad():\n    y = x.exp().sin()")
    assert saved(run(source)) == 0
    assert saved(variant(source, "no_grad", 3)) == 800


def test_detach_cuts_the_graph() -> None:
    source = (
        "import torch\nw = torch.ones(10, requires_grad=True)\ntotal = torch.zeros(())\n"
        "for i in range(3):\n    loss = (w * i).sum()\n    total += loss\n"
    )
    # Each turn adds a product, a sum, and its addition to the total.
    assert functions(run(source)) == sorted(["MulBackward0", "SumBackward0", "AddBackward0"] * 3)
    assert "AddBackward0" not in functions(variant(source, "detach", 6))


def test_a_checkpoint_saves_the_input_alone() -> None:
    source = (
        "import torch\ndef block(a):\n    return a.exp().exp().exp()\n"
        "x = torch.zeros(100, requires_grad=True)\ny = block(x)\ny.sum().backward()\nprint(x.grad[0].item())\n"
    )
    original, changed = run(source), variant(source, "checkpoint", 5)
    # Three exponentials save a result of 100 * 4 bytes each.
    assert saved(original) == 1200
    assert saved(changed) < saved(original)
    assert changed.stdout == original.stdout


def test_retain_graph_makes_a_second_backward_possible() -> None:
    source = PROGRAMS["70_fails_second_backward"]
    assert run(source).failure is not None
    assert variant(source, "retain_graph", 5).failure is None


def test_without_create_graph_a_gradient_cannot_be_differentiated() -> None:
    source = "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x**3).sum()\n"
    source += "(g,) = torch.autograd.grad(y, x, create_graph=True)\ng.sum().backward()\n"
    assert run(source).failure is None
    failure = variant(source, "create_graph", 4).failure
    assert failure is not None
    assert "does not require grad" in failure.message


def test_in_place_overwrites_what_backward_needs() -> None:
    source = "import torch\nw = torch.ones(2, requires_grad=True)\nx = w.exp()\nx = x * 2\nx.sum().backward()\n"
    assert run(source).failure is None
    failure = variant(source, "in_place", 4).failure
    assert failure is not None
    assert "modified by an inplace operation" in failure.message


def test_set_to_none_decides_what_zero_grad_leaves() -> None:
    source = (
        "import torch\nw = torch.ones(2, requires_grad=True)\no = torch.optim.SGD([w], lr=0.1)\n"
        "w.sum().backward()\no.zero_grad()\nprint(w.grad)\n"
    )
    assert run(source).stdout == "None\n"
    assert variant(source, "set_to_none", 5).stdout == "tensor([0., 0.])\n"


def plain(source: str) -> str:
    """Run a program in plain Python and return what it printed."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<plain>", "exec", dont_inherit=True), {"__name__": "__main__"})
    return printed.getvalue()


def _deleting(name: str) -> list[str]:
    return [one.source for one in variants(PROGRAMS[name]) if one.switch == "del"]


@pytest.mark.filterwarnings("ignore")  # those of PyTorch and of the programs are not ours
@pytest.mark.parametrize("name", [name for name in PROGRAMS if "_fails_" not in name and _deleting(name)])
def test_del_changes_nothing_that_a_program_prints(name: str) -> None:
    expected = plain(PROGRAMS[name])
    assert [plain(source) for source in _deleting(name)] == [expected] * len(_deleting(name))
