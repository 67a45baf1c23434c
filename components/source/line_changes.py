"""What an edit of a program changes, line by line; and the same edit made in a text that was typed on since.

Advice is about the program that ran. Who has typed elsewhere in the meantime keeps that; where the edit and what was
typed meet, there is no edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

# Beyond so many lines the search for what two texts share would take long: they then share only how they begin and end.
_MOST_SEARCHED = 400


@dataclass(frozen=True)
class LineChange:
    """Lines ``old`` from the line ``line`` on (counted from 1) have become ``new``; one of them may be empty."""

    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def line_changes(before: str, after: str) -> tuple[LineChange, ...]:
    """Return what is different in ``after``, from the top down; ends of lines do not count.

    >>> line_changes("a\\nb\\nc", "a\\nB\\nc")
    (LineChange(line=2, old=('b',), new=('B',)),)
    """
    old, new = _lines(before), _lines(after)
    start, end = _shared(old, new)
    one, other = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(one), len(other)) > _MOST_SEARCHED:
        return (LineChange(start + 1, tuple(one), tuple(other)),)
    return tuple(
        LineChange(start + first + 1, tuple(one[first:last]), tuple(other[begin:close]))
        for tag, first, last, begin, close in SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def made_in(now: str, before: str, after: str) -> str | None:
    """Return ``now`` with what turns ``before`` into ``after``; ``None`` where just those lines are other ones now."""
    lines, old = _lines(now), _lines(before)
    start, end = _shared(old, lines)
    moved = len(lines) - len(old)
    for change in reversed(line_changes(before, after)):
        first, last = change.line - 1, change.line - 1 + len(change.old)
        if last > start and first < len(old) - end:
            return None
        shift = moved if last > start else 0
        lines[first + shift : last + shift] = change.new
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _shared(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many lines both have in common where they begin, and how many of the others where they end."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    rest = min(len(one), len(other)) - start
    ends = zip(reversed(one), reversed(other), strict=False)
    end = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    return start, min(end, rest)
