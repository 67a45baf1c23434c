"""Axes for sizes, with a row of their own for what has no place on them: zero on a logarithm, NaN, infinite, None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ...facts.gradients.amounts import Amount
from ...facts.numbers import finite, flat
from .style import Layout, axis

Row = Literal["0", "NaN", "inf", "None"]
# From the axis outwards.
ROWS: tuple[Row, ...] = ("0", "inf", "NaN", "None")
_LOG_FROM = 100
_ROW = 0.095
_MOST_TICKS = 7
_SMALLEST, _LARGEST = -300, 307
_NEAREST, _FARTHEST = 1e-290, 1e306


def norm_or_row(amount: Amount | None) -> float | Row | None:
    """Return a gradient's norm as PyTorch would give it, ``None`` where it is not known."""
    return _row_of(amount) if amount is None or amount.nan or amount.inf else amount.norm


def value_or_row(amount: Amount | None) -> float | Row | None:
    """Return the one number of a gradient with one element, ``None`` where it was not recorded."""
    if amount is None or amount.nan or amount.inf:
        return _row_of(amount)
    return finite(next(flat(amount.values), None))


def _row_of(amount: Amount | None) -> Row:
    return "None" if amount is None else "NaN" if amount.nan else "inf"


@dataclass(frozen=True)
class Scale:
    """An axis (``low`` to ``high``, logarithms where ``log``) and where its rows are drawn."""

    log: bool
    low: float
    high: float
    rows: tuple[tuple[Row, float], ...]

    def place(self, value: float | Row | None) -> float | None:
        """Return where a value is drawn, in the axis's own numbers; ``None`` for nowhere."""
        if isinstance(value, str):
            found = dict(self.rows).get(value)
            return found if found is None or not self.log else 10.0**found
        if self.log and value == 0:
            return self.place("0")
        return value

    def axis(self, room: float = 0.05, **more: object) -> Layout:
        """Return the axis for the layout of a figure, with room behind its ends (a part of its length)."""
        span = self.high - self.low
        low = min([self.low, *(place for _, place in self.rows)])
        ends = [low - span * (room if self.low < 0 and not self.log else 0.05), self.high + span * room]
        ticks = self._ticks()
        places = [place for _, place in self.rows] + ticks
        words = [name for name, _ in self.rows] + [self._word(tick, ticks) for tick in ticks]
        return axis(
            type="log" if self.log else "linear",
            range=ends,
            tickvals=[10.0**place for place in places] if self.log else places,
            ticktext=words,
            showgrid=True,
            **more,
        )

    def _ticks(self) -> list[float]:
        span = self.high - self.low
        if self.log:
            first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
            return [float(tick) for tick in range(first, last + 1, max(1, math.ceil((last - first) / _MOST_TICKS)))]
        power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
        step = next(one * power for one in (1, 2, 5, 10) if one * power * _MOST_TICKS >= span * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]

    def _word(self, tick: float, ticks: list[float]) -> str:
        if not self.log:
            return f"{tick + 0.0:.6g}"
        if ticks[0] >= -3 and ticks[-1] <= 4:
            return f"{10.0**tick:g}"
        return f"10<sup>{tick:g}</sup>"


def scale_of(values: Iterable[float | Row | None], log: bool | None = None) -> Scale:
    """Return the axis for some values; logarithmic, if nobody says, where positive ones span much."""
    known = list(values)
    numbers = [value for value in known if isinstance(value, int | float)]
    positive = [value for value in numbers if value > 0]
    if log is None:
        log = bool(positive) and min(numbers) >= 0 and max(positive) / _LOG_FROM > min(positive)
    rows: set[Row] = {value for value in known if isinstance(value, str)}
    if log:
        rows |= {"0"} if 0 in numbers else set()
        logs = [min(max(math.log10(value), _SMALLEST), _LARGEST) for value in positive]
        low, high = _apart(math.floor(min(logs)), math.ceil(max(logs))) if logs else (-1.0, 0.0)
    else:
        low, high = _apart(min([*numbers, 0.0]), max([*numbers, 0.0]))
    height = (high - low) * _ROW
    present = [row for row in ROWS if row in rows]
    return Scale(log, low, high, tuple((row, low - height * (1.2 + place)) for place, row in enumerate(present)))


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return ends that are apart, but not so far or so near that their difference is no number to reckon with."""
    low, high = max(low, -_FARTHEST), min(high, _FARTHEST)
    if low == high:
        return low, low + 1.0
    return (low, high) if high - low > _NEAREST else (low, low + _NEAREST)
