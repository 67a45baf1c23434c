"""Every formula against the gradients that PyTorch recorded, over random shapes and numbers; and as texts."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from components.capture import capture_program
from components.figures import TraceIndex
from components.figures.formulas import computed_gradients, known_nodes, node_formulas
from components.trace import Program, Trace
from tests.figures.formulas.programs import EXPRESSIONS

SYMBOLS_ONLY = {"ConvolutionBackward0"}
# PyTorch itself goes through a float32 there.
SINGLE_PRECISION = {"ToCopyBackward0", "CeluBackward0"}
PROGRAM = """
import torch
import torch.nn.functional as F
torch.manual_seed({seed})
x = torch.randn({rows}, {columns}, dtype=torch.float64, requires_grad=True)
y = torch.randn({rows}, {columns}, dtype=torch.float64, requires_grad=True)
p = (torch.rand({rows}, {columns}, dtype=torch.float64) + 0.5).requires_grad_()
s = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
z = {expression}
(z * torch.rand(z.shape)).sum().backward()
"""


def compared(trace: Trace, name: str) -> int:
    """Compare every pass of the nodes of this name; return how many gradients were compared."""
    index = TraceIndex(trace)
    count = 0
    for run in trace.backwards:
        for step in run.steps:
            node = index.nodes[step.node]
            if node.name != name:
                continue
            for slot, ours in enumerate(computed_gradients(index, node, step)):
                theirs = step.grad_inputs[slot]
                if theirs is None or ours is None:
                    continue
                expected = np.array(theirs.values, dtype=np.float64)
                assert ours.shape == tuple(theirs.shape), (name, slot)
                near = 1e-6 if name in SINGLE_PRECISION else 1e-8
                np.testing.assert_allclose(ours, expected, rtol=near, atol=near / 10)
                count += 1
    return count


@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - SYMBOLS_ONLY - {"AccumulateGrad"}))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.integers(2, 5), columns=st.integers(2, 6), seed=st.integers(0, 10_000))
def test_a_formula_agrees_with_pytorch(name: str, rows: int, columns: int, seed: int) -> None:
    source = PROGRAM.format(expression=EXPRESSIONS[name], rows=rows, columns=columns, seed=seed)
    trace = capture_program(Program(source=source))
    assert trace.failure is None, trace.failure
    assert compared(trace, name) > 0, "the node was not met, or its record lacks what the formula needs"


def test_every_known_node_is_tried_and_they_are_more_than_eighty() -> None:
    assert known_nodes() == EXPRESSIONS.keys()
    assert len(known_nodes() - SYMBOLS_ONLY) >= 80


def told(source: str, name: str) -> list[tuple[str, str | None]]:
    index = TraceIndex(capture_program(Program(source=f"import torch\n{textwrap.dedent(source)}")))
    return [
        (formula.symbols, formula.numbers)
        for run in index.trace.backwards
        for step in run.steps
        if index.nodes[step.node].name == name
        for formula in node_formulas(index, index.nodes[step.node], step)
    ]


X = "x = torch.tensor(2.0, requires_grad=True)\n"
V = "x = torch.tensor([1.0, -2.0], requires_grad=True)\n"


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        (X + "(x ** 3).backward()", "PowBackward0", [("grad · 3·x²", "1 · 3·2² = 12")]),
        (X + "(x ** 2).backward()", "PowBackward0", [("grad · 2·x", "1 · 2·2 = 4")]),
        (X + "(x * x).backward()", "MulBackward0", [("grad · x", "1 · 2 = 2")] * 2),
        (X + "(x * 5).backward()", "MulBackward0", [("grad · other", "1 · 5 = 5")]),
        (X + "h = x.exp()\nh.backward()", "ExpBackward0", [("grad · h", "1 · 7.389 = 7.389")]),
        (
            V + "x.tanh().sum().backward()",
            "SumBackward0",
            [("grad, for every element", "1, for every element = [1, 1]")],
        ),
        (
            V + "(x * x).sum().backward()",
            "MulBackward0",
            [("grad · x", "[1, 1] · [1, −2] = [1, −2]")] * 2,
        ),
        (X + "(-x).backward()", "NegBackward0", [("−grad", "−1 = −1")]),
        (
            X + "y = x * 3\ny.backward(retain_graph=True)\ny.backward()",
            "AccumulateGrad",
            [("x.grad + grad", "None + 3 = 3"), ("x.grad + grad", "3 + 3 = 6")],
        ),
    ],
)
def test_formulas_read_like_a_book(source: str, name: str, expected: list[tuple[str, str]]) -> None:
    assert told(source, name) == expected


def test_large_tensors_have_symbols_only() -> None:
    assert told("x = torch.ones(50, requires_grad=True)\nx.sin().sum().backward()", "SinBackward0") == [
        ("grad · cos x", None)
    ]


@given(
    name=st.sampled_from(sorted(known_nodes())),
    key=st.sampled_from(["self", "other", "result", "dim", "exponent", "indices", "target", "dims", "reduction"]),
    value=st.one_of(
        st.none(), st.text(max_size=20), st.sampled_from(["(1, 2)", "1e400", "-7", "9" * 30, "((((", "nan"])
    ),
    values=st.one_of(st.none(), st.floats(), st.lists(st.one_of(st.floats(), st.just("nan"), st.lists(st.floats())))),
)
def test_damaged_records_give_symbols_or_nothing(name: str, key: str, value: str | None, values: object) -> None:
    trace = DAMAGED
    index = TraceIndex(trace)
    node, step = trace.nodes[1], trace.backwards[0].steps[0]
    saved = [replace(one, name=key, value=value, values=values, tensor=None) for one in node.saved]
    odd = replace(node, name=name, saved=saved)
    for formula in node_formulas(index, odd, step):
        assert formula.symbols
    computed_gradients(index, odd, step)


DAMAGED = capture_program(
    Program(source="import torch\nx = torch.ones(2, requires_grad=True)\n(x ** 3).sum().backward()\n")
)
