"""Reading the checks of an exercise: what is compared, and what is wrong with a text that holds none."""

from __future__ import annotations

import pytest

from components.source.check_cells import Assertion, CheckCellError, Preparation, comparison_word, read_checks


@pytest.mark.parametrize(
    ("test", "came", "expected", "verdict"),
    [
        ("f(2) == 4", "f(2)", "4", "what_came == what_is_expected"),
        ("x.grad is None", "x.grad", "None", "what_came is what_is_expected"),
        ("n < 3", "n", "3", "what_came < what_is_expected"),
        ("torch.allclose(a, b, atol=1e-3)", "a", "b", "torch.allclose(what_came, what_is_expected, atol=0.001)"),
        ("math.isclose(f(1), 2)", "f(1)", "2", "math.isclose(what_came, what_is_expected)"),
        ("not y.requires_grad", "y.requires_grad", "False", "bool(what_came) == what_is_expected"),
        ("ready(x)", "ready(x)", "True", "bool(what_came) == what_is_expected"),
        ("1 < n < 3", "1 < n < 3", "True", "bool(what_came) == what_is_expected"),
    ],
)
def test_an_assert_is_taken_apart(test: str, came: str, expected: str, verdict: str) -> None:
    steps = read_checks(f"import torch\n\n# A title\nassert {test}, 'Look.'\n")
    assert steps[0] == Preparation("import torch")
    check = steps[1]
    assert isinstance(check, Assertion)
    assert (check.title, check.came, check.expected, check.verdict) == ("A title", came, expected, verdict)
    assert check.look_at == "Look."


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "no assert"),
        ("x = 1\n", 1, "no assert"),
        ("x = (\n", 1, "not Python"),
        ("# t\nassert x, 'a'\nassert y, 'b'\n", 3, "needs a title"),
        ("# t\nassert x\n", 2, "needs a message"),
        ("# t\nassert x, message\n", 2, "needs a message"),
        ("#\nassert x, 'a'\n", 2, "needs a title"),
        ("for x in y:\n    # t\n    assert x, 'a'\n", 3, "inside a block"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(CheckCellError, match=problem) as caught:
        read_checks(text)
    assert caught.value.line == line


def test_words_for_comparisons() -> None:
    words = {
        "a == b": "",
        "a is b": "",
        "a != b": "anything but",
        "a <= b": "at most",
        "a in b": "one of",
        "torch.equal(a, b)": "",
    }
    assert {verdict: comparison_word(verdict) for verdict in words} == words
