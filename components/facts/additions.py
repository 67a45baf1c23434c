"""What a ``backward()`` did to a leaf's ``.grad``, as a sum that can be checked: ``12 + 12 = 24``.

A sum is shown only where the recorded numbers are one: what a hook changes on the way, or a line in between, is none.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ..trace import Gradient, GradientChange
from .index import TraceIndex
from .numbers import finite, flat
from .text import gradient_text, values_text

# Sums are rounded to the type of the gradient, of which bfloat16 has three digits.
_ROUNDING = 1e-2
_NEGATIVE = re.compile(r"-[\d.]")


class Additions:
    """Finds the ``.grad`` before each change of one trace."""

    def __init__(self, index: TraceIndex) -> None:
        self._before: dict[int, Gradient | None] = {}
        totals: dict[str, Gradient | None] = {}
        for change in index.trace.gradients:
            if change.tensor is not None:
                self._before[id(change)] = totals.get(change.tensor)
                totals[change.tensor] = change.total

    def sum_text(self, change: GradientChange, longest: int) -> str | None:
        """Return ``12 + 12 = 24``; ``None`` where there was nothing before, or it is no sum, or too long."""
        before = self._before.get(id(change))
        added, total = change.added, change.total
        if change.cause != "backward" or before is None or added is None or total is None or _is_zero(before):
            return None
        if not before.shape == added.shape == total.shape or not _adds_up(before, added, total):
            return None
        texts = [values_text(one.values, longest) for one in (before, added, total)]
        if None in texts:
            return None
        old, more, new = map(str, texts)
        sign, more = ("-", more[1:]) if _NEGATIVE.match(more) else ("+", more)
        text = f"{old} {sign} {more} = {new}"
        return text if len(text) <= longest else None

    def total_text(self, change: GradientChange, longest: int) -> str:
        """Return the sum, or else what ``.grad`` came to: ``None``, its numbers, or its shape and mean."""
        if change.total is None:
            return "None"
        return self.sum_text(change, longest) or gradient_text(change.total, longest)


def _is_zero(gradient: Gradient) -> bool:
    numbers = list(flat(gradient.values)) if gradient.values is not None else []
    return bool(numbers) and not any(numbers)


def _adds_up(before: Gradient, added: Gradient, total: Gradient) -> bool:
    if before.values is None or added.values is None or total.values is None:
        return False
    parts = [list(flat(one.values)) for one in (before, added, total)]
    return len({len(part) for part in parts}) == 1 and all(map(_is_sum, *parts))


def _is_sum(old: Any, more: Any, new: Any) -> bool:
    numbers = [finite(one) for one in (old, more, new)]
    if None not in numbers:
        a, b, total = (float(one or 0.0) for one in numbers)
        return math.isclose(a + b, total, rel_tol=_ROUNDING, abs_tol=_ROUNDING * max(abs(a), abs(b)))
    try:
        floats = [float(one) for one in (old, more, new)]
    except (OverflowError, TypeError, ValueError):
        return False
    came = floats[0] + floats[1]
    return came == floats[2] or (math.isnan(came) and math.isnan(floats[2])) or math.isinf(floats[2])
