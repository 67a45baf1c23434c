"""What two programs printed."""

from __future__ import annotations

import pytest

from components.facts.compare.matching import SearchBudget
from components.facts.compare.verdict import Printed, PrintedLine, compare_printed


def lines(text: str) -> tuple[PrintedLine, ...]:
    """``=one ≠two``: lines that are the same and lines that are not."""
    return tuple(PrintedLine(word[1:], word[0] == "=") for word in text.split())


def test_a_line_that_one_side_alone_printed() -> None:
    found = compare_printed("a\nb\nc\n", "a\nc\n")
    assert found == Printed(lines("=a ≠b =c"), lines("=a =c"), False, 1)
    assert found.text == "1 line differs"


def test_a_line_that_is_another() -> None:
    assert compare_printed("a\nb\n", "a\nx\ny\n") == Printed(lines("=a ≠b"), lines("=a ≠x ≠y"), False, 2)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ("", "", "nothing on either side"),
        ("a\n", "a\n", "the same on both sides"),
        ("a", "a\n", "the end of a line differs"),
        ("", "a\n", "1 line differs"),
    ],
)
def test_words(left: str, right: str, words: str) -> None:
    assert compare_printed(left, right).text == words


def test_long_outputs_are_cut_and_counted_whole() -> None:
    found = compare_printed("a\n" * 1_000, "a\n" * 999 + "b\n")
    assert (len(found.left), len(found.right), found.cut, found.differing) == (400, 400, True, 1)


def test_outputs_too_unlike_for_the_search() -> None:
    found = compare_printed("a\nb\nc\n", "c\na\nx\n", SearchBudget(0))
    assert found.left == lines("=a ≠b =c")
