"""Gradient, Jacobian, Hessian, JVP, VJP, directional derivative: against algebra, SymPy and finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from components.trace import Derivative, DerivativeAnswer, Quantity, Unanswered
from tests.answers.asking import answer

Doubles = NDArray[np.float64]
TWO = """
import torch
def f(x, w):
    return torch.stack([(x * w).sum(), x[0] ** 2])
x = torch.tensor([1.0, 2.0])
w = torch.tensor([3.0, 4.0])
"""


def derivative(source: str, quantity: Quantity, **more: object) -> DerivativeAnswer:
    found = answer(source, Derivative(quantity=quantity, **more))  # type: ignore[arg-type]
    assert isinstance(found, DerivativeAnswer), found
    return found


def test_a_jacobian_of_two_inputs_has_its_blocks_side_by_side() -> None:
    found = derivative(TWO, "jacobian")
    assert (found.rows, found.columns) == (["f[0]", "f[1]"], ["x[0]", "x[1]", "w[0]", "w[1]"])
    # d(x.w)/dx = w, d/dw = x; d(x0^2)/dx0 = 2
    assert found.numbers == [[3, 4, 1, 2], [2, 0, 0, 0]]
    assert found.agree
    assert [way.problem for way in found.ways] == [None, None]
    assert "jacobian(f, (x, w))" in found.ways[0].code
    assert "jacrev(f, argnums=(0, 1))(x, w)" in found.ways[1].code


def test_a_jacobian_by_one_input_keeps_the_other() -> None:
    found = derivative(TWO, "jacobian", inputs=("w",))
    assert found.columns == ["w[0]", "w[1]"]
    assert found.numbers == [[1, 2], [0, 0]]
    assert "lambda w: f(x, w)" in found.ways[0].code


def test_jvp_and_vjp_are_products_with_the_jacobian() -> None:
    # J v with v = 1: 3 + 4 + 1 + 2 and 2
    assert derivative(TWO, "jvp").numbers == [[10], [2]]
    # J (1, 0, 0, 1) = 3 + 2 and 2
    assert derivative(TWO, "jvp", vector=(1.0, 0.0, 0.0, 1.0)).numbers == [[5], [2]]
    # (1, 1) J
    assert derivative(TWO, "vjp").numbers == [[5, 4, 1, 2]]
    assert derivative(TWO, "vjp", vector=(0.0, 2.0)).numbers == [[4, 0, 0, 0]]


def test_gradient_hessian_and_directional_derivative_of_one_element() -> None:
    assert derivative(TWO, "gradient", element=(0,)).numbers == [[3, 4, 1, 2]]
    hessian = derivative(TWO, "hessian", element=(0,))
    # d2(x.w) / dx dw = 1
    assert hessian.numbers == [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]
    assert hessian.spectrum is not None
    assert hessian.spectrum.asymmetry == 0
    assert [float(one) for one in hessian.spectrum.eigenvalues] == pytest.approx([-1, -1, 1, 1])
    assert derivative(TWO, "directional", element=(0,), vector=(1.0, 0.0, 0.0, 2.0)).numbers == [[7]]


def test_one_way_that_fails_says_why_and_the_other_answers() -> None:
    # Control flow that depends on numbers stops vmap, and with it jacrev and func.hessian.
    source = "import torch\ndef f(x):\n    return x ** 2 if x.sum().item() > 0 else x\nx = torch.tensor([1.0, 2.0])\n"
    found = derivative(source, "jacobian")
    assert found.numbers == [[2, 0], [0, 4]]
    failed = [way for way in found.ways if way.problem is not None]
    assert all("item" in (way.problem or "") for way in failed)


def test_two_ways_that_differ_are_told() -> None:
    source = """
import torch

class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0] * grad

    @staticmethod
    def jvp(ctx, tangent):
        return 3 * tangent

def f(x):
    return Wrong.apply(x)

x = torch.tensor([1.0, 5.0])
"""
    found = derivative(source, "jvp")
    assert [way.problem for way in found.ways] == [None, None]
    assert not found.agree
    assert found.farthest is not None
    assert (found.farthest.row, found.farthest.column) == (1, 0)
    assert {found.farthest.first, found.farthest.second} == {10, 3}  # 2 * 5, and what the wrong jvp says


@pytest.mark.parametrize(
    ("source", "quantity", "words"),
    [
        ("x = 1\n", "jacobian", "defines no function"),
        ("def f(x):\n    return x\n", "jacobian", "bind its parameter x"),
        ("def f():\n    return 1\n", "jacobian", "has no parameters"),
        (
            "def f(x):\n    return x\nx = 2\n",
            "jacobian",
            "floating-point tensor: x is a int. Write",
        ),
        ("import torch\ndef f(x):\n    return None\nx = torch.ones(2)\n", "jacobian", "returned nothing"),
        ("import torch\ndef f(x):\n    return x, x\nx = torch.ones(2)\n", "jacobian", "returned a tuple"),
        ("import torch\ndef f(x):\n    return x > 0\nx = torch.ones(2)\n", "jacobian", "returned bool numbers"),
        ("import torch\ndef f(x):\n    return x\nx = torch.ones(2)\n", "hessian", "Choose an element"),
        ("import torch\ndef f(x):\n    return x\nx = torch.ones(300)\n", "jacobian", "90,000 entries"),
        ("import torch\ndef f(x):\n    return x\nx = torch.ones(3)\n", "gradient", "Choose an element"),
    ],
)
def test_what_cannot_be_answered_is_said(source: str, quantity: Quantity, words: str) -> None:
    found = answer(source, Derivative(quantity=quantity))
    assert isinstance(found, Unanswered)
    assert words in found.problem


def test_what_cannot_be_chosen_from_yet_is_told_with_the_function() -> None:
    found = answer(TWO, Derivative(quantity="gradient"))
    assert isinstance(found, Unanswered)
    assert found.function is not None
    assert found.function.output_shape == [2]


def test_a_jvp_of_many_inputs_is_a_short_matrix() -> None:
    source = "import torch\ndef f(x):\n    return x ** 2\nx = torch.ones(20_000)\n"
    assert derivative(source, "jvp").numbers == [[2.0]] * 20_000


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    found = answer(TWO, Derivative(quantity="jvp", vector=(1.0, 2.0)))
    assert isinstance(found, Unanswered)
    assert "needs 4 numbers" in found.problem


# --- up to 100 x 100

ELEMENTWISE: dict[str, Callable[[sympy.Symbol], sympy.Expr]] = {
    "torch.tanh(z)": sympy.tanh,
    "torch.sin(z) * z": lambda z: sympy.sin(z) * z,
    "z ** 3 - z": lambda z: z**3 - z,
    "torch.exp(-z ** 2)": lambda z: sympy.exp(-(z**2)),
    "torch.sigmoid(z)": lambda z: 1 / (1 + sympy.exp(-z)),
}


@settings(max_examples=25)
@given(
    st.sampled_from(list(ELEMENTWISE)),
    st.integers(1, 100),
    st.integers(1, 100),
    st.integers(0, 2**31 - 1),
)
def test_large_jacobians_and_hessians_against_sympys_derivative_of_each_element(
    text: str, rows: int, columns: int, seed: int
) -> None:
    drawn = (
        f"torch.manual_seed({seed})\n"
        f"weights = torch.randn({rows}, {columns}, dtype=torch.float64) / {math.sqrt(columns)!r}\n"
        f"x = torch.randn({columns}, dtype=torch.float64)\n"
    )
    names: dict[str, torch.Tensor] = {}
    exec(drawn, {"torch": torch}, names)
    weights, point = names["weights"].numpy(), names["x"].numpy()
    source = (
        f"import torch\n{drawn}"
        f"def f(x):\n    z = weights @ x\n    return {text}\n"
        f"def total(x):\n    return f(x).sum()\n"
    )
    z = sympy.Symbol("z")
    first, second = (sympy.lambdify(z, sympy.diff(ELEMENTWISE[text](z), z, n), "numpy") for n in (1, 2))
    inner: Doubles = weights @ point
    found = derivative(source, "jacobian", function="f")
    # f_i = g(z_i), z = W x: df_i / dx_j = g'(z_i) W_ij
    truth = first(inner)[:, None] * weights
    np.testing.assert_allclose(np.array(found.numbers, float), truth, rtol=1e-9, atol=1e-9)
    assert found.agree, [way.problem for way in found.ways]
    hessian = derivative(source, "hessian", function="total")
    # d2 sum f / dx_j dx_k = sum_i g''(z_i) W_ij W_ik
    truth = weights.T @ (second(inner)[:, None] * weights)
    np.testing.assert_allclose(np.array(hessian.numbers, float), truth, rtol=1e-8, atol=1e-8)
    assert hessian.agree, [way.problem for way in hessian.ways]
    assert hessian.spectrum is not None
    eigenvalues = np.linalg.eigvalsh(truth)
    np.testing.assert_allclose(np.array(hessian.spectrum.eigenvalues, float), eigenvalues, rtol=1e-6, atol=1e-6)


@settings(max_examples=25)
@given(st.integers(1, 6), st.integers(0, 2**31 - 1), st.sampled_from(["softmax", "cumprod", "normalise", "outer"]))
def test_mixed_functions_against_finite_differences(size: int, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    point = random.normal(size=size) + 2
    functions: dict[str, tuple[str, Callable[[Doubles], Doubles]]] = {
        "softmax": ("torch.softmax(x, 0)", lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum()),
        "cumprod": ("torch.cumprod(x, 0)", np.cumprod),
        "normalise": ("x / x.norm()", lambda x: x / np.sqrt((x**2).sum())),
        "outer": ("torch.outer(x, x).sin().sum(0)", lambda x: np.sin(np.outer(x, x)).sum(0)),
    }
    body, plain = functions[kind]
    source = f"import torch\ndef f(x):\n    return {body}\nx = torch.tensor({point.tolist()}, dtype=torch.float64)\n"
    step = 1e-6
    truth = np.stack([(plain(point + one) - plain(point - one)) / (2 * step) for one in np.eye(size) * step], axis=1)
    found = derivative(source, "jacobian")
    np.testing.assert_allclose(np.array(found.numbers, float), truth, rtol=1e-5, atol=1e-6)
    assert found.agree
