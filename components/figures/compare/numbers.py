"""How far two tensors are from each other.

Element by element where all elements were recorded; else block by block where a gradient's picture was; else by their
summaries. What a trace from a file says wrongly, as numbers that are too many for the shape, is not compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ...facts.text import number_text
from ...trace import Grid, Number, Summary, Values

# ``alike``: the same as far as it was recorded, which is less than every element.
State = Literal["same", "rounding", "alike", "different", "unknown"]
# torch.allclose's, of the larger magnitude, so that neither side is the expected one.
RTOL, ATOL = 1e-5, 1e-8
_TOLD = ("min", "max", "mean", "std")
_NOT_EACH = "not compared element by element"


@dataclass(frozen=True)
class Difference:
    """How two arrays of one shape differ.

    ``largest`` is max |a - b| over the elements that are finite on both sides, ``None`` if no element was recorded.
    ``unlike`` counts elements that are NaN or infinite on one side and something else on the other. ``rounding``: all
    differences are as small as ``torch.allclose`` allows.
    """

    state: State
    largest: float | None = None
    unlike: int = 0
    note: str = ""


_BEYOND = Difference("unknown", note="a number in it is beyond what can be compared")


def difference(
    left: Values,
    right: Values,
    one: Summary | None,
    other: Summary | None,
    grids: tuple[Grid | None, Grid | None] = (None, None),
) -> Difference:
    """Compare the values of two tensors of one shape; where they were not recorded, their grids and summaries."""
    if left is None or right is None:
        return _by_summary(one, other, grids)
    mine, others = list(_flat(left)), list(_flat(right))
    if len(mine) != len(others):
        return Difference("unknown", note="the traces do not have all of its numbers")
    try:
        return _by_element(mine, others)
    except (OverflowError, TypeError, ValueError):
        return _BEYOND


def _by_element(left: list[Any], right: list[Any]) -> Difference:
    largest, unlike, close = 0.0, 0, True
    for a, b in zip(left, right, strict=True):
        apart = _apart(a, b)
        if apart is None:
            unlike += 1
            continue
        largest = max(largest, apart)
        close = close and apart <= ATOL + RTOL * max(abs(float(a)), abs(float(b))) if apart else close
    if unlike:
        words = f"{unlike:,} element{'s' if unlike > 1 else ''} NaN or infinite on one side only"
        return Difference("different", largest, unlike, words)
    if not largest:
        return Difference("same", 0.0)
    return Difference("rounding" if close else "different", largest)


def _apart(a: Any, b: Any) -> float | None:
    """Return |a - b|: 0 for two NaN or two equal infinities, ``None`` where only one of them is finite."""
    if a == b:
        return 0.0
    one, other = float(a), float(b)
    if math.isnan(one) and math.isnan(other):
        return 0.0
    return abs(one - other) if math.isfinite(one) and math.isfinite(other) else None


def _flat(values: Values) -> Iterator[Any]:
    pending: list[Any] = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(reversed(value))
        else:
            yield value


def _by_summary(one: Summary | None, other: Summary | None, grids: tuple[Grid | None, Grid | None]) -> Difference:
    if one is None or other is None:
        return Difference("unknown", note="its numbers were not recorded")
    try:
        found = _of_summaries(one, other)
        blocks = _of_grids(*grids) if found.state == "alike" else None
    except (OverflowError, TypeError, ValueError):
        return _BEYOND
    if blocks is None:
        return found
    if blocks:
        return Difference("different", note=f"the means of {blocks:,} of its blocks differ")
    return Difference("alike", note=f"and the same means of its blocks; {found.note}")


def _of_summaries(one: Summary, other: Summary) -> Difference:
    told = [
        f"{name} {_number(getattr(one, name))} and {_number(getattr(other, name))}"
        for name in (*_TOLD, "nan", "inf")
        if not _equal(getattr(one, name), getattr(other, name))
    ]
    if not told and one.zero == other.zero:
        return Difference("alike", note=_NOT_EACH)
    close = all(_close(getattr(one, name), getattr(other, name), one) for name in _TOLD)
    if close and (one.nan, one.inf) == (other.nan, other.inf):
        # Elements that are zero on one side only may be rounded to it.
        return Difference("alike", note=f"up to rounding; {_NOT_EACH}")
    return Difference("different", note="; ".join(told[:3]))


def _equal(a: Number | None, b: Number | None) -> bool:
    return a is b if a is None or b is None else _apart(a, b) == 0


def _of_grids(one: Grid | None, other: Grid | None) -> int | None:
    """Count the blocks whose means are further apart than they were rounded; ``None`` where they cannot be compared."""
    if one is None or other is None or [len(row) for row in one.cells] != [len(row) for row in other.cells]:
        return None
    mine, others = ([cell for row in grid.cells for cell in row] for grid in (one, other))
    # In thousandths of ``largest``, each rounded by up to a half.
    rounded = (1 + 1e-6) * (one.largest + other.largest) / 2
    return sum(
        abs(a * one.largest - b * other.largest) > rounded if a is not None and b is not None else a is not b
        for a, b in zip(mine, others, strict=True)
    )


def _close(a: Number | None, b: Number | None, summary: Summary) -> bool:
    if a is None or b is None:
        return a is b
    apart = _apart(a, b)
    # A mean near zero is as exact as the numbers that it is of.
    scale = max(abs(float(end)) for end in (summary.min or 0, summary.max or 0, a, b))
    return apart is not None and apart <= ATOL + RTOL * scale


def _number(value: Number | None) -> str:
    return "none" if value is None else number_text(value)
