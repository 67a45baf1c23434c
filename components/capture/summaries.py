"""The numbers of many tensors, summed up together: a call of NumPy's costs more than a small tensor's elements.

Tensors of one size are copied into the rows of one block as they are seen. When the block is full, and at the end of
the run, each of its rows is worked out, all by the same few calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET, Struct, UnsetType
from numpy.typing import NDArray

from ..trace import Grid, Number, Summary, Values
from ..trace.records import Sizes

_MOST_BLOCKS = 10
_THOUSANDTHS = 1_000
_BLOCK_ELEMENTS = 1 << 15
_BLOCK_ROWS = 256
_MOST_ELEMENTS = 1 << 20

Doubles = NDArray[np.float64]


class Reading(Struct, eq=False):
    """What was read of one tensor. All but ``values`` of a small one is there after ``Summaries.finish``."""

    values: Values = None
    summary: Summary | None = None
    grid: Grid | None = None
    sizes: Sizes | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted beside a summary: a grid of a matrix with so many ``columns`` (0: none), the sizes of elements."""

    columns: int = 0
    sizes: bool = False


SUMMARY_ALONE = Wanted()


class _Block:
    """Tensors of one size of which the same is wanted."""

    def __init__(self, elements: int, wanted: Wanted, listed: bool) -> None:
        self.capacity = max(1, min(_BLOCK_ROWS, _BLOCK_ELEMENTS // elements))
        self.size = self.capacity * elements
        self._elements = elements
        self._wanted = wanted
        self._copies: Doubles | None = None if listed else np.empty((self.capacity, elements))
        self._readings: list[Reading] = []

    def add(self, numbers: NDArray[Any] | None, reading: Reading) -> None:
        """Take a tensor's elements, in a row; ``None`` where the reading has them as values."""
        if self._copies is not None:
            self._copies[len(self._readings)] = numbers
        self._readings.append(reading)
        if len(self._readings) == self.capacity:
            self.finish()

    def finish(self) -> None:
        """Work out what is in here, and let go of it."""
        readings, self._readings = self._readings, []
        if not readings:
            return
        if self._copies is not None:
            rows = self._copies[: len(readings)]
        else:
            rows = np.array([reading.values for reading in readings], np.float64).reshape(-1, self._elements)
        for reading, summary in zip(readings, _summaries(rows), strict=True):
            reading.summary = summary
            if reading.values is not None and (summary.nan or summary.inf):
                reading.values = json_numbers(reading.values)
        if self._wanted.columns:
            for reading, grid in zip(readings, _grids(rows, self._wanted.columns), strict=True):
                reading.grid = grid
        if self._wanted.sizes:
            for reading, sizes in zip(readings, _sizes(rows, readings), strict=True):
                reading.sizes = sizes


class Summaries:
    """The blocks of one run."""

    def __init__(self) -> None:
        self._copied: dict[tuple[int, Wanted], _Block] = {}
        self._listed: dict[tuple[int, ...], _Block] = {}
        self._elements = 0

    def add(self, numbers: NDArray[Any], reading: Reading, wanted: Wanted) -> None:
        """Copy a tensor's elements, at least one, and put what is wanted of them into ``reading`` some time later."""
        block = self._copied.get((numbers.size, wanted))
        if block is None:
            block = _Block(numbers.size, wanted, listed=False)
            if block.size <= _BLOCK_ELEMENTS:
                self._make_room(block)
                self._copied[numbers.size, wanted] = block
        block.add(numbers, reading)

    def add_listed(self, shape: tuple[int, ...], elements: int, reading: Reading) -> None:
        """Sum up a tensor whose elements are all in ``reading.values``, as nested lists of this shape."""
        block = self._listed.get(shape)
        if block is None:
            block = _Block(elements, SUMMARY_ALONE, listed=True)
            self._make_room(block)
            self._listed[shape] = block
        block.add(None, reading)

    def _make_room(self, block: _Block) -> None:
        if self._elements > _MOST_ELEMENTS:
            self.finish()
        self._elements += block.size

    def finish(self) -> None:
        """Work out all that is left."""
        blocks = [*self._copied.values(), *self._listed.values()]
        self._copied, self._listed, self._elements = {}, {}, 0
        for block in blocks:
            block.finish()


def _summaries(rows: Doubles) -> list[Summary]:
    """Min, max, mean and population standard deviation of each row's finite elements, and what the others are."""
    count = rows.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        totals = np.add.reduce(rows, axis=1)
        if not np.isfinite(totals).all():
            return [_summary(row) for row in rows]
        means = totals / count
        away = rows - means[:, None]
        away *= away
        deviations = np.sqrt(np.add.reduce(away, axis=1) / count)
    lowest, highest = np.minimum.reduce(rows, axis=1), np.maximum.reduce(rows, axis=1)
    columns = (column.tolist() for column in (lowest, highest, means, deviations))
    return [
        Summary(min=low, max=high, mean=mean, std=json_number(deviation), nan=0, inf=0, zero=zero)
        for low, high, mean, deviation, zero in zip(*columns, _zeros(rows), strict=True)
    ]


def _zeros(rows: Doubles) -> list[int]:
    """Count the zeros of each row; most blocks have none, which one call tells."""
    if np.count_nonzero(rows) == rows.size:
        return [0] * len(rows)
    return [rows.shape[1] - int(np.count_nonzero(row)) for row in rows]


def _summary(numbers: Doubles) -> Summary:
    """Sum up one row, some of whose elements may be infinite or no numbers."""
    count = numbers.size
    zero = count - int(np.count_nonzero(numbers))
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(numbers)
        nan = int(np.isnan(numbers).sum())
        inf = count - nan - int(finite.sum())
        numbers = numbers[finite]
        if numbers.size == 0:
            return Summary(min=None, max=None, mean=None, std=None, nan=nan, inf=inf, zero=zero)
        mean = float(np.add.reduce(numbers)) / numbers.size
        away = numbers - mean
        variance = float(np.add.reduce(away * away)) / numbers.size
    return Summary(
        min=float(np.minimum.reduce(numbers)),
        max=float(np.maximum.reduce(numbers)),
        mean=json_number(mean),
        std=json_number(math.sqrt(variance)),
        nan=nan,
        inf=inf,
        zero=zero,
    )


def _sizes(rows: Doubles, readings: list[Reading]) -> list[Sizes | UnsetType]:
    """How large the finite elements of each row are."""
    odd = [reading.summary is None or bool(reading.summary.nan or reading.summary.inf) for reading in readings]
    if not any(odd):
        return _sizes_of_finite(rows)
    each = (row[np.isfinite(row)] for row in rows)
    return [size for row in each for size in (_sizes_of_finite(row[None]) if row.size else [UNSET])]


def _sizes_of_finite(rows: Doubles) -> list[Sizes | UnsetType]:
    """Scaled, so that no square is too large or too small."""
    count = rows.shape[1]
    magnitudes = np.abs(rows)
    smallest, largest = np.minimum.reduce(magnitudes, axis=1), np.maximum.reduce(magnitudes, axis=1)
    magnitudes /= np.where(largest == 0, 1.0, largest)[:, None]
    means = largest * (np.add.reduce(magnitudes, axis=1) / count)
    magnitudes *= magnitudes
    with np.errstate(over="ignore"):
        norms = largest * np.sqrt(np.add.reduce(magnitudes, axis=1))
    columns = (smallest, means, largest, norms)
    return [
        Sizes(min=low, mean=mean, max=high, norm=json_number(norm))
        for low, mean, high, norm in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _grids(rows: Doubles, columns: int) -> list[Grid]:
    matrices = rows.reshape(len(rows), -1, columns)
    (down, heights), (across, widths) = (_cuts(size) for size in matrices.shape[1:])
    with np.errstate(invalid="ignore", over="ignore"):
        means = np.add.reduceat(np.add.reduceat(matrices, down, axis=1), across, axis=2)
        means /= heights[:, None] * widths
        sizes = np.abs(means)
        finite = np.isfinite(sizes)
        all_finite = bool(finite.all())
        largest = np.max(sizes, axis=(1, 2), initial=0.0, where=True if all_finite else finite)
        scale = np.where(largest == 0, 1.0, largest)[:, None, None]
        parts = np.rint(np.where(finite, means, 0.0) / scale * _THOUSANDTHS).astype(np.int64)
    cells: list[list[list[int | None]]] = parts.tolist()
    if not all_finite:
        for matrix, row, column in np.argwhere(~finite).tolist():
            cells[matrix][row][column] = None
    return [Grid(largest=most, cells=each) for most, each in zip(largest.tolist(), cells, strict=True)]


def _cuts(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the parts of a dimension begin, and how long each is."""
    blocks = min(size, _MOST_BLOCKS)
    starts = np.arange(blocks) * size // blocks
    return starts, np.diff(starts, append=size)


def json_number(value: float | int | bool) -> Number:
    """Return the number, or its name where JSON has no number for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def json_numbers(values: Any) -> Values:
    """Replace non-finite floats in nested lists; their depth is that of the tensor's dimensions, at most 64."""
    if isinstance(values, list):
        return [json_numbers(value) for value in values]
    return json_number(values)
