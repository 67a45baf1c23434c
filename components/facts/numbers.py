"""Nested lists of recorded numbers, as gradients, comparisons and health read them: one number after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..trace import Values


def flat(values: Values) -> Iterator[Any]:
    """Yield each number of nested lists, in order; of one number that number, of ``None`` that ``None``."""
    pending: list[Any] = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(reversed(value))
        else:
            yield value


def elements(values: Values) -> Iterator[tuple[str, Any]]:
    """Yield each number of nested lists with its index (``[0, 2]``; empty for one number), in order."""
    pending: list[tuple[tuple[int, ...], Any]] = [((), values)]
    while pending:
        index, value = pending.pop()
        if isinstance(value, list):
            pending.extend(((*index, place), element) for place, element in reversed(list(enumerate(value))))
        else:
            yield f"[{', '.join(map(str, index))}]" if index else "", value


def finite(value: object) -> float | None:
    """Return a recorded number as a float, ``None`` if it is ``"nan"``, ``"inf"`` or ``"-inf"``."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def exact(value: Any) -> str:
    """Return a recorded number as Python writes it; ``-0.0`` is ``0.0``."""
    return repr(value + 0.0) if isinstance(value, float) else str(value)
