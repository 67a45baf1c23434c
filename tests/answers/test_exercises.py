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
        "class Any(float):\n    def __eq__(self, other):\n        return True\n\ndef slope(x):\n    return Any()\n",
        "class Any(str):\n    def __eq__(self, other):\n        return True\n\ndef slope(x):\n    return Any()\n",
        "import torch\n\nclass Any(torch.Tensor):\n    def __eq__(self, other):\n        return True\n\n"
        "def slope(x):\n    return Any()\n",
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
    assert [check.came for check in found] == [
        "tensor([[1.], [1.]]), which cannot be compared: its shape is (2, 1) and not (2,)",
        "tensor([[1.], [1.]])",
    ]


@pytest.mark.parametrize(
    ("came", "test"),
    [
        ("(1, 2)", "y == [1, 2]"),
        ("[1, 2]", "y == (1, 2)"),
        ("[[1.0], (2.0,)]", "y == ([1.0], [2.0])"),
        ("[torch.tensor(1.0), 2.0]", "y == [1.0, 2.0]"),
        ("torch.tensor([1.0, 2.0])", "y == [1.0, 2.0]"),
        ("numpy.array([1.0, 2.0])", "y == [1.0, 2.0]"),
        ("numpy.float64(0.5)", "y == 0.5"),
        ("torch.tensor(0.1)", "y == 0.1"),
        ("torch.tensor(3)", "y < 4"),
        ("range(3)", "y == [0, 1, 2]"),
        ("torch.Size([2, 3])", "y == (2, 3)"),
        ("[2, 3]", "y == torch.Size([2, 3])"),
        ("collections.namedtuple('Pair', 'a b')(1, 2)", "y == (1, 2)"),
        ("0.5", "torch.allclose(y, torch.tensor(0.5))"),
        ("numpy.float32(0.5)", "math.isclose(y, 0.5)"),
        ("torch.tensor([0.5], dtype=torch.float64)", "torch.equal(y, torch.tensor([0.5]))"),
        ("torch.tensor([2])", "torch.allclose(y, torch.tensor([2.0]))"),
        ("torch.nn.Parameter(torch.ones(2))", "torch.equal(y, torch.ones(2))"),
        ("torch.ones(2, requires_grad=True) * 2", "torch.equal(y, torch.full((2,), 2.0))"),
        ("{'a': (1, 2)}", "y == {'a': [1, 2]}"),
        ("{1, 2}", "y == {2, 1}"),
        ("1 + 2j", "y == 1 + 2j"),
        ("torch.tensor([1 + 2j])", "torch.equal(y, torch.tensor([1 + 2j]))"),
        ("float('nan')", "str(y) == 'nan'"),
        ("[float('inf')]", "y == [math.inf]"),
        ("torch.float64", "y == torch.float64"),
        ("torch.device('cpu')", "y is not None"),
        ("len", "y is not None"),
        ("'caf\\u00e9'", "y == 'caf\\u00e9'"),
    ],
)
def test_the_same_in_another_form_is_right(came: str, test: str) -> None:
    source = f"import collections, numpy, torch\ny = {came}\n"
    found = verdict(source, f"import math\nimport torch\n# A title\nassert {test}, 'Look.'\n")
    assert found.solved, found.checks[0]


@pytest.mark.parametrize(
    ("came", "test"),
    [
        ("[1, 2, 3]", "y == [1, 2]"),
        ("[2, 1]", "y == [1, 2]"),
        ("'12'", "y == ['1', '2']"),
        ("[0.5]", "torch.equal(y, torch.tensor([0.5]))"),
        ("torch.ones(1)", "torch.allclose(y, torch.tensor(1.0))"),
        ("None", "y == 0"),
        ("len", "y == 0"),
        ("len", "y is None"),
        ("float('nan')", "y == 0.0"),
        ("10 ** 5_000", "y == 0"),
        ("[0.0] * 100_000", "y == 0"),
        ("torch.zeros(100_000)", "torch.equal(y, torch.zeros(100_000))"),
        ("[[[[[[[[[[[[0]]]]]]]]]]]]", "y == 0"),
        ("torch.zeros(2, device='meta')", "torch.equal(y, torch.zeros(2))"),
    ],
)
def test_another_value_is_not(came: str, test: str) -> None:
    (check,) = failed(f"import torch\ny = {came}\n", f"import torch\n# A title\nassert {test}, 'Look.'\n")
    assert check.came
    assert check.look_at == "Look."


@pytest.mark.parametrize(
    "line",
    [
        "torch.allclose = torch.equal = math.isclose = lambda *a, **k: True",
        "torch.Tensor.__eq__ = torch.Tensor.__bool__ = lambda *a: True",
        "builtins.isinstance = builtins.bool = lambda *a: True",
        "torch.is_tensor.__code__ = (lambda obj: True).__code__",
        "sys.modules['torch'] = sys.modules['math'] = sys",
        "torch.overrides.TorchFunctionMode().__enter__()",
        "sys.modules['components.answers.exercises.inspecting'].encode_value = lambda value: '12.0'",
    ],
)
def test_what_the_program_patched_is_put_back(line: str) -> None:
    source = f"import builtins, math, sys, torch\n\ndef slope(x):\n    return 0\n\n{line}\n"
    assert not any(check.passed for check in verdict(source).checks)


def test_what_is_expected_may_use_the_names_of_the_solution() -> None:
    checks = "import torch\n# The gradient\nassert torch.equal(x.grad, 2 * x), 'Twice x.'\n"
    solution = "import torch\nx = torch.tensor([3.0])\nprint('never shown')\n"
    source = "import torch\nx = torch.tensor([3.0], requires_grad=True)\n(x ** 2).sum().backward()\n"
    trace = asked(source, Exercise(checks=checks, solution=solution))
    assert isinstance(trace.answer, Verdict)
    assert trace.answer.solved
    # Without a solution nobody knows what is expected.
    (check,) = failed(source, checks)
    assert check.expected == "a value that this check could not work out"
    assert "NameError" in check.came


def test_drawn_numbers_are_those_of_the_program_and_both_sides_know_them() -> None:
    checks = "import torch\nn = torch.randint(1_000_000, ())\n# n\nassert told(n) == n, 'Return n.'\n"
    honest = "def told(n):\n    return n\n"
    assert verdict(honest, checks).solved
    expected = failed("def told(n):\n    return 0\n", checks)[0].expected
    assert failed("def told(n):\n    return 1\n", checks)[0].expected != expected
    number = expected.removeprefix("tensor(").removesuffix(")")
    assert not verdict(f"def told(n):\n    return {number}\n", checks).solved


def test_whether_two_things_are_one_object_is_asked_where_they_are() -> None:
    checks = "# one\nassert first is second, 'The same.'\n# two\nassert first is not third, 'Another.'\n"
    assert verdict("first = second = [1]\nthird = [1]\n", checks).solved
    assert [check.title for check in failed("first, second = [1], [1]\nthird = first\n", checks)] == ["one", "two"]


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
