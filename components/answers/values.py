"""Numbers, formulas and errors as an answer holds them: what JSON can say, and short."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
import torch

from ..capture import failure_of
from ..capture.summaries import json_number
from ..trace import Formula, Number, Values
from .symbolic import SymbolicForm, latex_of, plain_of, value_at

MOST_VALUES = 256
_LONGEST = 600
_SECONDS = 1.5


def number(value: float | torch.Tensor) -> Number:
    """One number as JSON can say it; of a tensor, its only element. A double is given in full."""
    return json_number(float(value.detach()) if isinstance(value, torch.Tensor) else float(value))


def matrix(tensor: torch.Tensor) -> list[list[Number]]:
    """The rows of a matrix."""
    rows: list[list[Number]] = tensor.detach().tolist()
    if bool(torch.isfinite(tensor).all()):
        return rows
    return [[number(value) for value in row] for row in rows]  # type: ignore[arg-type]


def values_of(tensor: torch.Tensor) -> Values:
    """The numbers in nested lists; ``None`` past ``MOST_VALUES``."""
    if tensor.numel() > MOST_VALUES or tensor.is_complex():
        return None
    return _nested(tensor.detach().tolist())


def _nested(values: Any) -> Values:
    return [_nested(value) for value in values] if isinstance(values, list) else json_number(values)


def time_for_formulas() -> Callable[[], bool]:
    """Return what says, from ``_SECONDS`` on, that formulas have taken long enough: they are beside the point."""
    ends = time.monotonic() + _SECONDS
    return lambda: time.monotonic() > ends


def formula_of(expression: sympy.Expr, form: SymbolicForm) -> Formula:
    """Return the record of one expression in the symbols of a form: LaTeX or text, and its number at the point."""
    value = value_at(np.array(expression, dtype=object), form)
    latex = latex_of(expression)
    return Formula(latex=latex, text=plain_of(expression) if latex is None else "", value=number(float(value)))


def said(error: BaseException) -> str:
    """``ValueError: message``, short, and without what JSON cannot hold: the program may have written the text."""
    failure = failure_of(error)
    if failure is None:
        return f"{type(error).__name__}: the program ended itself"
    return f"{failure.error_type or 'Error'}: {failure.message}"[:_LONGEST]
