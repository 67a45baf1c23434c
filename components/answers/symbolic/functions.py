"""Functions that SymPy lacks or that it defines otherwise than PyTorch at the points where a function has a kink.

``relu'(0)`` is 0, ``maximum`` gives each of two equal arguments one half; beside those points they are what everyone
expects. All take their arguments for real numbers: SymPy's own ``Abs(log(x))`` brings imaginary parts in.
"""

from __future__ import annotations

from typing import Any

import sympy

from .arrays import Expr
from .atoms import number

_SMALL = 20
_LARGEST_EXPONENT = 16
HALF = sympy.Rational(1, 2)
ZERO, ONE, TWO = sympy.Integer(0), sympy.Integer(1), sympy.Integer(2)


class _Real(sympy.Function):  # type: ignore[misc]
    is_extended_real = True

    def _texts(self, printer: Any) -> list[str]:
        return [printer._print(argument) for argument in self.args]


class Absolute(_Real):
    """``abs``."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers and signs are known; ``abs`` of what is never negative is itself."""
        if x.is_Number or x.could_extract_minus_sign():
            return abs(x) if x.is_Number else cls(-x)
        return x if isinstance(x, Absolute | Relu | sympy.exp) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\left|{{{self._texts(printer)[0]}}}\right|", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"abs({self._texts(printer)[0]})"


class Sign(_Real):
    """-1, 0 or 1."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known."""
        return sympy.sign(x) if x.is_Number else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\operatorname{{sign}}\left({self._texts(printer)[0]}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"sign({self._texts(printer)[0]})"


class Relu(_Real):
    """``max(0, x)``."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known, and what is never negative stays."""
        if x.is_Number:
            return x if x is sympy.nan or x > 0 else ZERO
        return x if isinstance(x, Absolute | Relu | sympy.exp) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\max\left(0, {self._texts(printer)[0]}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"max(0, {self._texts(printer)[0]})"


class Step(_Real):
    """1 where ``x > 0``, else 0: the derivative of ``Relu``."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """Numbers are known."""
        known = x.is_Number and x is not sympy.nan
        return (ONE if x > 0 else ZERO) if known else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\left[{self._texts(printer)[0]} > 0\right]", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"({self._texts(printer)[0]} > 0)"


class _Extreme(_Real):
    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        """Two numbers are known, and so is one thing twice."""
        if x == y:
            return x
        known = x.is_Number and y.is_Number and sympy.nan not in (x, y)
        return cls.of_numbers(x, y) if known else None

    @classmethod
    def of_numbers(cls, x: Expr, y: Expr) -> Expr:
        """Return the larger or the smaller one."""
        raise NotImplementedError


class Larger(_Extreme):
    """``maximum`` of two."""

    @classmethod
    def of_numbers(cls, x: Expr, y: Expr) -> Expr:
        """Return the larger one."""
        return max(x, y)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\max\left({', '.join(self._texts(printer))}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"max({', '.join(self._texts(printer))})"


class Smaller(_Extreme):
    """``minimum`` of two."""

    @classmethod
    def of_numbers(cls, x: Expr, y: Expr) -> Expr:
        """Return the smaller one."""
        return min(x, y)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\min\left({', '.join(self._texts(printer))}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"min({', '.join(self._texts(printer))})"


class Ahead(_Real):
    """1 where ``x > y``, one half where they are equal, else 0: the derivative of ``Larger``."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        """Two numbers are known, and so is one thing twice."""
        if x == y:
            return HALF
        known = x.is_Number and y.is_Number and sympy.nan not in (x, y)
        return (ONE if x > y else ZERO) if known else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\left[{' > '.join(self._texts(printer))}\right]", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"({' > '.join(self._texts(printer))})"


class Angle(_Real):
    """``atan2(y, x)``."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _raised(rf"\operatorname{{atan2}}\left({', '.join(self._texts(printer))}\right)", exp)

    def _sympystr(self, printer: Any) -> str:
        return f"atan2({', '.join(self._texts(printer))})"


def _raised(text: str, exp: str | None) -> str:
    return text if exp is None else rf"{text}^{{{exp}}}"


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
