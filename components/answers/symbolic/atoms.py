"""The leaves of formulas: symbols for the elements of the inputs, and numbers that come from no input.

Symbols are ``x`` for a number, ``x_{0}`` and ``W_{0,1}`` for elements, from zero: braces cannot be part of a Python
name, so the name of a symbol tells the two apart, whatever people call their tensors. Numbers are equal to the double
and as short as people would write them.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
import torch

from .arrays import Expr, Symbols, filled

_LARGEST_DENOMINATOR = 64
_LARGEST_NUMERATOR = 1_000
_LARGEST_INTEGER = 10**15
_LARGEST_FINITE = sympy.Float(np.finfo(np.float64).max)
_PARTS_OF_PI = 12
_ELEMENT = re.compile(r"(.*)_\{([\d,]+)\}", re.DOTALL)


def number(value: complex) -> Expr:
    """Return the number: an integer or a short fraction where it is one, π and e by name, else a float."""
    if isinstance(value, complex) or math.isnan(value):
        return sympy.nan
    if math.isinf(value):
        return sympy.oo if value > 0 else -sympy.oo
    if value == int(value) and abs(value) < _LARGEST_INTEGER:
        return sympy.Integer(int(value))
    value = float(value)
    return _named(value) or _fraction(value) or sympy.Float(value)


def _named(value: float) -> Expr | None:
    if value == math.e:
        return sympy.E
    parts = round(value / math.pi * _PARTS_OF_PI)
    near = 0 < abs(parts) <= 4 * _PARTS_OF_PI and math.isclose(value, math.pi * parts / _PARTS_OF_PI, rel_tol=3e-16)
    return sympy.pi * sympy.Rational(parts, _PARTS_OF_PI) if near else None


def _fraction(value: float) -> Expr | None:
    """Halves, thirds and their like; what has a finite decimal, such as 0.1, stays one unless it is dyadic."""
    near = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    bottom = near.denominator
    if float(near) != value or abs(near.numerator) > _LARGEST_NUMERATOR:
        return None
    while bottom % 2 == 0:
        bottom //= 2
    return sympy.Rational(near.numerator, near.denominator) if bottom == 1 or bottom % 5 else None


def lifted(tensor: torch.Tensor) -> Symbols:
    """Return a tensor's numbers; those of a complex tensor are ``nan``."""
    flat: list[Any] = tensor.detach().reshape(-1).tolist()
    return filled((number(value) for value in flat), tuple(tensor.shape))


def tamed(expr: Expr) -> Expr:
    """Return the expression; of numbers, one that a double can hold: exact ones must not grow for ever."""
    if not expr.is_Number or expr in (sympy.oo, -sympy.oo, sympy.nan):
        return expr
    if expr.is_Float:
        if abs(expr) > _LARGEST_FINITE:
            return sympy.oo if expr > 0 else -sympy.oo
        return number(float(expr))
    small = abs(expr.p) < _LARGEST_INTEGER and expr.q <= _LARGEST_NUMERATOR
    return expr if small else number(_double(expr))


def _double(exact: Expr) -> float:
    try:
        return float(Fraction(int(exact.p), int(exact.q)))
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def symbols_for(name: str, tensor: torch.Tensor) -> Symbols:
    """Return a symbol for each element of an input; the numbers of an input that is not floating-point.

    Raises:
        ValueError: the name is not a Python identifier.
    """
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not the name of a parameter")
    if not tensor.is_floating_point():
        return lifted(tensor)
    shape = tuple(tensor.shape)
    if not shape:
        return filled([sympy.Symbol(name, real=True)], ())
    places = (",".join(map(str, place)) for place in np.ndindex(shape))
    return filled((sympy.Symbol(f"{name}_{{{place}}}", real=True) for place in places), shape)


def parts_of(symbol: str) -> tuple[str, list[str]]:
    """Return the input's name and the indices, as digits, of the element that a symbol stands for."""
    match = _ELEMENT.fullmatch(symbol)
    return (match[1], match[2].split(",")) if match else (symbol, [])
