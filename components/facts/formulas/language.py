"""The language that formulas are written in: what is shown is the text itself, and the number comes from that text.

``{grad} · σ({self}) where {self} > 0, else 0``: in braces stands what has a value; the signs are those of a book, with
their usual precedence. ``Σ`` takes all of a product, other functions what stands right behind them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TOKEN = re.compile(
    r"\s*(\{[^}]+\}|\d+(?:\.\d+)?|is finite|is a number|where|else|and|or|[A-Za-zσφ]+"
    r"|[Φ∞πΣ√·/−+@⊗×^|(),⌊⌋≤≥<>=≠²³ᵀ]|⁻¹)"
)
_erf = np.vectorize(math.erf, otypes=[np.float64])


def sign(x: Array) -> Array:
    """−1, 0 or 1; 0 for what is not a number, as in PyTorch."""
    return np.where(np.isnan(x), 0, np.sign(x))


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "exp": np.exp,
    "ln": np.log,
    "√": np.sqrt,
    "sign": sign,
    "σ": lambda x: 1 / (1 + np.exp(-x)),
    "Φ": lambda x: 0.5 * (1 + _erf(x / math.sqrt(2))),
    "φ": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "trunc": np.trunc,
}
_PRODUCTS: dict[str, Callable[[Array, Array], Array]] = {
    "·": np.multiply,
    "/": np.divide,
    "@": np.matmul,
    "⊗": np.outer,
}
_COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    ">": np.greater,
    "≤": np.less_equal,
    "≥": np.greater_equal,
    "=": np.equal,
    "≠": np.not_equal,
}
_BEHIND: dict[str, Callable[[Array], Array]] = {
    "²": lambda x: x**2,
    "³": lambda x: x**3,
    "ᵀ": lambda x: np.swapaxes(x, -1, -2) if x.ndim > 1 else x,
    "⁻¹": lambda x: np.asarray(np.linalg.inv(x), dtype=np.float64),
}
_CONSTANTS = {"π": math.pi, "∞": math.inf, "nan": math.nan}
# How tightly parts hold together.
SUM, PRODUCT, ATOM = 1, 2, 3


class Values(Protocol):
    """What a formula is evaluated with."""

    def value(self, name: str) -> Array:
        """Return what stands in braces."""
        ...

    def over(self, word: str, array: Array) -> Array:
        """Return the ``Σ`` or ``mean`` of an array, along the dimensions that the formula is about."""
        ...

    def crossed(self, first: Array, second: Array) -> Array:
        """Return the cross product of vectors."""
        ...


@dataclass(frozen=True)
class Place:
    """Something in braces, from ``start`` to ``end`` of the text.

    A text there needs brackets if it holds together less tightly than ``level``, or begins with a sign where it is not
    ``first``; ``raised`` says that a power follows.
    """

    name: str
    start: int
    end: int
    level: int
    first: bool
    raised: bool


@dataclass(frozen=True)
class _Part:
    """A part of a formula: an operation's sign, and the parts that it takes; ``text`` of what takes none."""

    sign: str
    parts: tuple[_Part, ...] = ()
    text: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Formula:
    """A text that was read."""

    root: _Part
    places: tuple[Place, ...]

    def evaluate(self, values: Values) -> Array:
        """Return what it comes to."""
        return _evaluated(self.root, values)


@lru_cache(maxsize=2000)
def read(text: str) -> Formula:
    """Read a formula; raises ``SyntaxError`` for what is none."""
    root = _Reader(text).formula()
    places: list[Place] = []
    _place(root, places, SUM, first=True, raised=False)
    return Formula(root, tuple(sorted(places, key=lambda place: place.start)))


class _Reader:
    """Reads from the loosest sign to the tightest, each by a method of its own."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._tokens: list[tuple[str, int, int]] = []
        end = 0
        while end < len(text.rstrip()):
            found = _TOKEN.match(text, end)
            if found is None:
                raise SyntaxError(f"{text!r} at {end}")
            self._tokens.append((found[1], *found.span(1)))
            end = found.end()

    def formula(self) -> _Part:
        """The whole text."""
        root = self._choice()
        if self._at < len(self._tokens):
            raise SyntaxError(f"{self._text!r} at {self._next!r}")
        return root

    @property
    def _next(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        sign = self._next
        if signs and sign not in signs:
            raise SyntaxError(f"{self._text!r} has {sign!r} where {signs} is expected")
        self._at += 1
        return sign

    def _choice(self) -> _Part:
        value = self._sum()
        if self._next != "where":
            return value
        self._take("where")
        condition = self._conditions()
        self._take(",")
        if self._next == "else":
            self._take("else")
            return _Part("where", (condition, value, self._sum()))
        return _Part("where", (condition, value, self._choice()))

    def _conditions(self) -> _Part:
        left = self._condition()
        while self._next in ("and", "or"):
            left = _Part(self._take(), (left, self._condition()))
        return left

    def _condition(self) -> _Part:
        left = self._sum()
        if self._next in ("is finite", "is a number"):
            return _Part(self._take(), (left,))
        found: _Part | None = None
        while self._next in _COMPARISONS:
            sign, right = self._take(), self._sum()
            one = _Part(sign, (left, right))
            found, left = one if found is None else _Part("and", (found, one)), right
        return found if found is not None else left

    def _sum(self) -> _Part:
        left = self._product()
        while self._next in ("+", "−"):
            left = _Part(self._take(), (left, self._product()))
        return left

    def _product(self) -> _Part:
        left = self._signed()
        while self._next in _PRODUCTS or self._next == "×":
            left = _Part(self._take(), (left, self._signed()))
        return left

    def _signed(self) -> _Part:
        if self._next == "−":
            self._take()
            return _Part("negative", (self._signed(),))
        if self._next == "Σ":
            return _Part(self._take(), (self._product(),))
        if self._next in _FUNCTIONS or self._next == "mean":
            return _Part(self._take(), (self._signed() if self._next in _FUNCTIONS else self._power(),))
        return self._power()

    def _power(self) -> _Part:
        base = self._atom()
        while self._next in _BEHIND or self._next == "^":
            sign = self._take()
            base = _Part(sign, (base, self._atom()) if sign == "^" else (base,))
        return base

    def _atom(self) -> _Part:
        token, start, end = self._tokens[self._at] if self._at < len(self._tokens) else ("", 0, 0)
        self._take()
        if token in ("(", "|", "⌊"):
            inside = self._choice()
            self._take({"(": ")", "|": "|", "⌊": "⌋"}[token])
            return _Part(token, (inside,))
        if token.startswith("{"):
            return _Part("{", (), token[1:-1], start, end)
        if token in _CONSTANTS or token[:1].isdigit():
            return _Part("number", (), token)
        raise SyntaxError(f"{self._text!r} has {token!r}")


# --- what it comes to


def _evaluated(part: _Part, values: Values) -> Array:
    if part.sign == "{":
        return values.value(part.text)
    if part.sign == "number":
        return np.asarray(_CONSTANTS.get(part.text) or float(part.text))
    if part.sign == "⌊" and part.parts[0].sign == "/":
        # As Python divides: floor(inf / 2) is inf, inf // 2 is no number.
        return np.floor_divide(*(_evaluated(one, values) for one in part.parts[0].parts))
    results = [_evaluated(one, values) for one in part.parts]
    if part.sign in ("Σ", "mean"):
        return values.over(part.sign, results[0])
    if part.sign == "×":
        return values.crossed(*results)
    return np.asarray(_OPERATIONS[part.sign](*results))


def _chosen(condition: Array, first: Array, second: Array) -> Array:
    return np.where(condition != 0, first, second)


_OPERATIONS: dict[str, Callable[..., Array]] = {
    **_FUNCTIONS,
    **_PRODUCTS,
    **_COMPARISONS,
    **_BEHIND,
    "+": np.add,
    "−": np.subtract,
    "negative": np.negative,
    "^": np.power,
    "(": lambda x: x,
    "|": np.abs,
    "⌊": np.floor,
    "is finite": np.isfinite,
    "is a number": lambda x: ~np.isnan(x),
    "and": lambda a, b: (a != 0) & (b != 0),
    "or": lambda a, b: (a != 0) | (b != 0),
    "where": _chosen,
}


# --- where its brackets have to be


def _place(part: _Part, found: list[Place], level: int, *, first: bool, raised: bool) -> None:
    if part.sign == "{":
        found.append(Place(part.text, part.start, part.end, level, first, raised))
    elif part.sign in ("+", "−"):
        _place(part.parts[0], found, SUM, first=first, raised=False)
        _place(part.parts[1], found, PRODUCT, first=False, raised=False)
    elif part.sign in _PRODUCTS or part.sign == "×":
        _place(part.parts[0], found, ATOM, first=first, raised=False)
        _place(part.parts[1], found, ATOM, first=False, raised=False)
    elif part.sign in _BEHIND or part.sign == "^":
        _place(part.parts[0], found, ATOM, first=False, raised=True)
        for exponent in part.parts[1:]:
            _place(exponent, found, ATOM, first=True, raised=False)
    else:
        tight = part.sign in _FUNCTIONS or part.sign in ("negative", "Σ", "mean")
        for one in part.parts:
            _place(one, found, ATOM if tight else SUM, first=not tight, raised=False)
