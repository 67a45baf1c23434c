"""How many numbers of a tensor have which size, by powers of two: of many tensors, by a few calls on all their numbers.

Counted are the bits of the exponent, so no logarithm is taken and the bins have exact edges. Of more than 16 million
numbers every n-th one of the large tensors is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..capture.updates import values_of
from ..trace.recording import LOWEST_POWER, Histogram

_MOST_TENSORS = 1_000
_MOST_NUMBERS, _WHOLE = 1 << 24, 1 << 16
_AT_ONCE = 1 << 22
# Of the bits of a float32 without its sign: less one, and without the digits, they are -1 for zero, 0 for what is up to
# 2**-126, ... 254 for more than 2**127 and infinity, 255 for NaN.
_SIGN, _DIGITS = 0x7FFFFFFF, 23
_CLASSES = 257


class Sizes(NamedTuple):
    """Histograms as they were counted: a row each, by ``names``. The records are made once they are to be kept.

    ``counts`` are of the bins from ``lowest`` on; ``others`` of zeros, NaN and infinities.
    """

    names: list[str]
    lowest: int
    counts: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def numbers(self) -> int:
        """How many the records hold at most."""
        return self.counts.size

    def records(self) -> Iterator[tuple[str, Histogram]]:
        """Yield the histogram of each name."""
        for name, row, (zeros, nan, inf) in zip(self.names, self.counts, self.others.tolist(), strict=True):
            there = np.flatnonzero(row)
            first, end = (int(there[0]), int(there[-1]) + 1) if there.size else (0, 0)
            lowest = self.lowest + first if there.size else 0
            yield name, Histogram(lowest=lowest, counts=row[first:end].tolist(), zeros=zeros, nan=nan, inf=inf)


def sizes_of(names: Sequence[str], tensors: Sequence[torch.Tensor]) -> Iterator[Sizes]:
    """Count the numbers of each tensor, but those that have none and those beyond the first 1,000."""
    values = [(name, values_of(tensor)) for name, tensor in zip(names, tensors[:_MOST_TENSORS], strict=False)]
    known = [(name, each) for name, each in values if each is not None and each.numel()]
    stride = max(1, math.ceil(sum(each.numel() for _, each in known) / _MOST_NUMBERS)) | 1
    rows = [(name, _row(each, stride)) for name, each in known]
    for device in {row.device for _, row in rows}:
        for some in _portions([(name, row) for name, row in rows if row.device == device]):
            yield _counted([name for name, _ in some], [row for _, row in some])


def _row(values: torch.Tensor, stride: int) -> torch.Tensor:
    row = values.reshape(-1)
    row = row[::stride] if stride > 1 and row.numel() > _WHOLE else row
    if row.dtype is torch.float32:
        return row
    if row.dtype is not torch.float64:
        return row.to(torch.float32)
    # What is too large or too small for a float32 belongs into the outermost bins.
    limits = torch.finfo(torch.float32)
    near = torch.where(row.isinf(), row, row.clamp(limits.min, limits.max))
    return torch.where((row != 0) & (row.abs() < limits.tiny), limits.tiny, near).to(torch.float32)


def _portions(rows: Sequence[tuple[str, torch.Tensor]]) -> Iterator[list[tuple[str, torch.Tensor]]]:
    portion: list[tuple[str, torch.Tensor]] = []
    numbers = 0
    for name, row in rows:
        if portion and numbers + row.numel() > _AT_ONCE:
            yield portion
            portion, numbers = [], 0
        portion.append((name, row))
        numbers += row.numel()
    if portion:
        yield portion


def _counted(names: list[str], rows: list[torch.Tensor]) -> Sizes:
    """Count all rows; the device is waited for once."""
    bits = torch.cat(rows).view(torch.int32)
    bits &= _SIGN
    bits -= 1
    bits >>= _DIGITS
    own = torch.split(bits, [row.numel() for row in rows])
    torch._foreach_add_(own, [1 + _CLASSES * place for place in range(len(rows))])
    found: NDArray[np.int64] = torch.bincount(bits, minlength=_CLASSES * len(rows)).cpu().numpy()
    found = found.reshape(len(rows), _CLASSES)
    others = np.stack([found[:, 0], found[:, -1], np.zeros_like(found[:, 0])], axis=1)
    for place in np.flatnonzero(found[:, -2]).tolist():
        others[place, 2] = int(rows[place].isinf().sum())
    counts = found[:, 1:-1]
    counts[:, -1] -= others[:, 2]
    there = np.flatnonzero(counts.any(axis=0))
    first, end = (int(there[0]), int(there[-1]) + 1) if there.size else (0, 0)
    return Sizes(names, LOWEST_POWER + first, counts[:, first:end].copy(), others)
