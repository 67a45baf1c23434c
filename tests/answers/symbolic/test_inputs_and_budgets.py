"""What a function takes and returns, how it fails, and what is too large."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from components.answers.symbolic import (
    FormulaLimits,
    NoForm,
    following,
    hessian,
    jacobian,
    nth_derivatives,
    plain_of,
    symbolic_form,
    value_at,
)
from components.answers.symbolic.table import TABLE
from tests.answers.symbolic.oracles import Function, form_of, formula_jacobian, reason_of

TWO = torch.tensor(2.0)
PAIR = torch.tensor([2.0, 3.0])


@pytest.mark.parametrize(
    "function", [lambda x: None, lambda x: 3.0, lambda x: (x, x), lambda x: x > 0, lambda x: x.long()]
)
def test_the_output_must_be_a_tensor_of_real_numbers(function: Function) -> None:
    assert reason_of(function, TWO) == "The function returns no tensor of real numbers."


def test_a_failing_function_has_no_formula() -> None:
    before = torch.get_default_dtype()
    assert reason_of(lambda x: x @ x, TWO) == "In double precision the function stops with RuntimeError."
    assert reason_of(lambda x: 1 / 0, TWO) == "In double precision the function stops with ZeroDivisionError."
    assert torch.get_default_dtype() == before


def test_a_number_that_is_none_or_infinite_is_not_agreed_with() -> None:
    for function in (torch.log, lambda x: 1 / (x - x), lambda x: x / x):
        assert reason_of(function, torch.tensor(0.0)) == "The formula does not agree with PyTorch's number."


def test_a_wrong_formula_is_caught_at_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "TABLE", TABLE | {"sin": TABLE["cos"]})
    assert reason_of(torch.sin, TWO) == "The formula does not agree with PyTorch's number."


def test_names_must_be_different_identifiers() -> None:
    for names in (("x", "x"), ("x y", "z"), (r"x}\input", "y")):
        with pytest.raises(ValueError, match=r"name"):
            symbolic_form(lambda x, y: x, [(name, TWO) for name in names])


def test_integers_are_constants() -> None:
    form = symbolic_form(lambda x, n: x**n, [("x", TWO), ("n", torch.tensor(3))])
    assert not isinstance(form, NoForm)
    assert plain_of(form.outputs[()]) == "x**3"
    assert formula_jacobian(form).tolist() == [[12.0]]  # 3 * 2**2 = 12


def test_symbols_are_named_by_place() -> None:
    form = form_of(lambda x, y, z: x.sum() + y.sum() + z, torch.ones(1, 2), torch.ones(2), TWO)
    assert [[str(each) for each in array.reshape(-1)] for array in form.symbols] == [
        ["x0_{0,0}", "x0_{0,1}"],
        ["x1_{0}", "x1_{1}"],
        ["x2"],
    ]


def _growing(x: Tensor) -> Tensor:
    for _ in range(60):
        x = torch.sin(x) + torch.cos(x) * x
    return x


def _squared(x: Tensor) -> Tensor:
    x = 3 * x
    for _ in range(60):
        x = x * x
    return x


def _nested(x: Tensor) -> Tensor:
    for _ in range(500):
        x = torch.sin(x)
    return x


@pytest.mark.parametrize(
    ("function", "point", "words"),
    [
        (_growing, TWO, "more than 3,000 operations"),
        (_squared, torch.tensor(0.33), "more than 3,000 operations"),
        (_nested, TWO, "nested more than 80 deep"),
        (lambda x: x, torch.ones(401), "401 elements"),
        (lambda x: x.expand(1000).sum(), TWO, "1,000 elements"),
        (lambda x: torch.outer(x, x), torch.ones(21), "441 elements"),
        (lambda x: x @ x, torch.ones(20, 20), "more than 3,000 operations"),
        (lambda x: x + torch.ones(10_000), TWO, "10,000 elements"),
    ],
)
def test_limits(function: Function, point: Tensor, words: str) -> None:
    assert words in reason_of(function, point)


def test_limits_can_be_set() -> None:
    point = [("x", torch.ones(3))]
    assert isinstance(symbolic_form(lambda x: x, point, limits=FormulaLimits(elements=2)), NoForm)
    assert isinstance(symbolic_form(lambda x: x.sum() ** 2, point, limits=FormulaLimits(operations=4)), NoForm)
    assert isinstance(symbolic_form(lambda x: x.exp().sin().cos(), point, limits=FormulaLimits(depth=3)), NoForm)


def test_numbers_that_come_from_nowhere_do_not_grow_for_ever() -> None:
    def function(x: Tensor) -> Tensor:
        y = 0 * x + 10
        for _ in range(5):
            y = y * y  # 10**(2**5) = 1e32
        return y + x

    form = form_of(function, TWO)
    assert value_at(form.outputs, form) == pytest.approx(1e32)


def _countdown(calls: int) -> Callable[[], bool]:
    left = [calls]

    def should_stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return should_stop


def test_time() -> None:
    def function(x: Tensor) -> Tensor:
        while True:
            torch.ones(2)

    stopped = symbolic_form(function, [("x", TWO)], should_stop=_countdown(50))
    assert stopped == NoForm("The time for a formula was up.")
    form = form_of(lambda x: torch.exp(torch.sin(x)), TWO)
    assert jacobian(form, should_stop=_countdown(1)) == NoForm("The time for a formula was up.")
    assert hessian(form, should_stop=_countdown(5)) == NoForm("The time for a formula was up.")
    assert len(nth_derivatives(form, 5, should_stop=_countdown(20))) < 5


def test_derivatives_end_at_their_limits() -> None:
    form = form_of(lambda x: torch.exp(torch.sin(x) * torch.cos(x)) / (1 + torch.tanh(x) * x), TWO)
    some = nth_derivatives(form, 8, limits=FormulaLimits(operations=500))
    assert 0 < len(some) < 8
    assert isinstance(jacobian(form, limits=FormulaLimits(operations=5)), NoForm)
    with pytest.raises(ValueError, match="one number"):
        nth_derivatives(form_of(lambda x: x, PAIR), 1)


def test_elements_that_do_not_meet_cost_nothing() -> None:
    """Of 400 * 400 derivatives 400 are not zero."""
    found = jacobian(form_of(lambda x: x * 2, torch.ones(400)))
    assert not isinstance(found, NoForm)
    assert (found != 0).sum() == 400
