"""How far two tensors are from each other: element by element where all were recorded, else by their summaries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from components.figures.text import number_text
from components.trace import Number, Summary, Values

State = Literal["same", "rounding", "different", "unknown"]
# torch.allclose's, of the larger magnitude, so that neither side is the expected one.
RTOL, ATOL = 1e-5, 1e-8


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


def difference(left: Values, right: Values, one: Summary | None, other: Summary | None) -> Difference:
    """Compare the values of two tensors of one shape; where they were not recorded, their summaries."""
    if left is None or right is None:
        return _by_summary(one, other)
    largest, unlike, close = 0.0, 0, True
    for a, b in zip(_flat(left), _flat(right), strict=True):
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


def _by_summary(one: Summary | None, other: Summary | None) -> Difference:
    if one is None or other is None:
        return Difference("unknown", note="its numbers were not recorded")
    told = [
        f"{name} {_number(getattr(one, name))} and {_number(getattr(other, name))}"
        for name in ("min", "max", "mean", "std", "nan", "inf")
        if getattr(one, name) != getattr(other, name)
    ]
    if not told and one.zero == other.zero:
        return Difference("same", note="by min, max, mean and std")
    close = all(_close(getattr(one, name), getattr(other, name), one) for name in ("min", "max", "mean", "std"))
    if close and (one.nan, one.inf) == (other.nan, other.inf):
        return Difference("rounding", note="by min, max, mean and std")
    return Difference("different", note="; ".join(told[:3]))


def _close(a: Number | None, b: Number | None, summary: Summary) -> bool:
    if a is None or b is None:
        return a is b
    apart = _apart(a, b)
    # A mean near zero is as exact as the numbers that it is of.
    scale = max(abs(float(end)) for end in (summary.min or 0, summary.max or 0, a, b))
    return apart is not None and apart <= ATOL + RTOL * scale


def _number(value: Number | None) -> str:
    return "none" if value is None else number_text(value)
