"""A tensor's numbers in JSON: nested lists for small ones, seven numbers for any."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from components.capture.quiet import plain, quiet
from components.capture.truncations import Truncations
from components.trace import Caps, Gradient, Number, Summary, Values

# A summary copies the tensor to float64: the program must not run out of memory because it was looked at.
_LARGEST_SUMMARISED = 4_000_000
_MOST_BLOCKS = 10


class ValueReader:
    """Reads values and summaries as long as the budget for them lasts."""

    def __init__(self, caps: Caps, truncations: Truncations) -> None:
        self._per_tensor = caps.values_per_tensor
        self._values = truncations.allowance("values", caps.values, "the values of later tensors and gradients")
        self._grids = truncations.allowance("values", caps.grids, "the heat maps of later gradients")
        self._summarised = truncations.allowance(
            "values", caps.summarised_elements, "the summaries of later tensors and gradients"
        )

    def read(self, tensor: torch.Tensor) -> tuple[Values, Summary | None]:
        """Return ``(values, summary)``; either is ``None`` where there is nothing to show or the budget is spent."""
        with quiet():
            flat = plain(tensor)
            if flat is None or flat.is_complex():
                return None, None
            flat = flat.detach()
            count = flat.numel()
            summary = summarise(flat) if count <= _LARGEST_SUMMARISED and self._summarised.take(count) else None
            values = None
            if count <= self._per_tensor and self._values.take(max(count, 1)):
                values = flat.tolist()
                if summary is None or summary.nan or summary.inf:
                    values = _json_numbers(values)
        return values, summary

    def numbers(self, tensor: torch.Tensor) -> Values:
        """Return a small tensor's values alone; ``None`` where there is nothing to show or the budget is spent."""
        count = tensor.numel()
        flat = plain(tensor) if count <= self._per_tensor else None
        if flat is None or flat.is_complex() or not self._values.take(max(count, 1)):
            return None
        return _json_numbers(flat.detach().tolist())

    def gradient(self, tensor: torch.Tensor | None) -> Gradient | None:
        """Return the record of one gradient, ``None`` for an undefined one."""
        if tensor is None:
            return None
        values, summary = self.read(tensor)
        grid = self._grid(tensor) if values is None and summary is not None else None
        return Gradient(shape=list(tensor.shape), values=values, summary=summary, grid=grid)

    def _grid(self, tensor: torch.Tensor) -> list[list[Number]] | None:
        flat = plain(tensor)
        if flat is None or flat.dim() == 0 or not flat.is_floating_point() or not self._grids.take():
            return None
        numbers = flat.detach().to(torch.float64).numpy(force=True).reshape(-1, flat.shape[-1])
        starts = [np.arange(parts := min(size, _MOST_BLOCKS)) * size // parts for size in numbers.shape]
        counts = [np.diff(one, append=size) for one, size in zip(starts, numbers.shape, strict=True)]
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.add.reduceat(numbers, starts[0], axis=0), starts[1], axis=1)
            means = sums / np.outer(*counts)
        return [[json_number(float(f"{mean:.4g}")) for mean in row] for row in means.tolist()]


def summarise(tensor: torch.Tensor) -> Summary:
    """Return min, max, mean and population standard deviation of the finite elements, and what the others are."""
    count = tensor.numel()
    if count == 1:
        return _summarise_one(float(tensor.item()))
    numbers = tensor.to(torch.float64).numpy(force=True)
    nan = inf = 0
    zero = count - int(np.count_nonzero(numbers))
    if count and not math.isfinite(numbers.sum()):
        finite = np.isfinite(numbers)
        nan = int(np.isnan(numbers).sum())
        inf = count - nan - int(finite.sum())
        numbers = numbers[finite]
    if numbers.size == 0:
        return Summary(min=None, max=None, mean=None, std=None, nan=nan, inf=inf, zero=zero)
    return Summary(
        min=float(numbers.min()),
        max=float(numbers.max()),
        mean=json_number(float(numbers.mean())),
        std=json_number(float(numbers.std())),
        nan=nan,
        inf=inf,
        zero=zero,
    )


def _summarise_one(number: float) -> Summary:
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
