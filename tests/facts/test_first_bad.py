"""The first bad number: which operation made it, on which line, from what; held against PyTorch's own anomaly mode."""

from __future__ import annotations

import re
import warnings

import pytest
import torch

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.events import events_of
from components.facts.findings import findings
from components.facts.first_bad import FirstBad, first_bad
from components.trace import Program

HEAD = "import torch\nimport torch.nn.functional as F\n"
# Line 3 is the first of each program; what made the first bad number forward, and backward, was written down by hand.
TOLD: dict[str, tuple[str, tuple[str, ...]]] = {
    "log of 0": (
        "p = torch.tensor([0.0, 0.5], requires_grad=True)\nloss = torch.log(p).sum()\nloss.backward()",
        (
            "log(0) on line 4 made -inf in 1 of 2 elements; its input: p = [0, 0.5].",
            "LogBackward0 (line 4) made inf in 1 of 2 elements in backward() of line 5: "
            "1 came in where p = 0, and the derivative is infinite there.",
        ),
    ),
    "log of an unnamed 0": (
        "p = torch.tensor([1.0, 0.5], requires_grad=True)\ny = torch.log(p - 1).sum()",
        ("log(0) on line 4 made -inf in 1 and NaN in 1 of 2 elements; its input: p - 1 = [0, -0.5].",),
    ),
    "log(-1), and all gradients are finite": (
        "x = torch.tensor(-1.0, requires_grad=True)\ny = torch.log(x)\ny.backward()",
        ("log(-1) on line 4 made NaN; its input: x.",),
    ),
    "sqrt at 0": (
        "x = torch.tensor(0.0, requires_grad=True)\ny = torch.sqrt(x)\ny.backward()",
        (
            "SqrtBackward0 (line 4) made inf in backward() of line 5: "
            "1 came in where y = 0, and the derivative is infinite there.",
        ),
    ),
    "0/0": (
        "a = torch.tensor([0.0, 2.0], requires_grad=True)\nb = torch.tensor([0.0, 1.0])\nq = a / b",
        ("0 / 0 on line 5 made NaN in 1 of 2 elements; its inputs: a = [0, 2], b = [0, 1].",),
    ),
    "overflow of exp, then inf/inf": (
        "x = torch.tensor([1.0, 100.0], requires_grad=True)\ny = torch.exp(x)\n(y / (1 + y)).sum().backward()",
        (
            "exp(100) on line 4 made inf (the largest float32 is 3.403e+38) in 1 of 2 elements; "
            "its input: x = [1, 100].",
        ),
    ),
    # Backward makes nothing of what was saved as NaN: the first bad number is forward.
    "0/0, and all gradients are NaN or infinite": (
        "a = torch.tensor(0.0, requires_grad=True)\nb = torch.tensor(0.0, requires_grad=True)\n(a / b).backward()",
        (
            "0 / 0 on line 5 made NaN; its inputs: a, b.",
            # d(a/b)/da = 1/b and d(a/b)/db = -a/b**2, which is 0/0.
            "DivBackward0 (line 5) made inf for a and NaN for b in backward() of line 5: "
            "1 came in where b = 0, a = 0, and the derivative is infinite there.",
        ),
    ),
    "a matrix again and again, to infinity minus infinity": (
        "W = torch.tensor([[1e20, -1e20], [1e20, 1e20]], requires_grad=True)\nh = torch.ones(2)\n"
        "for i in range(4):\n    h = W @ h\nh.sum().backward()",
        # [0, 2e20], then [-2e40, 2e40], both beyond 3.4e38; a backward that saved them makes nothing new.
        (
            "mv on line 6 made inf in 1 and -inf in 1 of 2 elements (the largest float32 is 3.403e+38); "
            "its inputs: W = (2, 2) 1e+20, -1e+20, 1e+20, 1e+20, h = [0, 2e+20].",
        ),
    ),
    "beside an infinity that was saved a 0": (
        "x = torch.tensor([1e38, 0.0], requires_grad=True)\ny = x * 10\nz = torch.sqrt(y)\nz.sum().backward()",
        (
            "1e+38 * 10 on line 4 made inf (the largest float32 is 3.403e+38) in 1 of 2 elements; "
            "its inputs: x = [1e+38, 0], 10.",
            "SqrtBackward0 (line 5) made inf in 1 of 2 elements in backward() of line 6: "
            "1 came in where z = 0, and the derivative is infinite there.",
        ),
    ),
    "0 times an infinity that was saved": (
        "x = torch.tensor(100.0, requires_grad=True)\ny = torch.where(x < 1, torch.exp(x), x)\ny.backward()",
        (
            "exp(100) on line 4 made inf (the largest float32 is 3.403e+38); its input: x.",
            "ExpBackward0 (line 4) made NaN in backward() of line 5: 0 came in where torch.exp(x) = inf. "
            "The 0 comes from where() on line 4, which took another value there: "
            "where() keeps a value out of the result, not its derivative out of backward().",
        ),
    ),
    "0 times infinity behind where()": (
        "x = torch.tensor([0.0, 4.0], requires_grad=True)\n"
        "y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))\ny.sum().backward()",
        (
            "SqrtBackward0 (line 4) made NaN in 1 of 2 elements in backward() of line 5: "
            "0 came in where torch.sqrt(x) = 0, and the derivative is infinite there; 0 times infinity is NaN. "
            "The 0 comes from where() on line 4, which took another value there: "
            "where() keeps a value out of the result, not its derivative out of backward().",
        ),
    ),
    "half precision": (
        "x = torch.tensor([300.0, 2.0], dtype=torch.float16, requires_grad=True)\ny = x * x\ny.sum().backward()",
        ("300 * 300 on line 4 made inf (the largest float16 is 65504) in 1 of 2 elements; its input: x = [300, 2].",),
    ),
    "a product of matrices": (
        "a = torch.full((2, 2), 300.0, dtype=torch.float16, requires_grad=True)\n"
        "b = torch.full((2, 2), 200.0, dtype=torch.float16)\n(a @ b).sum().backward()",
        (),  # no gradient is bad, and the infinite result has no name
    ),
    "data": (
        "x = torch.tensor([1.0, float('nan')])\nw = torch.tensor(2.0, requires_grad=True)\nloss = (w * x).sum()",
        ("x has NaN in 1 of 2 elements from line 3 on.",),
    ),
    "nothing that autograd knows": (
        "x = torch.tensor([-1.0, 4.0])\ny = torch.sqrt(x)\nz = y.mean()",
        ("y has NaN in 1 of 2 elements from line 4 on; what the line had: x = [-1, 4].",),
    ),
    "a mask that leaves nothing": (
        "s = torch.zeros(2, 2, requires_grad=True)\nt = s.masked_fill(torch.ones(2, 2).bool(), float('-inf'))\n"
        "a = torch.softmax(t, -1)",
        ("softmax on line 5 made NaN in 4 of 4 elements; its input: t = (2, 2) -inf, -inf, -inf, -inf.",),
    ),
    "a hook": (
        "x = torch.tensor(2.0, requires_grad=True)\ny = x * 3\ny.register_hook(lambda g: g * float('nan'))\n"
        "z = y * 2\nz.backward()",
        (
            "NaN came to MulBackward0 in backward() of line 7; "
            "no node had sent it on: a hook on the way did, or a gradient that was given.",
        ),
    ),
    "a gradient that is given": (
        "x = torch.ones(2, requires_grad=True)\ny = x * 3\ny.backward(torch.tensor([1.0, float('inf')]))",
        ("backward() of line 5 began with inf in 1 of 2 elements.",),
    ),
    "a loss that explodes": (
        "w = torch.tensor(5.0, requires_grad=True)\nopt = torch.optim.SGD([w], lr=1.0)\nfor i in range(5):\n"
        "    opt.zero_grad()\n    loss = w ** 4\n    loss.backward()\n    opt.step()",
        (
            # w is 5, then 5 - 4 * 5**3 = -495, then -495 + 4 * 495**3, about 4.85e8, then about -4.6e26.
            "(-4.567572e+26) ** 4 on line 7 made inf (the largest float32 is 3.403e+38); its input: w.",
            "PowBackward0 (line 7) made -inf in backward() of line 8: 1 came in where w = -4.567572e+26.",
        ),
    ),
    "four digits that hide the fault": (
        "x = torch.tensor([1.0001, 0.5], requires_grad=True)\ny = torch.acos(x)",
        ("acos(1.0001) on line 4 made NaN in 1 of 2 elements; its input: x = [1.0001, 0.5].",),
    ),
    "more numbers than are recorded": (
        "x = torch.linspace(-1, 3, 1000).requires_grad_()\ny = torch.log(x)\ny.sum().backward()",
        ("log on line 4 made NaN in 250 of 1,000 elements; its input: x = (1000) from -1 to 3.",),
    ),
}
# An infinity that is meant, and does no harm, is no finding.
SILENT = {
    "a causal mask": "s = torch.randn(3, 3, requires_grad=True)\nm = torch.full((3, 3), float('-inf')).triu(1)\n"
    "torch.softmax(s + m, -1).sum().backward()",
    "masked_fill": "s = torch.randn(3, 3, requires_grad=True)\n"
    "t = s.masked_fill(torch.ones(3, 3).triu(1).bool(), float('-inf'))\ntorch.softmax(t, -1).sum().backward()",
    "the best so far": "best = torch.tensor(float('inf'))\nw = torch.tensor(1.0, requires_grad=True)\nloss = w * 2\n"
    "best = torch.minimum(best, loss.detach())\nloss.backward()",
    "a table to be filled": "table = torch.full((3,), float('nan'))\nfor i in range(3):\n    table[i] = i",
    "norm at 0": "x = torch.zeros(3, requires_grad=True)\nx.norm().backward()",
    "exp of what is small": "x = torch.tensor(-200.0, requires_grad=True)\ny = torch.exp(x)\ny.backward()",
}


def index_of(body: str) -> TraceIndex:
    return TraceIndex(capture_program(Program(source=HEAD + body)))


@pytest.mark.parametrize("name", TOLD)
def test_the_first_bad_number_is_told_with_what_went_in(name: str) -> None:
    body, words = TOLD[name]
    assert tuple(one.text for one in first_bad(index_of(body))) == words


@pytest.mark.parametrize("name", SILENT)
def test_an_infinity_that_does_no_harm_is_no_finding(name: str) -> None:
    assert first_bad(index_of(SILENT[name])) == ()


@pytest.mark.parametrize("name", TOLD)
def test_it_leads_to_the_event_at_which_it_is_seen(name: str) -> None:
    index = index_of(TOLD[name][0])
    events = events_of(index.trace)
    for one in first_bad(index):
        assert one.number is not None
        event = events[one.number - 1]
        assert event.kind == ("node" if one.run is not None else "born" if one.node in born(index) else "line")
        assert one.run is None or (event.run, event.place, event.node) == (one.run, one.place, one.node)


def test_a_bad_gradient_at_a_leaf_has_the_leafs_name() -> None:
    body = TOLD["0/0, and all gradients are NaN or infinite"][0]
    told = [one.text for one in findings(index_of(body)) if not one.first]
    assert told == ["a.grad: 1 infinite", "b.grad: 1 NaN"]


def born(index: TraceIndex) -> set[str]:
    return {node.id for node in index.trace.nodes if node.leaf is None}


def anomaly(source: str) -> str | None:
    """What PyTorch's anomaly mode names as the node that returned NaN, in a run of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.autograd.detect_anomaly(check_nan=True):
                exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})
        except RuntimeError as error:
            found = re.search(r"Function '(\w+)' returned nan values", str(error))
            return found[1] if found else None
    return None


ROOTS = ("x.sqrt()", "x.log()", "(x - x).sqrt()", "1 / x", "x ** 0.5", "x.acos()", "x.exp().exp()", "(x * 0) / (x * 0)")
WRAPS = ("{} * 0", "torch.where(x > 1, {}, x)", "({}).masked_fill(x < 1, 0.0)", "({}) * ({})", "({}).tanh()")


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("wrap", WRAPS)
def test_the_node_that_made_a_nan_in_backward_is_the_one_that_anomaly_mode_names(root: str, wrap: str) -> None:
    leaf = "x = torch.tensor([0.0, 2.0, 100.0], requires_grad=True)"
    source = f"{HEAD}{leaf}\ny = {wrap.format(root, root)}\ny.sum().backward()"
    index = TraceIndex(capture_program(Program(source=source)))
    found = next((one for one in first_bad(index) if one.run is not None), None)
    named = anomaly(source)
    if named is not None and found is None:  # what it had saved was NaN: then the first that made one is forward
        known: dict[str, torch.Tensor] = {}
        exec(source, known)
        assert known["y"].isnan().any()
        assert [one.run for one in first_bad(index)] == [None]
    elif named is not None:
        assert found is not None
        if found.bad == "nan":
            assert index.nodes[found.node or ""].name == named
        else:  # anomaly mode passes infinities by: it names a node behind ours
            assert place_of(index, named) >= (found.place or 0)
    elif found is not None:
        assert found.bad == "inf"


def place_of(index: TraceIndex, name: str) -> int:
    (run,) = index.trace.backwards
    return max(place for place, step in enumerate(run.steps) if index.nodes[step.node].name == name)


def test_a_finding_is_frozen() -> None:
    assert FirstBad("nan", "", None).number is None
