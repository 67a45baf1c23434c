"""A SymPy expression as a record: LaTeX, text and its number at the point."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import sympy

from ...trace import Formula
from ..numbers import number
from ..symbolic import Form, latex_of, plain_of, value_at

_SECONDS = 1.5


def time_for_formulas() -> Callable[[], bool]:
    """Return what says, from ``_SECONDS`` on, that formulas have taken long enough: they are beside the point."""
    ends = time.monotonic() + _SECONDS
    return lambda: time.monotonic() > ends


def formula_of(expression: sympy.Expr, form: Form) -> Formula:
    """Return the record of one expression in the symbols of a form."""
    value = value_at(np.array(expression, dtype=object), form)
    latex = latex_of(expression)
    return Formula(latex=latex, text=plain_of(expression) if latex is None else "", value=number(float(value)))
