"""The n-th derivatives of a number: against derivatives known by hand, SymPy and the record of the graph."""

from __future__ import annotations

import math

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from components.trace import NthDerivatives, NthDerivativesAnswer, Unanswered
from tests.answers.asking import answer, asked

CUBE = "import torch\n\ndef f(x):\n    return x ** 3\n\nx = torch.tensor(2.0)\n"


def nth(source: str, order: int = 3, **more: object) -> NthDerivativesAnswer:
    found = answer(source, NthDerivatives(order=order, **more))  # type: ignore[arg-type]
    assert isinstance(found, NthDerivativesAnswer)
    return found


def values(found: NthDerivativesAnswer) -> list[float]:
    return [float(one.value) for one in found.derivatives]


def test_a_cube_by_hand() -> None:
    found = nth(CUBE, 5)
    # x^3, 3x^2, 6x, 6, 0, 0 at 2
    assert values(found) == [8, 12, 12, 6, 0, 0]
    formulas = [one.formula.latex for one in found.derivatives if one.formula]
    assert formulas == ["x^{3}", "3 x^{2}", "6 x", "6", "0", "0"]
    assert found.derivatives[0].nodes == 1  # PowBackward0
    assert all(one.nodes > 0 for one in found.derivatives[1:4])
    assert found.derivatives[5].nodes == 0
    assert [float(one.finite or 0) for one in found.derivatives[1:]] == pytest.approx([12, 12, 6, 0, 0], abs=1e-6)


def test_the_shown_code_computes_the_same_and_its_graph_has_as_many_nodes() -> None:
    found = nth(CUBE, 3)
    trace = asked(f"{CUBE}\n{found.code}print(float(d1), float(d2), float(d3))\n", NthDerivatives(order=1))
    assert trace.stdout == "12.0 12.0 6.0\n"
    nodes = [node for node in trace.nodes if node.leaf is None]
    assert len(nodes) == sum(one.nodes for one in found.derivatives)
    assert {node.order for node in nodes} == {1, 2, 3, 4}


def test_along_a_direction_it_is_the_derivative_on_a_line() -> None:
    source = (
        "import torch\ndef f(x, w):\n    return (x * w).sum()\nx = torch.tensor([1., 2.])\nw = torch.tensor([3., 4.])\n"
    )
    # g(t) = (1 + t)(3 + t) + (2 + t)(4 + t) = 11 + 10 t + 2 t^2
    found = nth(source, 3)
    assert values(found) == [11, 10, 4, 0]
    # Along x[0] and w[1] only: (1 + t) 3 + 2 (4 + t) = 11 + 5 t
    found = nth(source, 2, direction=(1.0, 0.0, 0.0, 1.0))
    assert values(found) == [11, 5, 0]
    # Along x alone: (1 + t) 3 + (2 + t) 4 = 11 + 7 t
    assert values(nth(source, 2, inputs=("x",))) == [11, 7, 0]


def test_one_element_of_the_output() -> None:
    source = "import torch\ndef f(x):\n    return torch.stack([x ** 2, x ** 3])\nx = torch.tensor(2.0)\n"
    assert values(nth(source, 2, element=(1,))) == [8, 12, 12]
    refused = answer(source, NthDerivatives())
    assert isinstance(refused, Unanswered)
    assert "Choose an element" in refused.problem
    wrong = answer(source, NthDerivatives(element=(2,)))
    assert isinstance(wrong, Unanswered)
    assert "no element [2]" in wrong.problem


def test_a_constant_and_an_unused_input_have_derivative_zero() -> None:
    source = "import torch\ndef f(x):\n    return torch.tensor(5.0)\nx = torch.tensor(1.0)\n"
    assert values(nth(source, 2)) == [5, 0, 0]
    source = (
        "import torch\nw = torch.tensor(2.0, requires_grad=True)\ndef f(x):\n    return w * 3\nx = torch.tensor(1.0)\n"
    )
    assert values(nth(source, 2)) == [6, 0, 0]


def test_derivatives_end_where_pytorch_cannot_go_on() -> None:
    source = """
import torch
from torch.autograd.function import once_differentiable

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0] * grad

def f(x):
    return Square.apply(x)

x = torch.tensor(3.0)
"""
    trace = asked(source, NthDerivatives(order=3))
    assert isinstance(trace.answer, NthDerivativesAnswer)
    assert values(trace.answer) == [9, 6]
    assert "d1 has no grad_fn" in (trace.answer.problem or "")  # the second derivative is 2


def test_formulas_end_where_they_would_be_too_long_and_derivatives_go_on() -> None:
    body = "\n".join("    x = torch.sin(x) * torch.exp(x) + x ** 2" for _ in range(5))
    found = nth(f"import torch\ndef f(x):\n{body}\n    return x\nx = torch.tensor(0.1)\n", 6)
    assert len(found.derivatives) == 7
    assert found.derivatives[-1].formula is None
    assert found.no_formula


# --- random expressions against SymPy

UNARY = ("sin", "cos", "tanh", "exp", "sigmoid")
CONSTANTS = {"a": 0.5, "b": 2.0, "c": 1.5}
leaves = st.sampled_from(["x", "x", *CONSTANTS])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(st.sampled_from(UNARY), inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda three: f"({' '.join(three)})"),
        st.tuples(inner, st.sampled_from(["2", "3"])).map(lambda pair: f"({pair[0]} ** {pair[1]})"),
    )


expressions = st.recursive(leaves, grown, max_leaves=6)


@settings(max_examples=40)
@given(expressions, st.floats(-1.5, 1.5))
def test_random_expressions_against_sympy_and_finite_differences(text: str, at: float) -> None:
    torch_text = text
    for name in UNARY:
        torch_text = torch_text.replace(f"{name}(", f"torch.{name}(")
    source = (
        "import torch\n"
        "def f(x):\n    a, b, c = 0 * x + 0.5, 0 * x + 2.0, 0 * x + 1.5\n"
        f"    return {torch_text}\nx = torch.tensor({at!r}, dtype=torch.float64)\n"
    )
    x = sympy.Symbol("x", real=True)
    known = {name: getattr(sympy, name, None) for name in UNARY} | {"sigmoid": lambda one: 1 / (1 + sympy.exp(-one))}
    expression = sympy.sympify(eval(text, {"__builtins__": {}}, known | CONSTANTS | {"x": x}))
    truth = [float(sympy.N(sympy.diff(expression, x, n).subs(x, at), 30)) for n in range(4)]
    if not all(math.isfinite(one) and abs(one) < 1e12 for one in truth):
        return
    found = nth(source, 3)
    assert values(found) == pytest.approx(truth, rel=1e-8, abs=1e-8)
    scale = max(1.0, *map(abs, truth))
    for one, exact in zip(found.derivatives[1:], truth[1:], strict=True):
        assert float(one.finite or 0.0) == pytest.approx(exact, rel=1e-4, abs=1e-4 * scale)
        if one.formula is not None:
            assert float(one.formula.value) == pytest.approx(exact, rel=1e-8, abs=1e-8 * scale)
