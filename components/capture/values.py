"""A tensor's numbers in JSON: nested lists for small ones, seven numbers for any."""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np
import torch
from msgspec import UNSET
from numpy.typing import NDArray

from ..trace import Caps, Gradient, Grid, Number, Summary, Values
from ..trace.records import Sizes
from .drafts import Truncations
from .quiet import plain, quiet, shape_of

# A summary copies the tensor to float64: the program must not run out of memory because it was looked at.
_LARGEST_SUMMARISED = 4_000_000
_MOST_BLOCKS = 10
_THOUSANDTHS = 1_000
_MOST_PASSING = 1_024
_MOST_SIZES = 20_000

Doubles = NDArray[np.float64]


class ValueReader:
    """Reads values and summaries as long as the budget for them lasts."""

    def __init__(self, caps: Caps, truncations: Truncations) -> None:
        self._per_tensor = caps.values_per_tensor
        self._values = truncations.allowance("values", caps.values, "the values of later tensors and gradients")
        self._grids = truncations.allowance("values", caps.grids, "the heat maps of later gradients")
        self._summarised = truncations.allowance(
            "values", caps.summarised_elements, "the summaries of later tensors and gradients"
        )
        self._sizes = truncations.allowance("values", _MOST_SIZES, "the sizes of the elements of later gradients")
        # What one node sends is what the next one gets: by id(), as long as that tensor lives and nothing touched it.
        self._passing: dict[int, tuple[weakref.ref[torch.Tensor], tuple[int, int], Gradient]] = {}

    def read(self, tensor: torch.Tensor) -> tuple[Values, Summary | None]:
        """Return ``(values, summary)``; either is ``None`` where there is nothing to show or the budget is spent."""
        with quiet():
            flat = plain(tensor)
            if flat is None or flat.is_complex():
                return None, None
            if flat.numel() == 1:
                return self._single(flat)
            numbers = self._doubles(flat)
            summary = _summary(numbers) if numbers is not None else None
            return self._all(flat, summary), summary

    def numbers(self, tensor: torch.Tensor) -> Values:
        """Return a small tensor's values alone; ``None`` where there is nothing to show or the budget is spent."""
        flat = plain(tensor) if tensor.numel() <= self._per_tensor else None
        return self._all(flat, None) if flat is not None and not flat.is_complex() else None

    def gradient(self, tensor: torch.Tensor | None) -> Gradient | None:
        """Return the record of one gradient, ``None`` for an undefined one. Call it inside ``quiet()``."""
        return self._gradient(tensor) if tensor is not None else None

    def nothing_passes(self) -> None:
        """An engine run begins or ends: what the program does between two runs of one line leaves no mark here."""
        self._passing.clear()

    def passing(self, tensor: torch.Tensor | None, begun: int | None) -> Gradient | None:
        """Return the record of a gradient between two nodes; the one node's is the other's.

        ``begun`` is the program's last step: a line of its own (a hook) may change a tensor past its version counter.
        """
        if tensor is None:
            return None
        if begun is None or tensor.numel() == 1 or tensor.is_inference():
            return self._gradient(tensor)
        state = begun, int(tensor._version)
        reference, then, known = self._passing.get(id(tensor), (None, None, None))
        if known is not None and reference is not None and reference() is tensor and then == state:
            return known
        gradient = self._gradient(tensor)
        if len(self._passing) >= _MOST_PASSING:
            self._passing.clear()
        self._passing[id(tensor)] = weakref.ref(tensor), state, gradient
        return gradient

    def _gradient(self, tensor: torch.Tensor) -> Gradient:
        shape = shape_of(tensor)
        flat = plain(tensor)
        if flat is None or flat.is_complex():
            return Gradient(shape=shape, values=None, summary=None)
        if flat.numel() == 1:
            values, summary = self._single(flat)
            return Gradient(shape=shape, values=values, summary=summary)
        numbers = self._doubles(flat)
        summary = _summary(numbers) if numbers is not None else None
        values = self._all(flat, summary)
        wanted = values is None and numbers is not None and numbers.size > 0 and flat.is_floating_point()
        if not wanted or numbers is None or summary is None:
            return Gradient(shape=shape, values=values, summary=summary)
        grid = _grid(numbers, shape[-1]) if self._grids.take() else None
        sizes = _sizes(numbers, summary) if summary.max is not None and self._sizes.take() else UNSET
        return Gradient(shape=shape, values=values, summary=summary, grid=grid, sizes=sizes)

    def _single(self, flat: torch.Tensor) -> tuple[Values, Summary | None]:
        """The one element of a tensor, in as many lists as it has dimensions."""
        number = flat.item()
        summary = _summary_of_one(float(number)) if self._summarised.take() else None
        if not self._values.take():
            return None, summary
        values: Values = json_number(number)
        for _ in range(flat.dim()):
            values = [values]
        return values, summary

    def _all(self, flat: torch.Tensor, summary: Summary | None) -> Values:
        count = flat.numel()
        if count > self._per_tensor or not self._values.take(max(count, 1)):
            return None
        values: Values = flat.detach().tolist()
        finite = summary is not None and not summary.nan and not summary.inf
        return values if finite else _json_numbers(values)

    def _doubles(self, flat: torch.Tensor) -> Doubles | None:
        """All elements in a row, as float64; ``None`` past the budget."""
        count = flat.numel()
        if count > _LARGEST_SUMMARISED or not self._summarised.take(count):
            return None
        return flat.detach().to(torch.float64).numpy(force=True).reshape(-1)


def _summary(numbers: Doubles) -> Summary:
    """Min, max, mean and population standard deviation of the finite elements, and what the others are."""
    count = numbers.size
    nan = inf = 0
    zero = count - int(np.count_nonzero(numbers))
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(np.add.reduce(numbers))
        if not math.isfinite(total):
            finite = np.isfinite(numbers)
            nan = int(np.isnan(numbers).sum())
            inf = count - nan - int(finite.sum())
            numbers = numbers[finite]
            total = float(np.add.reduce(numbers))
        if numbers.size == 0:
            return Summary(min=None, max=None, mean=None, std=None, nan=nan, inf=inf, zero=zero)
        mean = total / numbers.size
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


def _sizes(numbers: Doubles, summary: Summary) -> Sizes:
    """Of the finite elements, of which there is at least one. Scaled, so that no square is too large or too small."""
    magnitudes = np.abs(numbers[np.isfinite(numbers)] if summary.nan or summary.inf else numbers)
    smallest, largest = float(np.minimum.reduce(magnitudes)), float(np.maximum.reduce(magnitudes))
    magnitudes /= largest or 1.0
    mean = largest * (float(np.add.reduce(magnitudes)) / magnitudes.size)
    magnitudes *= magnitudes
    norm = largest * math.sqrt(float(np.add.reduce(magnitudes)))
    return Sizes(min=smallest, mean=mean, max=largest, norm=json_number(norm))


def _grid(numbers: Doubles, columns: int) -> Grid:
    matrix = numbers.reshape(-1, columns)
    starts = [np.arange(blocks := min(size, _MOST_BLOCKS)) * size // blocks for size in matrix.shape]
    counts = [np.diff(start, append=size) for start, size in zip(starts, matrix.shape, strict=True)]
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.add.reduceat(np.add.reduceat(matrix, starts[0], axis=0), starts[1], axis=1)
        means = sums / (counts[0][:, None] * counts[1])
        sizes = np.abs(means)
        finite = np.isfinite(sizes)
        largest = float(np.max(sizes, initial=0.0, where=finite))
        parts = np.rint(np.where(finite, means, 0.0) / (largest or 1.0) * _THOUSANDTHS).astype(np.int64)
    cells: list[list[int | None]] = parts.tolist()
    for row, column in np.argwhere(~finite).tolist():
        cells[row][column] = None
    return Grid(largest=largest, cells=cells)


def _summary_of_one(number: float) -> Summary:
    if math.isfinite(number):
        return Summary(min=number, max=number, mean=number, std=0.0, nan=0, inf=0, zero=int(number == 0))
    nan = math.isnan(number)
    return Summary(min=None, max=None, mean=None, std=None, nan=int(nan), inf=int(not nan), zero=0)


def json_number(value: float | int | bool) -> Number:
    """Return the number, or its name where JSON has no number for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _json_numbers(values: Any) -> Values:
    """Replace non-finite floats in nested lists; their depth is that of the tensor's dimensions, at most 64."""
    if isinstance(values, list):
        return [_json_numbers(value) for value in values]
    return json_number(values)
