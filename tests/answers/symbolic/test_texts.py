"""Formulas as LaTeX and as plain text, and the derivatives that everyone knows."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sympy
import torch
import torch.nn.functional as F

from components.answers.symbolic import (
    NoForm,
    SymbolicForm,
    hessian,
    jacobian,
    latex_of,
    nth_derivatives,
    plain_of,
    symbolic_form,
)
from components.answers.symbolic.texts import latex_name
from components.answers.warm_up import warm_up_formulas
from tests.answers.symbolic.oracles import Function

X = sympy.Symbol("x", real=True)


def _form(function: Function, *values: Any, names: str = "xyz") -> SymbolicForm:
    form = symbolic_form(function, [(name, torch.tensor(value)) for name, value in zip(names, values, strict=False)])
    assert isinstance(form, SymbolicForm), form.reason
    return form


@pytest.mark.parametrize(
    ("function", "texts"),
    [
        (lambda x: x**3, ["3*x**2", "6*x", "6", "0"]),
        (torch.sin, ["cos(x)", "-sin(x)", "-cos(x)", "sin(x)"]),
        (lambda x: torch.exp(2 * x), ["2*exp(2*x)", "4*exp(2*x)", "8*exp(2*x)"]),
        (lambda x: 1 / x, ["-1/x**2", "2/x**3", "-6/x**4"]),
        (torch.log, ["1/x", "-1/x**2"]),
        (torch.sqrt, ["1/(2*sqrt(x))", "-1/(4*x**(3/2))"]),
        (lambda x: x * torch.sin(x), ["x*cos(x) + sin(x)", "-x*sin(x) + 2*cos(x)"]),
        (torch.tanh, ["1 - tanh(x)**2", "2*tanh(x)**3 - 2*tanh(x)"]),
        (torch.sigmoid, ["exp(x)/(exp(x) + 1)**2"]),
        (lambda x: 2**x, ["2**x*log(2)", "2**x*log(2)**2"]),
        (lambda x: x**x, ["x**x*(log(x) + 1)"]),
        (torch.relu, ["(x > 0)", "0"]),
        (torch.abs, ["sign(x)", "0"]),
        (lambda x: torch.maximum(x, x**2), ["2*x*(x**2 > x) + (x > x**2)"]),
        (lambda x: 0.5 * x**2 - 0.1 * x, ["x - 0.1", "1", "0"]),
        (lambda x: torch.ones(()) + 0 * x, ["0"]),
    ],
)
def test_known_derivatives(function: Function, texts: list[str]) -> None:
    assert [plain_of(each) for each in nth_derivatives(_form(function, 1.5), len(texts))] == texts


def test_a_gradient_and_a_hessian() -> None:
    """f = x² y + y³, so the gradient is (2xy, x² + 3y²) and the Hessian ((2y, 2x), (2x, 6y))."""
    form = _form(lambda x, y: x**2 * y + y**3, 1.5, 0.5)
    first, second = jacobian(form), hessian(form)
    assert not isinstance(first, NoForm)
    assert not isinstance(second, NoForm)
    assert [plain_of(each) for each in first[0]] == ["2*x*y", "x**2 + 3*y**2"]
    assert [[plain_of(each) for each in row] for row in second] == [["2*y", "2*x"], ["2*x", "6*y"]]


def test_some_inputs_and_one_output() -> None:
    form = _form(lambda x, y: torch.stack([x * y, x + y**2]), 1.5, 0.5)
    by_y, second = jacobian(form, [1]), hessian(form, [1], element=1)
    assert not isinstance(by_y, NoForm)
    assert not isinstance(second, NoForm)
    assert [[plain_of(each) for each in row] for row in by_y] == [["x"], ["2*y"]]
    assert second.tolist() == [[2]]


@pytest.mark.parametrize(
    ("function", "latex"),
    [
        (lambda x: torch.exp(-(x**2) / 2), r"e^{- \frac{x^{2}}{2}}"),
        (lambda x: torch.sqrt(x) / torch.pi, r"\frac{\sqrt{x}}{\pi}"),
        (lambda x: x / 3 + x ** (1 / 3), r"\sqrt[3]{x} + \frac{x}{3}"),
        (lambda x: torch.abs(x) ** 2, r"\left|{x}\right|^{2}"),
        (lambda x: torch.relu(x - 1), r"\max\left(0, x - 1\right)"),
        (lambda x: torch.minimum(x, x**2), r"\min\left(x, x^{2}\right)"),
        (lambda x: torch.atan(x) + torch.asin(x / 2), r"\arcsin{\left(\frac{x}{2} \right)} + \arctan{\left(x \right)}"),
        (lambda x: x * torch.tensor(1 / 7.3), r"0.136986 x"),
        (lambda x: x * 1.5e-9, r"1.5 \cdot 10^{-9} x"),
        (lambda x: 2 * x * math_pi(), r"2 \pi x"),
    ],
)
def test_latex(function: Function, latex: str) -> None:
    assert latex_of(_form(function, 1.5).outputs[()]) == latex


def math_pi() -> float:
    return float(torch.pi)


def test_elements_are_named_by_place() -> None:
    form = _form(lambda x, y: x[0] * y[1, 0], [1.0, 2.0], [[1.0], [2.0]], names="xW")
    assert latex_of(form.outputs[()]) == "W_{1,0} x_{0}"
    assert plain_of(form.outputs[()]) == "W[1, 0]*x[0]"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("theta", r"\theta"),
        ("Omega", r"\Omega"),
        ("θ", r"\theta"),
        ("weight", r"\mathrm{weight}"),
        ("x_0", r"\mathrm{x\_0}"),
        ("_", r"\mathrm{\_}"),
        ("é", r"\mathrm{u00e9}"),
        ("größe_1", r"\mathrm{gru00f6u00dfe\_1}"),
        ("變數", r"\mathrm{u8b8au6578}"),
    ],
)
def test_names_in_latex_are_letters_and_digits(name: str, latex: str) -> None:
    assert latex_name(name) == latex
    form = symbolic_form(lambda x: x.sum(), [(name, torch.ones(1))])
    assert isinstance(form, SymbolicForm)
    assert latex_of(form.outputs[()]) == f"{latex}_{{0}}"


def test_a_name_with_an_underscore_is_not_an_element() -> None:
    form = _form(lambda x, y: x[0] * y, [1.0], 2.0, names=["x", "x_0"])  # type: ignore[arg-type]
    assert latex_of(form.outputs[()]) == r"\mathrm{x\_0} x_{0}"


def test_numbers_in_plain_text_are_exact() -> None:
    """A number of single precision is written as such, any other with all its digits."""
    form = _form(lambda x: x * torch.tensor(0.1, dtype=torch.float32) + 1 / 7.3, 1.5)
    assert plain_of(form.outputs[()]) == "0.1*x + 0.136986301369863"


def test_what_is_too_long_is_not_written() -> None:
    long = _form(lambda x: (x * torch.arange(1.0, 60.0)).sin().sum(), 1.5).outputs[()]
    assert latex_of(long, longest=200) is None
    assert plain_of(long, longest=50) == "…"
    assert plain_of(long, longest=300)[-1] == "…"
    assert len(plain_of(long, longest=300)) == 300
    assert latex_of(long, longest=10_000) is not None


def test_shorter_ways_are_found() -> None:
    x = X
    assert latex_of((x + 1) ** 2 - x**2 - 1) == "2 x"
    assert latex_of(x / 3 + x**2 / 3) == r"\frac{x \left(x + 1\right)}{3}"
    assert latex_of(sympy.Float(1.0) * x + sympy.Float(2.5)) == r"x + \frac{5}{2}"


def test_tidying_takes_little_time() -> None:
    """Formulas whose rewriting SymPy would take seconds over are left as they are."""
    warm_up_formulas()
    form = _form(lambda x: torch.linalg.inv(x + torch.eye(3)), [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.1]])
    layered = _form(lambda x: F.layer_norm(x, (4,)), [0.1, 0.2, 0.3, 0.9])
    product = sympy.Mul(*((X + n) ** n for n in range(1, 12)))
    started = time.process_time()
    for expr in (form.outputs[0, 0], form.outputs[1, 2], layered.outputs[0], product):
        latex_of(expr, longest=5_000)
    assert time.process_time() - started < 1.0
