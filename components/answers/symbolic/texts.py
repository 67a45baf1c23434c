"""A formula as LaTeX and as plain text.

Only letters and digits of the program's names get into LaTeX: they are the one part of it that people write.
"""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from .arrays import Expr
from .atoms import parts_of
from .tidy import has_at_most, tidied

_GREEK = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu", "xi"),
        *("rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Xi", "Sigma"),
        *("Upsilon", "Phi", "Psi", "Omega"),
    )
)
_DIGITS = 6
_UNSEEN = re.compile(r"\\left|\\right|\\operatorname|[{}\s]")
_COMMAND = re.compile(r"\\[A-Za-z]+")


def latex_of(expr: Expr, longest: int = 600) -> str | None:
    """Return readable LaTeX, the shortest of a few ways to write the formula; ``None`` past ``longest`` characters.

    Numbers are rounded to six digits. ``[a > b]`` is 1 where that holds and 0 elsewhere.
    """
    if not has_at_most(expr, longest):
        return None
    printer = _Latex({"inv_trig_style": "full"})
    text: str = printer.doprint(tidied(expr, lambda way: _width(printer.doprint(way))))
    return text if len(text) <= longest else None


def plain_of(expr: Expr, longest: int = 2_000) -> str:
    """Return the formula as it could stand in Python; past ``longest`` characters its beginning and "…"."""
    if not has_at_most(expr, longest):
        return "…"
    printer = _Plain({})
    text: str = printer.doprint(tidied(expr, lambda way: len(printer.doprint(way))))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _width(latex: str) -> int:
    """About how wide LaTeX comes out: what groups and sizes is not seen, a command is a few letters or one sign."""
    return len(_COMMAND.sub("ii", _UNSEEN.sub("", latex)))


class _Latex(LatexPrinter):  # type: ignore[misc]
    def _print_Symbol(self, expr: Expr, style: str = "plain") -> str:
        name, indices = parts_of(expr.name)
        return latex_name(name) + (f"_{{{','.join(indices)}}}" if indices else "")

    def _print_Float(self, expr: Expr) -> str:
        mantissa, _, exponent = f"{float(expr):.{_DIGITS}g}".partition("e")
        if not exponent:
            return mantissa
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


class _Plain(StrPrinter):  # type: ignore[misc]
    def _print_Symbol(self, expr: Expr) -> str:
        name, indices = parts_of(expr.name)
        return name + (f"[{', '.join(indices)}]" if indices else "")

    def _print_Float(self, expr: Expr) -> str:
        return _shortest(float(expr))


def _shortest(value: float) -> str:
    """A number that is exactly one of single precision is written as such: 0.1, not 0.10000000149011612."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if math.isfinite(single) and float(single) == value else repr(value)


def latex_name(name: str) -> str:
    r"""Return a Python identifier as LaTeX: ``x``, ``\theta``, ``\mathrm{w\_in}``; other letters by their names."""
    parts = "".join(_latex_letter(letter) for letter in name)
    if len(name) == 1 and parts.isascii() and parts.isalpha():
        return parts
    if name in _GREEK:
        return rf"\{name}"
    greek = unicodedata.name(name, "").rpartition(" LETTER ")[2].lower() if len(name) == 1 else ""
    if greek in _GREEK and name.islower() and unicodedata.name(name).startswith("GREEK SMALL LETTER"):
        return rf"\{greek}"
    return rf"\mathrm{{{parts}}}"


def _latex_letter(letter: str) -> str:
    if letter == "_":
        return r"\_"
    return letter if letter.isascii() and letter.isalnum() else f"u{ord(letter):04x}"


__all__ = ["latex_name", "latex_of", "plain_of"]
