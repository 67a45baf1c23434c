"""A derivative held against finite differences and SymPy: what is right passes, what is wrong is found."""

from __future__ import annotations

import pytest

from components.facts.derivatives import agree, check_words
from components.figures.charts.derivatives import check_rows
from components.trace import Checks, ChecksAnswer, Number, Unanswered
from tests.answers.asking import answer, asked

WRONG = """
import torch

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, grad):
        return grad * 3 * ctx.saved_tensors[0]{power}

def f(x):
    return Cube.apply(x)

x = torch.tensor([1.0, 2.0, -0.5])
"""


def checked(source: str, **more: object) -> ChecksAnswer:
    found = answer(source, Checks(**more))  # type: ignore[arg-type]
    assert isinstance(found, ChecksAnswer), found
    return found


def test_a_right_derivative_passes_and_has_formulas() -> None:
    found = checked("import torch\ndef f(x):\n    return (x ** 2).sum()\nx = torch.tensor([1.0, 3.0])\n")
    assert (found.gradcheck, found.gradgradcheck, found.symbolic_agrees) == (True, True, True)
    by_place = {(one.row, one.column): one for one in found.entries}
    assert by_place[0, 1].autograd == 6  # 2 * 3
    assert by_place[0, 1].formula is not None
    assert by_place[0, 1].formula.value == 6
    words = check_words(found)
    assert words.good
    assert "passes" in words.verdict
    assert "2 x_{1}" in check_rows(found)


def test_a_wrong_hand_written_backward_is_caught_and_its_worst_entry_shown() -> None:
    found = checked(WRONG.format(power=""))
    assert found.gradcheck is False
    assert "mismatch" in (found.message or "")
    assert found.worst is not None
    # 3x is right at 1 only; at -0.5 it says -1.5 where 3x^2 = 0.75
    assert (found.worst.row, found.worst.column) == (2, 2)
    assert found.worst.autograd == -1.5
    assert float(found.worst.finite) == pytest.approx(0.75)
    # off by 2.25 in units of 1e-5 + 1e-3 * 0.75
    assert float(found.off or 0) == pytest.approx(2.25 / 7.6e-4, rel=1e-3)
    words = check_words(found)
    assert words.good is False
    assert r"∂f\[2\]/∂x\[2\]" in words.verdict  # Markdown
    assert "-1.5" in words.verdict


def test_the_same_written_rightly_passes() -> None:
    assert checked(WRONG.format(power=" ** 2")).gradcheck is True


def test_sympy_finds_the_wrong_backward_too() -> None:
    found = checked(WRONG.format(power=""))
    assert found.symbolic_agrees is False or found.no_formula is not None


def test_weights_that_the_function_sees_are_doubled_too() -> None:
    source = """
import torch
model = torch.nn.Linear(2, 1)
scale = torch.tensor([2.0, 3.0])
pair = (torch.ones(2), {"a": torch.ones(2)})

def helper(x):
    return x * scale + pair[0] * pair[1]["a"]

def f(x):
    return model(helper(x)).sum() + torch.tensor(0.5)

x = torch.tensor([0.1, 0.2])
"""
    assert checked(source).gradcheck is True


def test_what_only_works_in_single_precision_is_said() -> None:
    source = "import torch\ndef f(x):\n    return x @ torch.ones(2, dtype=torch.float32)\nx = torch.ones(2)\n"
    found = checked(source)
    assert found.gradcheck is None
    assert "In double precision f fails: RuntimeError" in (found.problem or "")
    assert check_words(found).good is None


def test_a_kink_is_no_number_for_finite_differences() -> None:
    # |x| at 0: autograd says 0; (|e| - |-e|) / 2e = 0
    assert checked("import torch\ndef f(x):\n    return x.abs()\nx = torch.tensor(0.0)\n").gradcheck is True
    # sqrt at 0: autograd says inf, finite differences NaN
    found = checked("import torch\ndef f(x):\n    return x.sqrt()\nx = torch.tensor(0.0)\n")
    assert found.gradcheck is not True
    assert found.worst is not None
    assert (found.worst.autograd, found.worst.finite) == ("inf", "nan")
    assert found.off == "inf"


def test_too_many_inputs_are_refused() -> None:
    found = answer("import torch\ndef f(x):\n    return x.sum()\nx = torch.ones(401)\n", Checks())
    assert isinstance(found, Unanswered)
    assert "401" in found.problem


def test_an_error_of_the_function_is_told_with_its_line() -> None:
    trace = asked("import torch\ndef f(x):\n    return x @ torch.ones(3)\nx = torch.ones(2)\n", Checks())
    assert trace.failure is not None
    assert trace.failure.line == 3
    assert "size" in trace.failure.message


def test_a_function_that_draws_random_numbers_is_no_function() -> None:
    found = checked("import torch\ndef f(x):\n    return x * torch.rand(())\nx = torch.tensor(1.0)\n")
    assert "another value each time" in (found.problem or "")


def test_outside_of_the_domain_nothing_is_called_wrong() -> None:
    found = checked("import torch\ndef f(x):\n    return x.sqrt()\nx = torch.tensor(-1.0)\n")
    words = check_words(found)
    assert words.good is None
    assert "domain" in words.verdict


@pytest.mark.parametrize(
    ("first", "second", "dtype", "same"),
    [
        (12.0, 12.004, "float32", True),
        (12.0, 12.1, "float32", False),
        (0.0, 1e-4, "float32", False),  # a small derivative is not nothing
        (0.0, 1e-6, "float32", True),
        (1.0, 1.0 + 1e-5, "float64", False),
        ("nan", "nan", "float32", True),
        ("inf", 3.0, "float32", False),
    ],
)
def test_when_two_numbers_agree(first: Number, second: Number, dtype: str, same: bool) -> None:
    assert agree(first, second, dtype) is same
    assert agree(first, None, dtype) is None
