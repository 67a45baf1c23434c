"""Tensors as the numbers of an answer."""

from __future__ import annotations

import math
from typing import Any

import torch

from ..trace import Number, Values

MOST_VALUES = 256


def number(value: float | torch.Tensor) -> Number:
    """One number as JSON can say it; of a tensor, its only element. A double is given in full."""
    plain = float(value.detach()) if isinstance(value, torch.Tensor) else float(value)
    if math.isfinite(plain):
        return plain
    return "nan" if math.isnan(plain) else "inf" if plain > 0 else "-inf"


def numbers(tensor: torch.Tensor) -> list[Number]:
    """All elements in a row."""
    return [number(one) for one in tensor.detach().reshape(-1).tolist()]


def matrix(tensor: torch.Tensor) -> list[list[Number]]:
    """The rows of a matrix."""
    rows: list[list[Number]] = tensor.detach().tolist()
    if bool(torch.isfinite(tensor).all()):
        return rows
    return [[number(one) for one in row] for row in rows]  # type: ignore[arg-type]


def values_of(tensor: torch.Tensor) -> Values:
    """The numbers in nested lists; ``None`` past ``MOST_VALUES``."""
    if tensor.numel() > MOST_VALUES or tensor.is_complex():
        return None
    return _said(tensor.detach().tolist())


def _said(values: Any) -> Values:
    if isinstance(values, list):
        return [_said(one) for one in values]
    return values if isinstance(values, bool | int) else number(values)
