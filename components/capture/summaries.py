"""The numbers of many tensors, summed up together: a call of NumPy's costs more than a small tensor's elements.

Tensors of one size are copied into the rows of one block as they are seen. When the block is full, and at the end of
the run, each of its rows is worked out, all by the same few calls. Where there is room, full blocks wait for that, too:
whoever records a training lets most of what is recorded go, and works out what is kept when nobody waits.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

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
Shape = tuple[int, ...]


class Reading(Struct, eq=False, gc=False):
    """What was read of one tensor; of more than one element it is there after ``Summaries.finish``."""

    values: Values = None
    summary: Summary | None = None
    grid: Grid | None = None
    sizes: Sizes | UnsetType = UNSET
    turned: Reading | None = None

    def of_transposed(self) -> Reading:
        """Return what would be read of the same matrix with its dimensions exchanged."""
        if self.turned is None:
            self.turned = Reading()
            self.told()
        return self.turned

    def told(self) -> None:
        """It is known by now."""
        if self.turned is not None and self.summary is not None:
            self.turned.summary, self.turned.sizes = self.summary, self.sizes
            if self.grid is not None:
                cells = [list(column) for column in zip(*self.grid.cells, strict=True)]
                self.turned.grid = Grid(largest=self.grid.largest, cells=cells)


class Wanted(NamedTuple):
    """What is wanted beside a summary: a grid of a matrix with so many ``columns`` (0: none), the sizes of elements."""

    columns: int = 0
    sizes: bool = False


SUMMARY_ALONE = Wanted()


class _Block:
    """Tensors of one size of which the same is wanted; their ``shape`` where that is their values, too."""

    def __init__(self, elements: int, kind: type[np.floating[Any]], wanted: Wanted, shape: Shape | None) -> None:
        self.capacity = max(1, min(_BLOCK_ROWS, _BLOCK_ELEMENTS // elements))
        self._copies: NDArray[np.floating[Any]] = np.empty((self.capacity, elements), kind)
        self._wanted = wanted
        self._shape = shape
        self._readings: list[Reading] = []

    @property
    def size(self) -> int:
        """Its elements, whether they are used or not."""
        return self._copies.size

    @property
    def nbytes(self) -> int:
        """The bytes of its copies."""
        return self._copies.nbytes

    def add(self, numbers: NDArray[Any], reading: Reading) -> bool:
        """Take a tensor's elements, in a row; say whether that was the last for which there is room."""
        self._copies[len(self._readings)] = numbers
        self._readings.append(reading)
        return len(self._readings) == self.capacity

    def finish(self) -> None:
        """Work out what is in here, and let go of it."""
        readings, self._readings = self._readings, []
        if not readings:
            return
        rows = _doubles(self._copies[: len(readings)])
        for reading, summary, sizes in zip(readings, *_summaries(rows, sizes=self._wanted.sizes), strict=True):
            reading.summary, reading.sizes = summary, sizes
        if self._shape is not None:
            for reading, values in zip(readings, rows.reshape(-1, *self._shape).tolist(), strict=True):
                odd = reading.summary is not None and (reading.summary.nan or reading.summary.inf)
                reading.values = json_numbers(values) if odd else values
        if self._wanted.columns:
            for reading, grid in zip(readings, _grids(rows, self._wanted.columns), strict=True):
                reading.grid = grid
        for reading in readings:
            reading.told()


class Summaries:
    """The blocks of one run; ``room`` is for how many bytes of copies full ones may wait for ``finish``."""

    def __init__(self, room: int = 0) -> None:
        self._blocks: dict[tuple[int, type[np.floating[Any]], Wanted, Shape | None], _Block] = {}
        self._elements = 0
        self._waiting: list[_Block] = []
        self._room = room

    @property
    def held(self) -> int:
        """The bytes of what waits."""
        return sum(block.nbytes for block in (*self._waiting, *self._blocks.values()))

    def add(
        self,
        numbers: NDArray[Any],
        reading: Reading,
        wanted: Wanted = SUMMARY_ALONE,
        shape: Shape | None = None,
    ) -> None:
        """Copy a tensor's elements, at least one, and put what is wanted of them into ``reading`` some time later.

        Where there is a ``shape``, all elements are wanted, too, as nested lists of this shape.
        """
        kind = np.float32 if numbers.dtype == np.float32 else np.float64
        key = numbers.size, kind, wanted, shape
        block = self._blocks.get(key)
        if block is None:
            block = _Block(numbers.size, kind, wanted, shape)
            if block.size <= _BLOCK_ELEMENTS:
                if self._elements > _MOST_ELEMENTS:
                    self._finish_open()
                self._elements += block.size
                self._blocks[key] = block
        if block.add(numbers, reading):
            self._full(key, block)

    def _full(self, key: tuple[int, type[np.floating[Any]], Wanted, Shape | None], block: _Block) -> None:
        if block.nbytes > self._room:
            block.finish()
            return
        self._room -= block.nbytes
        self._waiting.append(block)
        if self._blocks.pop(key, None) is not None:
            self._elements -= block.size

    def _finish_open(self) -> None:
        blocks, self._blocks, self._elements = self._blocks, {}, 0
        for block in blocks.values():
            block.finish()

    def forget(self) -> None:
        """Let go of all that is left."""
        self._waiting, self._blocks, self._elements = [], {}, 0

    def finish(self) -> None:
        """Work out all that is left."""
        waiting, self._waiting = self._waiting, []
        for block in waiting:
            block.finish()
        self._finish_open()


def _doubles(copies: NDArray[np.floating[Any]]) -> Doubles:
    """Return the same numbers with the precision that they are worked out with."""
    if copies.dtype == np.float64:
        return copies  # type: ignore[return-value]
    rows = _wide[: copies.size].reshape(copies.shape) if copies.size <= _wide.size else np.empty(copies.shape)
    np.copyto(rows, copies)
    return rows


def _summaries(rows: Doubles, *, sizes: bool) -> tuple[list[Summary], list[Sizes | UnsetType]]:
    """Sum up each row; ``sizes`` says whether these are wanted, too.

    A pass over the elements takes longer than all else, so what one pass has found out is used wherever it can be.
    """
    work = _workspace[: rows.size].reshape(rows.shape) if rows.size <= _workspace.size else np.empty(rows.shape)
    count = rows.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        totals = np.add.reduce(rows, axis=1)
        if not np.isfinite(totals).all():
            return _each(rows, sizes=sizes)
        means = totals / count
        np.subtract(rows, means[:, None], out=work)
        np.multiply(work, work, out=work)
        deviations = np.sqrt(np.add.reduce(work, axis=1) / count)
    lowest, highest = np.minimum.reduce(rows, axis=1), np.maximum.reduce(rows, axis=1)
    found: list[Sizes | UnsetType] = [UNSET] * len(rows)
    if sizes:
        largest = np.maximum(np.abs(lowest), np.abs(highest))
        if not ((largest == 0) | ((largest > _SMALLEST) & (largest < _LARGEST))).all():
            return _each(rows, sizes=True)
        np.abs(rows, out=work)
        smallest, amounts = np.minimum.reduce(work, axis=1), np.add.reduce(work, axis=1) / count
        # The mean square is the variance and the square of the mean.
        norms = np.hypot(deviations, means) * math.sqrt(count)
        columns = (column.tolist() for column in (smallest, amounts, largest, norms))
        found = [Sizes(min=low, mean=mean, max=high, norm=norm) for low, mean, high, norm in zip(*columns, strict=True)]
        zeros = _zeros(rows, (smallest == 0).tolist())
    else:
        zeros = _zeros(rows, ((lowest <= 0) & (highest >= 0)).tolist())
    columns = (column.tolist() for column in (lowest, highest, means, deviations))
    return [
        Summary(min=low, max=high, mean=mean, std=json_number(deviation), nan=0, inf=0, zero=zero)
        for low, high, mean, deviation, zero in zip(*columns, zeros, strict=True)
    ], found


# Used by one thread at a time, as all of capture: new memory costs more than what is done in it.
_workspace: Doubles = np.empty(_BLOCK_ELEMENTS)
_wide: Doubles = np.empty(_BLOCK_ELEMENTS)
# Squares of what lies between are numbers of full precision.
_SMALLEST, _LARGEST = 1e-140, 1e140


def _zeros(rows: Doubles, some: list[bool]) -> list[int]:
    """Count the zeros of each row; ``some`` says which can have any."""
    count = rows.shape[1]
    return [count - int(np.count_nonzero(row)) if each else 0 for row, each in zip(rows, some, strict=True)]


def _each(rows: Doubles, *, sizes: bool) -> tuple[list[Summary], list[Sizes | UnsetType]]:
    """Sum up one row after the other, since some have elements that are infinite, no numbers, very large or small."""
    return [_summary(row) for row in rows], [_sizes(row) if sizes else UNSET for row in rows]


def _summary(numbers: Doubles) -> Summary:
    """Min, max, mean and population standard deviation of the finite elements, and what the others are."""
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


def _sizes(numbers: Doubles) -> Sizes | UnsetType:
    """How large the finite elements are. Scaled, so that no square is too large or too small."""
    magnitudes = np.abs(numbers[np.isfinite(numbers)])
    if not magnitudes.size:
        return UNSET
    smallest, largest = float(np.minimum.reduce(magnitudes)), float(np.maximum.reduce(magnitudes))
    magnitudes /= largest or 1.0
    mean = largest * (float(np.add.reduce(magnitudes)) / magnitudes.size)
    magnitudes *= magnitudes
    norm = largest * math.sqrt(float(np.add.reduce(magnitudes)))
    return Sizes(min=smallest, mean=mean, max=largest, norm=json_number(norm))


def _grids(rows: Doubles, columns: int) -> list[Grid]:
    """Average each row's blocks, as the matrix with so many columns that it is."""
    matrices = rows.reshape(len(rows), -1, columns)
    (_, heights), (across, widths) = (_cuts(size) for size in matrices.shape[1:])
    with np.errstate(invalid="ignore", over="ignore"):
        means = _summed_down(matrices)
        means = np.add.reduceat(means, across, axis=2) if columns > _MOST_BLOCKS else means
        means = means / (heights[:, None] * widths)
        sizes = np.abs(means)
        largest = np.maximum.reduce(sizes, axis=(1, 2))
        odd = not np.isfinite(largest).all()
        finite = np.isfinite(sizes) if odd else True
        largest = np.max(sizes, axis=(1, 2), initial=0.0, where=finite) if odd else largest
        scale = np.where(largest == 0, 1.0, largest)[:, None, None]
        parts = np.rint((np.where(finite, means, 0.0) if odd else means) / scale * _THOUSANDTHS).astype(np.int64)
    cells: list[list[list[int | None]]] = parts.tolist()
    if odd:
        for matrix, row, column in np.argwhere(~np.isfinite(sizes)).tolist():
            cells[matrix][row][column] = None
    return [Grid(largest=most, cells=each) for most, each in zip(largest.tolist(), cells, strict=True)]


def _summed_down(matrices: Doubles) -> Doubles:
    """Add up the rows of each part of each matrix, in order: ``np.add.reduceat``, at a fraction of its time."""
    height = matrices.shape[1]
    if height <= _MOST_BLOCKS:
        return matrices
    starts, heights = _cuts(height)
    least = height // _MOST_BLOCKS
    first = matrices[:, (starts[:, None] + np.arange(least)).reshape(-1)]
    sums: Doubles = np.add.reduce(first.reshape(len(matrices), _MOST_BLOCKS, least, -1), axis=2)
    higher = np.flatnonzero(heights > least)
    sums[:, higher] += matrices[:, starts[higher] + least]
    return sums


@cache
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
