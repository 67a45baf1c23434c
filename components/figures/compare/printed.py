"""What two programs printed, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.text import plural
from .longest import Budget, by_occurrence, longest_common

_MOST_LINES = 400


@dataclass(frozen=True)
class PrintedLine:
    """A line that was printed; ``same`` is whether the other side printed it too, at that place."""

    text: str
    same: bool


@dataclass(frozen=True)
class Printed:
    """The lines of both sides, the first of them; ``same`` is about everything that was printed."""

    left: tuple[PrintedLine, ...]
    right: tuple[PrintedLine, ...]
    same: bool
    differing: int
    cut: bool = False

    @property
    def text(self) -> str:
        """``the same``, ``2 lines differ``."""
        if self.same:
            return "the same on both sides" if self.left else "nothing on either side"
        if not self.differing:
            return "the end of a line differs"
        return f"{plural(self.differing, 'line')} differ{'s' if self.differing == 1 else ''}"


def compare_printed(left: str, right: str, budget: Budget | None = None) -> Printed:
    """Compare two texts by their lines. A line counts as differing once, though it is there on both sides."""
    one, other = left.split("\n"), right.split("\n")
    # As in the graphs: which of the longest common subsequences is found must not depend on the sides.
    turned = (len(one), one) > (len(other), other)
    first, second = (other, one) if turned else (one, other)
    pairs = longest_common(first, second, budget or Budget(200_000))
    if pairs is None:
        pairs = by_occurrence(first, second)
    shared = [{pair[turned] for pair in pairs}, {pair[not turned] for pair in pairs}]
    lines = [
        tuple(PrintedLine(text, place in shared[side]) for place, text in enumerate(texts))
        for side, texts in enumerate((one, other))
    ]
    # A text that ends with its line has nothing behind it.
    lines = [side[:-1] if side and not side[-1].text else side for side in lines]
    differing = max(sum(not line.same for line in side) for side in lines)
    cut = max(map(len, lines)) > _MOST_LINES
    return Printed(lines[0][:_MOST_LINES], lines[1][:_MOST_LINES], left == right, differing, cut)
