"""Shapes in the form: what is typed, what it is filled with, and which shapes go together; PyTorch is the oracle."""

from __future__ import annotations

import contextlib
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.source.form import Form, Leaf, leaf_rows, with_shape, with_typed, write_source
from components.source.form.expression import read_expression
from components.source.form.fixes import fitting_shapes
from components.source.form.shapes import ShapesDiffer, output_shape, shape_of_value, typed_shape


def run(form: Form) -> dict[str, torch.Tensor]:
    scope: dict[str, torch.Tensor] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*\bT\b.* deprecated|The use of `x.T`")  # of a vector or a number
        exec(write_source(form), scope)
    return scope


@pytest.mark.parametrize(
    ("typed", "shape"),
    [("(3,)", (3,)), ("(2, 3)", (2, 3)), ("2x3", (2, 3)), ("2 x 3", (2, 3)), ("2×3×4", (2, 3, 4)), ("()", ())]
    + [
        (text, None)
        for text in ("3", "(3)", "2.0", "[2, 3]", "randn(2, 3)", "x2", "2*3", "", "(2 3)", "(9999999, 9999999)")
    ],
)
def test_what_is_a_shape(typed: str, shape: tuple[int, ...] | None) -> None:
    assert typed_shape(typed) == shape


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 2, 3), (20, 30), (0,), (2, 0)])
@pytest.mark.parametrize("random", [False, True])
def test_a_leaf_is_filled_with_numbers_of_its_shape(shape: tuple[int, ...], dtype: str, random: bool) -> None:
    leaf = with_shape(Leaf("x", dtype=dtype, requires_grad=False), shape, random=random)
    assert shape_of_value(leaf.value) == shape
    made = run(Form("x * 1", (leaf,)))["x"]
    assert tuple(made.shape) == shape
    assert str(made.dtype) == f"torch.{dtype}"


def test_a_typed_shape_fills_itself_and_a_typed_number_stays() -> None:
    assert with_typed(Leaf("x"), "2x3") == Leaf("x", "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]")
    assert with_typed(Leaf("x", dtype="int64"), "(3,)") == Leaf("x", "[1, 2, 3]", dtype="int64")
    assert with_typed(Leaf("x"), "3") == Leaf("x", "3")
    assert with_typed(Leaf("x"), "[2, 3]") == Leaf("x", "[2, 3]")


@pytest.mark.parametrize(
    "value",
    [
        *("2", "-1.5", "[1, 2]", "[[1.], [2.]]", "randn(3, 4)", "ones((2, 2))", "zeros(2)", "eye(2)", "eye(2, 3)"),
        *("arange(5)", "linspace(0, 1, 7)", "full((2, 3), 1.)", "tensor([[1.0]])", "torch.rand(4)"),
    ],
)
def test_the_shape_of_a_value_is_that_of_the_tensor(value: str) -> None:
    assert shape_of_value(value) == tuple(run(Form("x * 1", (Leaf("x", value),)))["x"].shape)


@pytest.mark.parametrize("value", ["", "[1, [2]]", "randn(n)", "x", "(", "linspace(0, 1, steps=5)", "arange(0, 5, 2)"])
def test_a_shape_that_cannot_be_told_is_unknown(value: str) -> None:
    assert shape_of_value(value) is None


@pytest.mark.parametrize(
    ("expression", "known", "new"),
    [
        ("W @ x", {"x": "(3,)"}, {"W": (2, 3)}),
        ("relu(W@x + b)", {"x": "(3,)"}, {"W": (2, 3)}),
        ("x @ W", {"x": "(4,)"}, {"W": (4, 2)}),
        ("x @ w", {"x": "(3,)"}, {"w": (3,)}),
        ("W2 @ tanh(W1 @ x)", {"x": "(3,)"}, {"W1": (2, 3), "W2": (2, 2)}),
        ("tanh(x @ w1) @ w2", {"x": "(3,)"}, {"w1": (3, 2), "w2": (2,)}),
        ("x.T @ A @ x", {"x": "(3,)"}, {"A": (3, 3)}),
        ("h = W @ x\n(h * v).sum()", {"x": "(3,)"}, {"W": (2, 3)}),
    ],
)
def test_new_names_get_shapes_that_go_with_what_is_there(
    expression: str, known: dict[str, str], new: dict[str, tuple[int, ...]]
) -> None:
    rows = leaf_rows(expression, tuple(with_typed(Leaf(name), shape) for name, shape in known.items()))
    scope = run(Form(expression, rows))
    assert {name: tuple(scope[name].shape) for name in new} == new


@pytest.mark.parametrize(
    ("expression", "values", "fits"),
    [
        ("relu(W@x + b)", {"W": "2x2", "x": "2.0", "b": "1.0"}, {"x": (2,)}),
        ("W @ x", {"W": "2x3", "x": "(2,)"}, {"x": (3,)}),
        ("x * w", {"x": "(3,)", "w": "(2,)"}, {"w": (3,)}),
        ("x @ x", {"x": "2.0"}, {"x": (2,)}),
        ("x @ w", {"x": "2.0", "w": "3.0"}, {"x": (2,), "w": (2,)}),
        ("x * w", {"x": "(3,)", "w": "2.0"}, {}),
        ("x.reshape(2) @ w", {"x": "(9,)", "w": "(2,)"}, {}),  # it cannot be told
    ],
)
def test_the_shape_that_fits_is_offered(
    expression: str, values: dict[str, str], fits: dict[str, tuple[int, ...]]
) -> None:
    form = Form(expression, tuple(with_typed(Leaf(name), value) for name, value in values.items()))
    assert fitting_shapes(form, read_expression(expression)) == fits
    leaves = tuple(with_shape(leaf, fits[leaf.name]) if leaf.name in fits else leaf for leaf in form.leaves)
    if fits:
        with pytest.raises(RuntimeError):
            run(form)
        run(Form(expression, leaves))


SHAPES = st.lists(st.integers(1, 3), max_size=2).map(tuple)
EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "w", "2.0", "pi"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "*", "@", "/"]), inner),
        st.builds("{}({})".format, st.sampled_from(["sin", "torch.exp", "relu", "sum", "mean"]), inner),
        st.builds("({}).{}".format, inner, st.sampled_from(["T", "sum()", "tanh()", "T.cos()"])),
        st.builds("(-{})".format, inner),
        st.builds("maximum({}, {})".format, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(EXPRESSIONS, SHAPES, SHAPES)
def test_shapes_are_worked_out_as_pytorch_does(expression: str, x: tuple[int, ...], w: tuple[int, ...]) -> None:
    """A shape that is worked out is PyTorch's, and what is said not to go together PyTorch refuses."""
    leaves = tuple(Leaf(name, f"ones({shape})") for name, shape in (("x", x), ("w", w)))
    rows = leaf_rows(expression, leaves)
    result = None
    with contextlib.suppress(RuntimeError, TypeError, AttributeError, IndexError):
        result = run(Form(f"y = {expression}", rows))["y"]
    try:
        worked_out = output_shape(read_expression(expression), {"x": x, "w": w})
    except ShapesDiffer:
        assert not isinstance(result, torch.Tensor)
        return
    if isinstance(result, torch.Tensor) and worked_out is not None:
        assert tuple(result.shape) == worked_out
