"""Functions that SymPy lacks or that it defines otherwise than PyTorch at the points where a function has a kink.

``relu'(0)`` is 0, ``maximum`` gives each of two equal arguments one half; beside those points they are what everyone
expects. All take their arguments for real numbers: SymPy's own ``Abs(log(x))`` brings imaginary parts in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from .arrays import Expr
from .atoms import number

_SMALL = 20
_LARGEST_EXPONENT = 16
HALF = sympy.Rational(1, 2)
ZERO, ONE, TWO = sympy.Integer(0), sympy.Integer(1), sympy.Integer(2)


class _Real(sympy.Function):  # type: ignore[misc]
    """A real function, written with its arguments where the texts have ``%s``."""

    is_extended_real = True
    in_latex = in_plain = "%s"
    between = ", "

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = self._written(self.in_latex, printer)
        return text if exp is None else rf"{text}^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        return self._written(self.in_plain, printer)

    def _written(self, text: str, printer: Any) -> str:
        return text % self.between.join(printer._print(argument) for argument in self.args)


class Absolute(_Real):
    """``abs``."""

    is_nonnegative = True
    in_latex, in_plain = r"\left|{%s}\right|", "abs(%s)"

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers and signs are known; ``abs`` of what is never negative is itself."""
        if x.is_Number or x.could_extract_minus_sign():
            return abs(x) if x.is_Number else cls(-x)
        return x if isinstance(x, Absolute | Relu | sympy.exp) else None


class Sign(_Real):
    """-1, 0 or 1."""

    in_latex, in_plain = r"\operatorname{sign}\left(%s\right)", "sign(%s)"

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known."""
        return sympy.sign(x) if x.is_Number else None


class Relu(_Real):
    """``max(0, x)``."""

    is_nonnegative = True
    in_latex, in_plain = r"\max\left(0, %s\right)", "max(0, %s)"

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known, and what is never negative stays."""
        if x.is_Number:
            return x if x is sympy.nan or x > 0 else ZERO
        return x if isinstance(x, Absolute | Relu | sympy.exp) else None


class Step(_Real):
    """1 where ``x > 0``, else 0: the derivative of ``Relu``."""

    is_nonnegative = True
    in_latex, in_plain = r"\left[%s > 0\right]", "(%s > 0)"

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known."""
        known = x.is_Number and x is not sympy.nan
        return (ONE if x > 0 else ZERO) if known else None


class _OfTwo(_Real):
    of_equals: Callable[[Expr], Expr]
    of_numbers: Callable[[Expr, Expr], Expr]

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        """Two numbers are known, and so is one thing twice."""
        if x == y:
            return cls.of_equals(x)
        known = x.is_Number and y.is_Number and sympy.nan not in (x, y)
        return cls.of_numbers(x, y) if known else None


class Larger(_OfTwo):
    """``maximum`` of two."""

    in_latex, in_plain = r"\max\left(%s\right)", "max(%s)"
    of_equals = staticmethod(lambda x: x)
    of_numbers = staticmethod(max)


class Smaller(_OfTwo):
    """``minimum`` of two."""

    in_latex, in_plain = r"\min\left(%s\right)", "min(%s)"
    of_equals = staticmethod(lambda x: x)
    of_numbers = staticmethod(min)


class Ahead(_OfTwo):
    """1 where ``x > y``, one half where they are equal, else 0: the derivative of ``Larger``."""

    is_nonnegative = True
    in_latex, in_plain, between = r"\left[%s\right]", "(%s)", " > "
    of_equals = staticmethod(lambda x: HALF)
    of_numbers = staticmethod(lambda x, y: ONE if x > y else ZERO)


class Angle(_Real):
    """``atan2(y, x)``."""

    in_latex, in_plain = r"\operatorname{atan2}\left(%s\right)", "atan2(%s)"


def applied(function: Any, *arguments: Expr) -> Expr:
    """Apply a function; to large arguments without looking for identities, which can take SymPy a second."""
    if all(_is_small(argument) for argument in arguments):
        return function(*arguments)
    return function(*arguments, evaluate=False)


def _is_small(expr: Expr) -> bool:
    waiting, seen = [expr], 0
    while waiting:
        seen += 1
        if seen > _SMALL:
            return False
        waiting += waiting.pop().args
    return True


def power(base: Expr, exponent: Expr) -> Expr:
    """Return ``base ** exponent`` for real numbers."""
    if base.is_Number and exponent.is_Number:
        return _power_of_numbers(base, exponent)
    if exponent == HALF and base.is_Pow and base.exp == 2:
        return Absolute(base.base)
    return sympy.Pow(base, exponent)


def _power_of_numbers(base: Expr, exponent: Expr) -> Expr:
    """Exact only where the result is short."""
    if base.is_Rational and exponent.is_Rational and base > 0 and abs(exponent) <= _LARGEST_EXPONENT:
        return base**exponent
    try:
        return number(float(base) ** float(exponent))
    except ZeroDivisionError:
        return sympy.nan
    except OverflowError:
        return sympy.oo


def logarithm(x: Expr) -> Expr:
    """Return the natural logarithm of a real number."""
    if x.is_Number and (x is sympy.nan or x <= 0):
        return -sympy.oo if x == 0 else sympy.nan
    return applied(sympy.log, x)


def total(terms: list[Expr]) -> Expr:
    """Add up; in one go, which SymPy does far faster than in steps."""
    return sympy.Add(*terms)
