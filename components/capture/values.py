"""A tensor's numbers in JSON: nested lists for small ones, seven numbers for any."""

from __future__ import annotations

import math
from typing import Any

import torch

from components.capture.quiet import plain, quiet
from components.capture.truncations import Truncations
from components.trace import Caps, Gradient, Number, Summary, Values

_PURE_PYTHON_UP_TO = 32


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
            values = None
            if count <= self._per_tensor and self._values.take(max(count, 1)):
                values = self.numbers(flat)
            summary = summarise(flat) if self._summarised.take(count) else None
        return values, summary

    @staticmethod
    def numbers(tensor: torch.Tensor) -> Values:
        """Return the tensor's elements as nested lists, whatever the budget."""
        return _json_numbers(tensor.detach().tolist())

    def gradient(self, tensor: torch.Tensor | None) -> Gradient | None:
        """Return the record of one gradient, ``None`` for an undefined one."""
        if tensor is None:
            return None
        values, summary = self.read(tensor)
        return Gradient(shape=list(tensor.shape), values=values, summary=summary)


def summarise(tensor: torch.Tensor) -> Summary:
    """Return min, max, mean and population standard deviation of the finite elements, and what the others are."""
    if tensor.numel() <= _PURE_PYTHON_UP_TO:
        return _summarise_list([float(value) for value in tensor.flatten().tolist()])
    flat = tensor.flatten().to(torch.float64)
    finite = flat
    nan = inf = 0
    if not bool(torch.isfinite(flat.sum())):
        nan = int(flat.isnan().sum())
        inf = int(flat.isinf().sum())
        finite = flat[flat.isfinite()]
    zero = flat.numel() - int(flat.count_nonzero())
    if finite.numel() == 0:
        return Summary(min=None, max=None, mean=None, std=None, nan=nan, inf=inf, zero=zero)
    least, most = torch.aminmax(finite)
    std, mean = torch.std_mean(finite, correction=0)
    return Summary(
        min=json_number(least.item()),
        max=json_number(most.item()),
        mean=json_number(mean.item()),
        std=json_number(std.item()),
        nan=nan,
        inf=inf,
        zero=zero,
    )


def _summarise_list(numbers: list[float]) -> Summary:
    finite = [number for number in numbers if math.isfinite(number)]
    nan = sum(math.isnan(number) for number in numbers)
    inf = len(numbers) - len(finite) - nan
    zero = numbers.count(0.0)
    if not finite:
        return Summary(min=None, max=None, mean=None, std=None, nan=nan, inf=inf, zero=zero)
    mean = sum(finite) / len(finite)
    std = math.sqrt(sum((number - mean) ** 2 for number in finite) / len(finite)) if len(finite) > 1 else 0.0
    return Summary(
        min=min(finite),
        max=max(finite),
        mean=json_number(mean),
        std=json_number(std),
        nan=nan,
        inf=inf,
        zero=zero,
    )


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
