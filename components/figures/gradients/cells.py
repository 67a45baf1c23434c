"""A gradient as a table of cells: its own numbers, or the means of blocks where it is too large to show them all.

Seen as a matrix, all dimensions but the last are the rows, as in the trace's grids.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from ...facts.text import number_text
from .amounts import elements, finite
from .records import Amount
from .words import exact

# What the capture cuts a large gradient into.
_MOST_BLOCKS = 10


@dataclass(frozen=True)
class Table:
    """``numbers`` are ``None`` where a cell is not finite; ``texts`` are exact, ``≈`` before means of blocks.

    ``rows`` and ``columns`` are what stands beside the cells: an index, or the first and last of a block. ``blocks``
    says how large blocks are, empty where each cell is an element.
    """

    numbers: list[list[float | None]]
    texts: list[list[str]]
    rows: list[str]
    columns: list[str]
    blocks: str = ""


def table_of(amount: Amount | None, blocks: bool = False) -> Table | None:
    """Return the cells, ``None`` where there are none to show; ``blocks`` asks for means even of recorded numbers."""
    if amount is None or math.prod(amount.shape) == 0:
        return None
    *outer, columns = amount.shape or (1,)
    rows = math.prod(outer)
    if amount.values is None:
        return _of_grid(amount, rows, columns)
    flat = [value for _, value in elements(amount.values)]
    if len(flat) != rows * columns:
        return None
    numbers = [[finite(value) for value in flat[row * columns : (row + 1) * columns]] for row in range(rows)]
    if blocks and max(rows, columns) > _MOST_BLOCKS:
        return _of_blocks(_means(numbers), rows, columns)
    texts = [[exact(value) for value in flat[row * columns : (row + 1) * columns]] for row in range(rows)]
    return Table(numbers, texts, [_index(row) for row in product(*map(range, outer))], list(map(str, range(columns))))


def _index(index: tuple[int, ...]) -> str:
    return ", ".join(map(str, index)) or "0"


def _of_grid(amount: Amount, rows: int, columns: int) -> Table | None:
    grid = amount.grid
    shape = (min(rows, _MOST_BLOCKS), min(columns, _MOST_BLOCKS))
    # A file that says otherwise is damaged.
    if grid is None or (len(grid.cells), *{len(row) for row in grid.cells}) != shape:
        return None
    thousandths = [[finite(cell) for cell in row] for row in grid.cells]
    means = [[None if one is None else finite(one / 1000 * grid.largest) for one in row] for row in thousandths]
    return _of_blocks(means, rows, columns)


def _of_blocks(means: list[list[float | None]], rows: int, columns: int) -> Table:
    texts = [["not finite" if mean is None else f"≈ {number_text(mean)}" for mean in row] for row in means]
    down, across = _cuts(rows), _cuts(columns)
    size = f"{_sizes(across)} elements" if rows == 1 else f"{_sizes(down)} × {_sizes(across)}"
    return Table(means, texts, _ranges(down), _ranges(across), f"means of blocks of {size}")


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
