"""Numbers in formulas, and the numbers of formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sympy
import torch

from components.answers.symbolic import functions, plain_of, value_at
from components.answers.symbolic.arrays import single
from components.answers.symbolic.atoms import lifted, number, tamed
from components.answers.symbolic.budget import Budget, FormulaLimits
from components.answers.symbolic.derivatives import RULES
from components.answers.symbolic.evaluation import Evaluator
from components.answers.symbolic.functions import applied, logarithm, power
from tests.answers.symbolic.oracles import form_of

X, Y = sympy.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-0.0, "0"),
        (0.5, "1/2"),
        (-0.75, "-3/4"),
        (1 / 3, "1/3"),
        (0.1, "0.1"),
        (0.3, "0.3"),
        (1 / 7.3, "0.136986301369863"),
        (math.pi, "pi"),
        (2 * math.pi, "2*pi"),
        (-math.pi / 6, "-pi/6"),
        (math.e, "E"),
        (1e300, "1e+300"),
        (math.inf, "oo"),
        (-math.inf, "-oo"),
        (math.nan, "nan"),
        (True, "1"),
    ],
)
def test_numbers_are_as_short_as_people_write_them(value: float, text: str) -> None:
    assert plain_of(number(value)) == text
    if math.isfinite(value):
        assert math.isclose(float(number(value)), value, rel_tol=3e-16)


def test_lifting_keeps_the_double() -> None:
    values = torch.rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 10
    assert [float(each) for each in lifted(values)] == values.tolist()
    assert lifted(torch.tensor([[True], [False]])).tolist() == [[1], [0]]


def test_exact_numbers_are_tamed() -> None:
    assert tamed(sympy.Integer(10) ** 40) == sympy.Float(1e40)
    assert tamed(sympy.Integer(10) ** 400) == sympy.oo
    assert tamed(-(sympy.Float(10) ** 400)) == -sympy.oo
    assert tamed(sympy.Rational(1, 3**20)) == sympy.Float(1 / 3**20)
    assert tamed(sympy.Float(3.0)) == sympy.Integer(3)
    assert tamed(X * 10**40) == X * 10**40


def test_powers_and_logarithms_of_numbers() -> None:
    two = sympy.Integer(2)
    assert power(two, sympy.Rational(1, 2)) == sympy.sqrt(2)
    assert power(sympy.Integer(0), -two) is sympy.nan
    assert power(sympy.Float(10.0), sympy.Integer(10**6)) is sympy.oo
    assert power(-two, sympy.Rational(1, 2)) is sympy.nan
    assert power(X**2, sympy.Rational(1, 2)) == functions.Absolute(X)
    assert logarithm(sympy.Integer(0)) == -sympy.oo
    assert logarithm(-two) is sympy.nan


def test_functions_of_numbers_and_of_one_thing_twice() -> None:
    zero, one, two = sympy.Integer(0), sympy.Integer(1), sympy.Integer(2)
    assert [functions.Step(each) for each in (-one, zero, two)] == [0, 0, 1]
    assert [functions.Relu(each) for each in (-one, zero, two)] == [0, 0, 2]
    assert [functions.Sign(each) for each in (-one, zero, two)] == [-1, 0, 1]
    assert [functions.Ahead(one, each) for each in (zero, one, two)] == [1, sympy.Rational(1, 2), 0]
    assert (functions.Ahead(X, X), functions.Larger(X, X), functions.Smaller(X, X)) == (sympy.Rational(1, 2), X, X)
    assert (functions.Larger(one, two), functions.Smaller(one, two), functions.Absolute(-two)) == (2, 1, 2)
    assert functions.Absolute(-X) == functions.Absolute(X)
    assert functions.Relu(functions.Absolute(X)) == functions.Absolute(X)


# --- evaluation


def at(expr: Any, x: float, y: float = 0.0) -> float:
    return Evaluator({X: x, Y: y}).double(expr)


def test_evaluation_neither_cancels_nor_overflows() -> None:
    assert at(sympy.log(1 + sympy.exp(X)), 800.0) == 800.0
    assert at(1 / (1 + sympy.exp(-X)), -800.0) == 0.0  # 3.7e-348 is zero to a double
    assert at((1 - sympy.cos(X)) / X**2, 1e-9) == 0.5
    assert at(sympy.exp(X) - 1, 1e-15) == math.expm1(1e-15)
    assert at(sympy.exp(X) / (sympy.exp(X) + sympy.exp(Y)), 1000.0, 999.0) == pytest.approx(1 / (1 + math.exp(-1)))


@pytest.mark.parametrize(
    "expr",
    [
        1 / X,
        sympy.log(X - 1),
        (X - 1) ** sympy.Rational(1, 2),
        sympy.zoo,
        sympy.oo + X,
        sympy.exp(1 / X),
        sympy.asin(X + 2),
    ],
)
def test_what_is_no_finite_real_number_is_nan(expr: Any) -> None:
    assert math.isnan(at(expr, 0.0))


def test_towers_of_exponentials_end() -> None:
    tower = X
    for _ in range(6):
        tower = sympy.exp(tower)
    assert math.isnan(at(tower, 3.0))
    assert at(sympy.exp(-sympy.exp(sympy.exp(X))), 2.0) == 0.0
    assert math.isnan(at(sympy.sin(sympy.exp(sympy.exp(X))), 10.0))
    assert math.isnan(at(sympy.cosh(sympy.exp(X)), 50.0))
    assert at(sympy.tanh(sympy.exp(X)), 50.0) == 1.0
    assert at(sympy.erf(sympy.exp(X)), 50.0) == 1.0
    assert at(sympy.erfc(sympy.exp(X)), 50.0) == 0.0


def test_values_at_other_inputs() -> None:
    form = form_of(lambda x, y: x * y.sum(), torch.tensor(2.0), torch.tensor([1.0, 3.0]))
    assert value_at(form.outputs, form) == 8.0  # 2 * (1 + 3)
    other = [("x0", torch.tensor(5.0)), ("x1", torch.tensor([0.5, 0.5]))]
    assert value_at(form.outputs, form, other) == 5.0  # 5 * (0.5 + 0.5)
    assert value_at(single(sympy.nan), form).dtype == np.float64


@pytest.mark.parametrize("function", RULES, ids=str)
def test_rules_against_differences(function: Any) -> None:
    """``(f(x + h) - f(x - h)) / 2h`` by each argument, at a place without a kink."""
    x, y = (1.3, 0.4) if function is sympy.acosh else (0.37, 0.81)
    step = 1e-6
    if function is sympy.polygamma:
        by, expr = [Y], function(2, Y)
        rules = [RULES[function][1](sympy.Integer(2), Y)]
    else:
        by = [X, Y][: len(RULES[function])]
        expr = function(*by)
        rules = [rule(*by) for rule in RULES[function]]
    for symbol, rule in zip(by, rules, strict=True):
        dx, dy = (step, 0.0) if symbol == X else (0.0, step)
        difference = (at(expr, x + dx, y + dy) - at(expr, x - dx, y - dy)) / (2 * step)
        assert at(rule, x, y) == pytest.approx(difference, rel=1e-6, abs=1e-6)


# --- budgets


def test_sizes_are_those_of_the_tree() -> None:
    budget = Budget(FormulaLimits())
    assert budget.measure(X) == (1, 1)
    assert budget.measure(X + Y) == (3, 2)
    assert budget.measure(sympy.sin(X + Y) * X) == (6, 4)  # Mul, x, sin, Add, x, y
    tree = X
    for _ in range(40):
        tree = sympy.sin(tree) * sympy.cos(tree)
    assert budget.size(tree) > 2**40
    assert budget.size(sympy.Integer(2) ** 320) == 1 + 322 // 32  # 321 bits above, one below the line


def test_large_arguments_are_not_searched_for_identities() -> None:
    large = sympy.Add(*(sympy.Symbol(f"s{n}", real=True) * n for n in range(1, 60)))
    assert applied(sympy.cos, -X) == sympy.cos(X)
    assert applied(sympy.cos, -large).args[0] == -large
