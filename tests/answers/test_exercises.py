"""The checker itself: what it believes, what it does not, and what it says."""

from __future__ import annotations

import pytest

from components.trace import Check, Exercise, Verdict
from tests.answers.asking import asked

CHECKS = """
import torch

# at 2
assert slope(torch.tensor(2.0)) == 12.0, "Three times the square."
# at an input that nobody saw
assert torch.allclose(slope(torch.tensor(-1.5)), torch.tensor(6.75)), "Try `-1.5` by hand: 3 * 2.25."
# it is a tensor
assert isinstance(slope(torch.tensor(0.0)), torch.Tensor), "Return a tensor."
"""
RIGHT = """
import torch

def slope(x):
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(x ** 3, x)[0]
"""


def verdict(source: str, checks: str = CHECKS) -> Verdict:
    trace = asked(source, Exercise(checks=checks))
    assert trace.failure is None, trace.failure
    assert isinstance(trace.answer, Verdict)
    return trace.answer


def failed(source: str, checks: str = CHECKS) -> list[Check]:
    return [check for check in verdict(source, checks).checks if not check.passed]


def test_a_right_answer_passes_every_check() -> None:
    found = verdict(RIGHT)
    assert found.solved
    assert [check.title for check in found.checks] == ["at 2", "at an input that nobody saw", "it is a tensor"]


def test_a_check_says_what_was_expected_what_came_and_where_to_look() -> None:
    found = failed(RIGHT.replace("x ** 3", "x ** 2"))
    # 2 * 2 and 2 * -1.5
    assert (found[0].expected, found[0].came, found[0].look_at) == ("12.0", "tensor(4.)", "Three times the square.")
    assert (found[1].expected, found[1].came) == ("tensor(6.7500)", "tensor(-3.)")


@pytest.mark.parametrize(
    "source",
    [
        'print("12.0")\nprint("tensor(6.7500)")\nprint("All checks pass")\n',
        'import torch\n\ndef slope(x):\n    print("tensor(12.)")\n',
        "import torch\n\ndef slope(x):\n    return torch.tensor(12.0)\n",
        "class Any:\n    def __eq__(self, other):\n        return True\n\ndef slope(x):\n    return Any()\n",
        "class Any:\n    def __float__(self):\n        return 12.0\n\ndef slope(x):\n    return Any()\n",
        "import torch\n\ndef slope(x):\n    return 'tensor(12.)'\n",
    ],
)
def test_printing_hard_coding_and_pretending_do_not_solve_it(source: str) -> None:
    found = verdict(source)
    assert not found.solved
    assert not found.checks[1].passed


def test_what_the_program_calls_torch_or_len_plays_no_part() -> None:
    source = "def slope(x):\n    return 0\n\ndef isinstance(*a):\n    return True\n\nlen = isinstance\ntorch = None\n"
    assert not any(check.passed for check in verdict(source).checks)


def test_a_missing_name_is_told() -> None:
    found = failed("import torch\n")
    assert len(found) == 3
    assert "The program has no slope" in found[0].look_at


def test_an_error_in_the_answer_is_told_with_its_line() -> None:
    found = failed("import torch\n\ndef slope(x):\n    return x @ x\n")
    assert found[0].line == 4
    assert "RuntimeError" in found[0].came
    assert found[0].expected == "12.0"


def test_comparisons_are_told_in_words() -> None:
    checks = (
        "# small\nassert count < 3, 'Fewer.'\n"
        "# not there\nassert thing is None, 'None.'\n"
        "# off\nassert not flag, 'Off.'\n"
    )
    found = failed("count, thing, flag = 5, 1, True\n", checks)
    assert [(check.expected, check.came) for check in found] == [("less than 3", "5"), ("None", "1"), ("False", "True")]
    assert verdict("count, thing, flag = 2, None, False\n", checks).solved


def test_tensors_of_another_shape_are_not_equal() -> None:
    checks = (
        "import torch\n"
        "# same\nassert torch.equal(y, torch.tensor([1.0, 1.0])), 'Two.'\n"
        "# a list\nassert y == [1.0, 1.0], 'No.'\n"
    )
    found = failed("import torch\ny = torch.ones(2, 1)\n", checks)
    assert len(found) == 2
    assert "cannot be compared" in found[1].came or found[1].came.startswith("tensor")


def test_what_the_program_switched_on_is_switched_off_for_the_checks() -> None:
    source = RIGHT + "\ntorch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\n"
    assert verdict(source).solved


def test_a_program_that_fails_is_not_checked() -> None:
    trace = asked("import torch\n1 / 0\n", Exercise(checks=CHECKS))
    assert trace.failure is not None
    assert not isinstance(trace.answer, Verdict)


def test_preparations_that_fail_are_told() -> None:
    checks = "value = slope(3)\n# seen\nassert value == 27, 'Look.'\n"
    found = failed("x = 1\n", checks)
    assert found[0].title == "Before the checks"
    assert "NameError" in found[0].came
