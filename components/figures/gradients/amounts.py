"""From a gradient's record to what is known of its size, whichever of its three forms it was recorded in.

Small gradients have their numbers; large ones ``sizes``; those of an older trace, or past a cap, a summary at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from ...trace import Gradient, Summary, Values
from ...trace.records import Sizes
from .records import Amount


class Amounts:
    """Reads gradients; what one call adds is often the very record that another place mentions."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Gradient, Amount]] = {}

    def read(self, gradient: Gradient | None) -> Amount | None:
        """Return the amount, ``None`` for no gradient."""
        if gradient is None:
            return None
        key = id(gradient)
        if key not in self._known:
            self._known[key] = gradient, amount_of(gradient)
        return self._known[key][1]


def amount_of(gradient: Gradient) -> Amount:
    """Return what is known of a gradient's size."""
    shape, summary = tuple(gradient.shape), gradient.summary
    if gradient.values is not None:
        return _counted(shape, gradient.values)
    known = Amount(shape, None, gradient.grid)
    if summary is not None:
        known = replace(known, nan=summary.nan, inf=summary.inf, zero=summary.zero)
    if isinstance(gradient.sizes, Sizes):
        sizes = gradient.sizes
        return replace(known, norm=finite(sizes.norm), smallest=sizes.min, mean=sizes.mean, largest=sizes.max)
    return _summed_up(known, summary) if summary is not None else known


def elements(values: Values) -> Iterator[tuple[tuple[int, ...], object]]:
    """Yield each number of nested lists with its index, in order."""
    pending: list[tuple[tuple[int, ...], Values]] = [((), values)]
    while pending:
        index, value = pending.pop()
        if isinstance(value, list):
            pending.extend(((*index, place), one) for place, one in reversed(list(enumerate(value))))
        else:
            yield index, value


def finite(value: object) -> float | None:
    """Return a recorded number as a float, ``None`` if it is ``"nan"``, ``"inf"`` or ``"-inf"``."""
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def _counted(shape: tuple[int, ...], values: Values) -> Amount:
    numbers, nan, inf, zero = [], 0, 0, 0
    for _, value in elements(values):
        number = finite(value)
        if number is not None:
            numbers.append(abs(number))
            zero += number == 0
        elif value == "nan":
            nan += 1
        else:
            inf += 1
    if not numbers:
        return Amount(shape, values, nan=nan, inf=inf)
    largest = max(numbers)
    # Scaled: the sum of large numbers may be none.
    mean = math.fsum(number / (largest or 1.0) for number in numbers) / len(numbers)
    return Amount(
        shape,
        values,
        norm=finite(math.hypot(*numbers)),
        smallest=min(numbers),
        mean=largest * mean,
        largest=largest,
        nan=nan,
        inf=inf,
        zero=zero,
    )


def _summed_up(known: Amount, summary: Summary) -> Amount:
    """With the norm; of magnitudes a summary knows the largest, and the others at times."""
    low, high, mean, std = (finite(value) for value in (summary.min, summary.max, summary.mean, summary.std))
    count = finite(math.prod(known.shape) - summary.nan - summary.inf)
    if mean is not None and std is not None and count is not None and count >= 0:
        known = replace(known, norm=finite(math.sqrt(count) * math.hypot(mean, std)))
    if low is None or high is None:
        return known
    ends = abs(low), abs(high)
    known = replace(known, largest=max(ends), smallest=0.0 if summary.zero else None)
    if low >= 0 or high <= 0:
        return replace(known, smallest=min(ends), mean=abs(mean) if mean is not None else None)
    return known
