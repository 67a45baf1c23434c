"""What an edit changes line by line, and the same edit made in a text that was typed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.source.line_changes import LineChange, line_changes, made_in

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


def applied(before: list[str], changes: tuple[LineChange, ...]) -> list[str]:
    """The other direction, told independently: the changes made in a copy, from the bottom up."""
    lines = list(before)
    for change in reversed(changes):
        assert tuple(lines[change.line - 1 : change.line - 1 + len(change.old)]) == change.old
        lines[change.line - 1 : change.line - 1 + len(change.old)] = change.new
    return lines


@given(LINES, LINES)
def test_the_changes_lead_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    one, other = "\n".join(before), "\n".join(after)
    changes = line_changes(one, other)
    assert "\n".join(applied(one.split("\n"), changes)) == other
    assert (changes == ()) == (one == other)
    assert made_in(one, one, other) == other


@given(LINES, LINES, LINES, LINES)
def test_what_was_typed_around_an_edit_stays(
    above: list[str], before: list[str], after: list[str], below: list[str]
) -> None:
    """The names of lines are unlike, so that nothing that was typed can be taken for what was there."""
    one, other = ["first", *before, "last"], ["first", *after, "last"]
    above, below = [f"above {line}" for line in above], [f"below {line}" for line in below]
    for now in ([*above, *one], [*one, *below]):
        expected = [*above, *other] if now[: len(above)] == above and above else [*other, *now[len(one) :]]
        assert made_in("\n".join(now), "\n".join(one), "\n".join(other)) == "\n".join(expected)


@pytest.mark.parametrize("now", ["a\nx\nc", "a\nx", "", "x\ny\nz\nw"])
def test_where_the_very_line_is_another_one_there_is_no_edit(now: str) -> None:
    assert made_in(now, "a\nb\nc", "a\nB\nc") is None


def test_a_line_that_is_put_in_and_ends_of_lines() -> None:
    assert line_changes("a\r\nb", "a\nnew\nb") == (LineChange(2, (), ("new",)),)
    assert line_changes("a\nb", "a\r\nb") == ()


def test_a_large_text_that_is_different_everywhere_is_one_change() -> None:
    before, after = "\n".join(["a"] * 20_000), "\n".join(["b"] * 20_000)
    assert [(change.line, len(change.old)) for change in line_changes(before, after)] == [(1, 20_000)]
