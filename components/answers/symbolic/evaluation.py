"""The number of a formula at a point, computed with many more digits than a double has.

With some ninety digits a difference of almost equal numbers keeps enough of them, and no exponential overflows half
way: what is compared with PyTorch is the formula, not the order in which it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import sympy
import torch

from . import functions
from .arrays import Expr, Floats, Symbols, elements, parts_first

_BITS = 300
# Beyond these a number is infinite or zero to a double, and computing with it could take for ever.
_LARGEST_EXPONENT = 1_000_000
_LARGEST_ANGLE_BITS = 2_000

_mp: Any = mpmath.ctx_mp.MPContext()
_mp.prec = _BITS
_HALF = _mp.mpf(0.5)


class _NotReal(ArithmeticError):
    """The value is infinite, complex or undefined."""


def _exp(x: Any) -> Any:
    if x > _LARGEST_EXPONENT:
        raise _NotReal
    return _mp.exp(x) if x > -_LARGEST_EXPONENT else _mp.zero


def _power(base: Any, exponent: Any) -> Any:
    if base == 0:
        if exponent < 0:
            raise _NotReal
        return _mp.one if exponent == 0 else _mp.zero
    if base < 0 and exponent != int(exponent):
        raise _NotReal
    size = exponent * _mp.log(abs(base))
    if size > _LARGEST_EXPONENT:
        raise _NotReal
    return base**exponent if size > -_LARGEST_EXPONENT else _mp.zero


def _log(x: Any) -> Any:
    if x <= 0:
        raise _NotReal
    return _mp.log(x)


def _of_angle(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def at(x: Any) -> Any:
        if _mp.mag(x) > _LARGEST_ANGLE_BITS:
            raise _NotReal
        return function(x)

    return at


def _hyperbolic(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def at(x: Any) -> Any:
        if abs(x) > _LARGEST_EXPONENT:
            raise _NotReal
        return function(x)

    return at


def _tanh(x: Any) -> Any:
    return _mp.sign(x) if abs(x) > _BITS else _mp.tanh(x)


def _erfc(x: Any) -> Any:
    return _mp.erfc(x) if abs(x) < _LARGEST_ANGLE_BITS else _mp.one - _mp.sign(x)


def _erf(x: Any) -> Any:
    return _mp.erf(x) if abs(x) < _LARGEST_ANGLE_BITS else _mp.sign(x)


def _rank(x: Any, y: Any) -> Any:
    return _HALF if x == y else _mp.mpf(x > y)


_RULES: dict[Any, Callable[..., Any]] = {
    sympy.Add: lambda *terms: sum(terms, _mp.zero),
    sympy.Mul: lambda *factors: math.prod(factors, start=_mp.one),
    sympy.Pow: _power,
    sympy.exp: _exp,
    sympy.log: _log,
    sympy.sin: _of_angle(_mp.sin),
    sympy.cos: _of_angle(_mp.cos),
    sympy.tan: _of_angle(_mp.tan),
    sympy.asin: _mp.asin,
    sympy.acos: _mp.acos,
    sympy.atan: _mp.atan,
    sympy.sinh: _hyperbolic(_mp.sinh),
    sympy.cosh: _hyperbolic(_mp.cosh),
    sympy.tanh: _tanh,
    sympy.asinh: _mp.asinh,
    sympy.acosh: _mp.acosh,
    sympy.atanh: _mp.atanh,
    sympy.erf: _erf,
    sympy.erfc: _erfc,
    sympy.erfinv: _mp.erfinv,
    sympy.loggamma: _mp.loggamma,
    sympy.polygamma: lambda n, x: _mp.psi(int(n), x),
    sympy.Abs: abs,
    sympy.sign: _mp.sign,
    functions.Absolute: abs,
    functions.Sign: _mp.sign,
    functions.Relu: lambda x: max(x, _mp.zero),
    functions.Step: lambda x: _mp.mpf(x > 0),
    functions.Larger: max,
    functions.Smaller: min,
    functions.Ahead: _rank,
    functions.Angle: _mp.atan2,
}
_NAMED = {sympy.pi: _mp.pi, sympy.E: _mp.e, sympy.EulerGamma: _mp.euler}


class Evaluator:
    """Evaluates formulas at one point; parts that formulas share are computed once."""

    def __init__(self, point: Mapping[Expr, float], tick: Callable[[], None] = lambda: None) -> None:
        self._tick = tick
        self._known: dict[Expr, Any] = {symbol: _mp.mpf(value) for symbol, value in point.items()}

    def double(self, expr: Expr) -> float:
        """Return the number; ``nan`` where it is infinite, complex or undefined."""
        value = self._value(expr)
        if value is None:
            return math.nan
        near = float(value)
        return near if math.isfinite(near) else math.nan

    def _value(self, expr: Expr) -> Any:
        for node in parts_first(expr, self._known.__contains__):
            self._tick()
            self._known[node] = self._of_parts(node)
        return self._known[expr]

    def _of_parts(self, node: Expr) -> Any:
        """``None`` stands for what is no real number, and whatever is made of it."""
        if not node.args:
            return _leaf(node)
        rule, parts = _RULES.get(node.func), [self._known[part] for part in node.args]
        if rule is None or any(part is None for part in parts):
            return None
        try:
            value = rule(*parts)
        except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):
            return None
        return value if isinstance(value, _mp.mpf) and _mp.isfinite(value) else None


def _leaf(node: Expr) -> Any:
    if node in _NAMED:
        return +_NAMED[node]
    if node.is_Rational and node.is_finite:
        return _mp.mpf(int(node.p)) / int(node.q)
    if node.is_Float:
        return _mp.make_mpf(node._mpf_)
    return None


def evaluated(array: Symbols, evaluator: Evaluator) -> Floats:
    """Return the number of each formula."""
    numbers = [evaluator.double(expr) for expr in elements(array)]
    return np.array(numbers, dtype=np.float64).reshape(array.shape)


def point_of(symbols: Sequence[Symbols], tensors: Sequence[torch.Tensor]) -> dict[Expr, float]:
    """Return the value of each symbol, in double precision."""
    point: dict[Expr, float] = {}
    for array, tensor in zip(symbols, tensors, strict=True):
        values: Any = tensor.detach().to(torch.float64).reshape(-1).tolist()
        point |= {symbol: value for symbol, value in zip(elements(array), values, strict=True) if symbol.is_Symbol}
    return point
