"""What is known of a gradient's size and of its numbers, whichever of its three forms it was recorded in.

Small gradients have their numbers; large ones ``sizes`` and a grid of means; those of an older trace, or past a cap, a
summary at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from ...trace import Gradient, Grid, Summary, Values
from ...trace.records import Sizes
from ..index import TraceIndex
from ..numbers import exact, finite, flat
from ..text import number_text, shape_text

# What the capture cuts a large gradient into.
_MOST_BLOCKS = 10


@dataclass(frozen=True)
class Amount:
    """How much a gradient is: its numbers where they were recorded, and its size.

    ``norm`` is Euclidean; ``smallest``, ``mean`` and ``largest`` are of the magnitudes. All four are of the finite
    elements, and ``None`` where they are not known. ``nan``, ``inf`` and ``zero`` count elements.
    """

    shape: tuple[int, ...]
    values: Values = None
    grid: Grid | None = None
    norm: float | None = None
    smallest: float | None = None
    mean: float | None = None
    largest: float | None = None
    nan: int = 0
    inf: int = 0
    zero: int = 0


def amount_in(index: TraceIndex, gradient: Gradient | None) -> Amount | None:
    """Return what is known of a gradient of the trace, ``None`` for none; the same object for the same record."""
    if gradient is None:
        return None
    known = index.once(_known_amounts)
    if id(gradient) not in known:
        known[id(gradient)] = amount_of(gradient)
    return known[id(gradient)]


def _known_amounts(_index: TraceIndex) -> dict[int, Amount]:
    return {}


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


def _counted(shape: tuple[int, ...], values: Values) -> Amount:
    numbers, nan, inf, zero = [], 0, 0, 0
    for value in flat(values):
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


def size_text(amount: Amount | None) -> str:
    """Return the size of a gradient in a few words: ``norm 5, |g| 0 to 4, mean 2.333; 1 NaN``."""
    if amount is None:
        return "None"
    said = [f"norm {number_text(amount.norm)}"] if amount.norm is not None else []
    if amount.smallest is not None and amount.largest is not None:
        said.append(f"|g| {number_text(amount.smallest)} to {number_text(amount.largest)}")
    elif amount.largest is not None:
        said.append(f"|g| to {number_text(amount.largest)}")
    if amount.mean is not None:
        said.append(f"mean |g| {number_text(amount.mean)}")
    if amount.nan:
        said.append(f"{amount.nan:,} NaN")
    if amount.inf:
        said.append(f"{amount.inf:,} infinite")
    return ", ".join(said) or f"{shape_text(list(amount.shape))}, not recorded"


# --- as a table of cells


@dataclass(frozen=True)
class CellTable:
    """``numbers`` are ``None`` where a cell is not finite; ``texts`` are exact, ``≈`` before means of blocks.

    ``rows`` and ``columns`` are what stands beside the cells: an index, or the first and last of a block. ``blocks``
    says how large blocks are, empty where each cell is an element.
    """

    numbers: list[list[float | None]]
    texts: list[list[str]]
    rows: list[str]
    columns: list[str]
    blocks: str = ""


def table_of(amount: Amount | None, blocks: bool = False) -> CellTable | None:
    """Return the cells, ``None`` where there are none to show; ``blocks`` asks for means even of recorded numbers."""
    if amount is None or math.prod(amount.shape) == 0:
        return None
    *outer, columns = amount.shape or (1,)
    rows = math.prod(outer)
    if amount.values is None:
        return _of_grid(amount, rows, columns)
    numbers = list(flat(amount.values))
    if len(numbers) != rows * columns:
        return None
    cells = [numbers[row * columns : (row + 1) * columns] for row in range(rows)]
    known = [[finite(value) for value in row] for row in cells]
    if blocks and max(rows, columns) > _MOST_BLOCKS:
        return _of_blocks(_means(known), rows, columns)
    texts = [[exact(value) for value in row] for row in cells]
    beside = [", ".join(map(str, index)) or "0" for index in product(*map(range, outer))]
    return CellTable(known, texts, beside, list(map(str, range(columns))))


def _of_grid(amount: Amount, rows: int, columns: int) -> CellTable | None:
    grid = amount.grid
    shape = (min(rows, _MOST_BLOCKS), min(columns, _MOST_BLOCKS))
    # A file that says otherwise is damaged.
    if grid is None or (len(grid.cells), *{len(row) for row in grid.cells}) != shape:
        return None
    thousandths = [[finite(cell) for cell in row] for row in grid.cells]
    means = [[None if one is None else finite(one / 1000 * grid.largest) for one in row] for row in thousandths]
    return _of_blocks(means, rows, columns)


def _of_blocks(means: list[list[float | None]], rows: int, columns: int) -> CellTable:
    texts = [["not finite" if mean is None else f"≈ {number_text(mean)}" for mean in row] for row in means]
    down, across = _cuts(rows), _cuts(columns)
    size = f"{_sizes(across)} elements" if rows == 1 else f"{_sizes(down)} × {_sizes(across)}"
    return CellTable(means, texts, _ranges(down), _ranges(across), f"means of blocks of {size}")


def _cuts(size: int) -> list[int]:
    blocks = min(size, _MOST_BLOCKS)
    return [place * size // blocks for place in range(blocks + 1)]


def _ranges(cuts: Sequence[int]) -> list[str]:
    return [str(first) if first + 1 == end else f"{first}–{end - 1}" for first, end in pairwise(cuts)]


def _sizes(cuts: Sequence[int]) -> str:
    sizes = sorted({end - first for first, end in pairwise(cuts)})
    return "–".join(map(str, sizes))


def _means(numbers: list[list[float | None]]) -> list[list[float | None]]:
    down, across = _cuts(len(numbers)), _cuts(len(numbers[0]))
    return [
        [_mean([one for row in numbers[top:bottom] for one in row[left:right]]) for left, right in pairwise(across)]
        for top, bottom in pairwise(down)
    ]


def _mean(numbers: list[float | None]) -> float | None:
    known = [one for one in numbers if one is not None]
    return math.fsum(one / len(known) for one in known) if len(known) == len(numbers) else None
