"""The form and the program it writes: exact texts, refusals, and a round trip through PyTorch."""

from __future__ import annotations

import math

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from components.language.form import Backward, Form, FormError, Leaf, ZeroGrad, free_names, leaf_rows, write_source

X = Leaf(name="x", value="2.0")
W = Leaf(name="w", value="3")


def test_a_form_reads_like_a_lesson() -> None:
    form = Form(
        expression="sin(x*w) + x**2",
        leaves=(X, W),
        actions=(Backward(retain_graph=True), ZeroGrad(), Backward()),
    )
    assert write_source(form) == (
        "import torch\n\n"
        "x = torch.tensor(2.0, requires_grad=True)\n"
        "w = torch.tensor(3.0, requires_grad=True)\n\n"
        "y = torch.sin(x*w) + x**2\n\n"
        "y.backward(retain_graph=True)\n"
        "if x.grad is not None:\n    x.grad.zero_()\n"
        "if w.grad is not None:\n    w.grad.zero_()\n"
        "y.backward()\n"
    )


@pytest.mark.parametrize(
    ("leaf", "line"),
    [
        (Leaf(name="x", value="[1, 2.5]"), "x = torch.tensor([1.0, 2.5], requires_grad=True)"),
        (Leaf(name="x", value="randn(3, 4)"), "x = torch.randn(3, 4, requires_grad=True)"),
        (Leaf(name="x", value="torch.full((2, 2), 3.)"), "x = torch.full((2, 2), 3.0, requires_grad=True)"),
        (Leaf(name="x", value="-3", requires_grad=False), "x = torch.tensor(-3.0)"),
        (
            Leaf(name="x", value="1e-3", dtype="float64"),
            "x = torch.tensor(1e-3, dtype=torch.float64, requires_grad=True)",
        ),
        (Leaf(name="x", value="3", dtype="int64"), "x = torch.tensor(3, dtype=torch.int64, requires_grad=True)"),
    ],
)
def test_values_of_leaves(leaf: Leaf, line: str) -> None:
    assert line in write_source(Form(expression="x * 2", leaves=(leaf,))).split("\n")


def test_several_lines_no_grad_constants_and_taken_names() -> None:
    source = write_source(Form(expression="h = exp(y) * pi\nh.sum()", leaves=(Leaf(name="y"),), no_grad=True))
    assert source.endswith("with torch.no_grad():\n    h = torch.exp(y) * torch.pi\n    out = h.sum()\n")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "Type an expression"),
        ("x +", "Line 1"),
        ("x^2", "write **"),
        ("foo(x)", "there is no function foo"),
        ("sinn(x)", "Did you mean sin"),
        ("import os", "only expressions and assignments"),
        ("x\nfor i in y: pass", "Line 2"),
    ],
)
def test_expressions_that_are_refused(expression: str, message: str) -> None:
    with pytest.raises(FormError, match=message.replace("*", r"\*")):
        free_names(expression)


@pytest.mark.parametrize("value", ["", "open('f')", "randn(n)", "[1, 'a']", "x", "__import__('os')", "{1}", "1 2"])
def test_values_that_are_refused(value: str) -> None:
    with pytest.raises(FormError, match="x: write a number"):
        write_source(Form(expression="x", leaves=(Leaf(name="x", value=value),)))


def test_free_names_in_order_of_appearance() -> None:
    assert free_names("h = b + torch.sin(a)\nh * c + F.relu(a) + math.pi") == ["b", "a", "c"]


def test_rows_are_kept_and_added() -> None:
    rows = leaf_rows("x + k", (Leaf(name="x", value="7"), Leaf(name="gone")))
    assert [(row.name, row.value) for row in rows] == [("x", "7"), ("k", "1.0")]


def test_a_form_survives_json() -> None:
    form = Form(expression="x", leaves=(X,), actions=(Backward(create_graph=True), ZeroGrad()))
    assert msgspec.json.decode(msgspec.json.encode(form), type=Form) == form


numbers = st.floats(min_value=0.25, max_value=2.0).map(lambda value: round(value, 3))
expressions = st.recursive(
    st.sampled_from(["x", "w", "(x + 1.5)"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["sin", "cos", "tanh", "exp"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    ),
    max_leaves=6,
)


@given(expressions, numbers, numbers)
def test_what_is_written_computes_what_was_typed(expression: str, x: float, w: float) -> None:
    names = free_names(expression)
    given_values = {"x": x, "w": w}
    leaves = tuple(Leaf(name=name, value=str(given_values[name]), dtype="float64") for name in names)
    scope: dict[str, object] = {}
    exec(write_source(Form(expression=expression, leaves=leaves)), scope)
    functions = {name: getattr(math, name) for name in ("sin", "cos", "tanh", "exp")}
    try:
        expected = eval(expression, {**functions, **given_values})
    except OverflowError:
        return
    result = scope["y"]
    assert isinstance(result, float | torch.Tensor)
    assert float(result) == pytest.approx(expected, rel=1e-12)
