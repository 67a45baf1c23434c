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


class ValueReader:
    """Reads values and summaries as long as the budget for them lasts."""

    def __init__(self, caps: Caps, truncations: Truncations) -> None:
        self._per_tensor = caps.values_per_tensor
        self._values = truncations.allowance("values", caps.values, "the values of later tensors and gradients")
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

    def gradient(self, tensor: torch.Tensor | None) -> Gradient | None:
        """Return the record of one gradient, ``None`` for an undefined one."""
        if tensor is None:
            return None
        values, summary = self.read(tensor)
        return Gradient(shape=list(tensor.shape), values=values, summary=summary)


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
