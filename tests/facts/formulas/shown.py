"""Works out an equation from the text that a person sees, knowing nothing but that text.

Shown numbers are rounded: each is its value and how far it may be off, and both are carried through, so that the
tolerance follows from the rounding. This is not the app's evaluator: it has another grammar, made for numbers alone.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DIGITS = 4
_TOKEN = re.compile(
    r"\s*(\d+(?:\.\d+)?(?:e[+−]?\d+)?|where|else|and|or|is finite|is a number|[A-Za-zσφ]+|⁻¹|[²³¹⁰⁴⁵⁶⁷⁸⁹⁻]+|.)"
)
_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "exp": np.exp,
    "ln": np.log,
    "√": np.sqrt,
    "sign": lambda x: np.where(np.isnan(x), 0.0, np.sign(x)),
    "σ": lambda x: 1 / (1 + np.exp(-x)),
    "Φ": np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2, otypes=[float]),
    "φ": lambda x: np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
    "trunc": np.trunc,
}
_LITTLE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_COMPARED: dict[str, Callable[[Array, Array], Any]] = {
    "<": np.less,
    ">": np.greater,
    "≤": np.less_equal,
    "≥": np.greater_equal,
    "=": np.equal,
    "≠": np.not_equal,
}


class NotInWords(Exception):
    """A sentence that this evaluator does not know."""


@dataclass
class About:
    """Numbers, and how far each may be off."""

    value: Array
    off: Array

    def through(self, function: Callable[[Array], Array]) -> About:
        """Apply a function of one number."""
        middle = np.asarray(function(self.value), dtype=float)
        ends = [np.asarray(function(self.value + off), dtype=float) for off in (self.off, -self.off)]
        return About(middle, _furthest(middle, ends))

    def with_(self, other: About, function: Callable[[Array, Array], Array]) -> About:
        """Apply a function of two numbers."""
        middle = np.asarray(function(self.value, other.value), dtype=float)
        ends = [
            np.asarray(function(self.value + first * self.off, other.value + second * other.off), dtype=float)
            for first in (1, -1)
            for second in (1, -1)
        ]
        return About(middle, _furthest(middle, ends))


def _furthest(middle: Array, ends: list[Array]) -> Array:
    away = [np.where(end == middle, 0.0, np.abs(end - middle)) for end in ends]
    return np.asarray(np.max([np.where(np.isnan(one), 0.0, one) for one in away], axis=0), dtype=np.float64)


def number(text: str) -> About:
    """Read one number, which is off by half of its last digit at most."""
    value = float(text.replace("−", "-"))
    exact = value == 0 or not math.isfinite(value)
    off = 0.0 if exact else 0.5 * 10 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    return About(np.asarray(value), np.asarray(off))


def equation(text: str, shape: tuple[int, ...]) -> tuple[About, About]:
    """Return both sides of a shown equation; the gradient has this shape."""
    left, _, right = text.rpartition(" = ")
    return _left(left, shape), _Reader(right).whole()


def _left(text: str, shape: tuple[int, ...]) -> About:
    for pattern, move in MOVES.items():
        if match := re.fullmatch(pattern, text):
            came = _Reader(match[1]).whole()
            rest = [_places(one) for one in match.groups()[1:]]
            return About(*(np.asarray(move(one, shape, *rest), dtype=np.float64) for one in (came.value, came.off)))
    summed = re.search(r",? summed over (all elements|dims? [\d, ]+)$", text)
    over = re.search(r", (?:Σ|mean) over (no dim|dims? [\d, ]+)$", text[: summed.start()] if summed else text)
    every = re.search(r", for every element(?: along dim [^=]*)?$", text)
    cut = min(match.start() for match in (summed, over, every, re.search("$", text)) if match)
    found = _Reader(text[:cut], _dims(over[1]) if over else None).whole()
    if summed:
        dims = None if summed[1] == "all elements" else _dims(summed[1])
        found = About(found.value.sum(axis=dims), found.off.sum(axis=dims))
    if every or not found.value.ndim:
        return About(np.broadcast_to(found.value, shape), np.broadcast_to(found.off, shape))
    return About(found.value.reshape(shape), found.off.reshape(shape))


def _places(text: str | None) -> Any:
    """What a sentence says of places: numbers, in brackets or not, and the parts of a slice."""
    if text is None:
        return None
    text = text.replace("−", "-").strip()
    if ":" in text:
        return slice(*(int(part) if part else None for part in text.split(":")))
    return ast.literal_eval(text)


def _put(came: Array, shape: tuple[int, ...], places: Any, dim: Any = 0) -> Array:
    """Zeros, with what came at some places of one dimension."""
    out = np.zeros(shape)
    np.moveaxis(out, dim, 0)[places] = np.moveaxis(came, dim, 0) if came.ndim == out.ndim else came
    return out


def _add(came: Array, shape: tuple[int, ...], places: Any, dim: Any) -> Array:
    """Zeros, with each number added at a place of one dimension; where it is in the others, it stays."""
    out, index = np.zeros(shape), np.asarray(places)
    if index.ndim < len(shape):
        index, came = np.expand_dims(index, dim), np.expand_dims(came, dim)
    for at in np.ndindex(index.shape):
        target = list(at)
        target[dim] = index[at]
        out[tuple(target)] += came[at]
    return out


def _add_rows(came: Array, shape: tuple[int, ...], places: Any, dim: Any) -> Array:
    out = np.zeros(shape)
    for number, place in enumerate(places):
        np.moveaxis(out, dim, 0)[place] += np.moveaxis(came, dim, 0)[number]
    return out


def _without(came: Array, shape: tuple[int, ...], places: Any, dim: Any) -> Array:
    out = came.copy()
    np.moveaxis(out, dim, 0)[places] = 0
    return out


def _repeats(came: Array, shape: tuple[int, ...], repeats: Any) -> Array:
    out = np.zeros((1,) * (len(repeats) - len(shape)) + shape)
    for at in np.ndindex(came.shape):
        out[tuple(place % size for place, size in zip(at, out.shape, strict=True))] += came[at]
    return out.reshape(shape)


def _permuted(came: Array, shape: tuple[int, ...], dims: Any) -> Array:
    return np.transpose(came, np.argsort([dim % came.ndim for dim in dims]))


def _rolled(came: Array, shape: tuple[int, ...], by: Any, dims: Any) -> Array:
    """Without dimensions it is all elements in a row."""
    return np.roll(came, np.negative(by), dims) if dims is not None else np.roll(came.ravel(), -by).reshape(shape)


# Sentences about what has no signs: the gradient as a first group, then what is said of the places.
_GRAD = r"(.+?)"
_AT = r"(−?\d+|[\[(].*[\])]|[\d−:]+)"
MOVES: dict[str, Callable[..., Array]] = {
    rf"{_GRAD} at index {_AT} of dim (\S+), else 0": _put,
    rf"{_GRAD} at ([\d−]*:[\d−:]*) of dim (\S+), else 0": _put,
    rf"{_GRAD} at places? {_AT} of dim (\S+), else 0": _add,
    rf"{_GRAD} at the places {_AT} of dim (\S+), else 0": _add,
    rf"{_GRAD}, back at the places {_AT} of dim (\S+)": _add,
    rf"{_GRAD} added at {_AT} along dim (\S+), else 0": _add,
    rf"{_GRAD} added at {_AT} of dim (\S+), else 0": _add_rows,
    rf"{_GRAD}, but 0 at {_AT} of dim (\S+)": _without,
    rf"{_GRAD}, in the shape of the input": lambda g, shape: g.reshape(shape),
    rf"{_GRAD}, dims (\S+) and (\S+) swapped back": lambda g, shape, a, b: np.swapaxes(g, a, b),
    rf"{_GRAD}, dims (.+) permuted back": _permuted,
    rf"{_GRAD}, flipped back along (.+)": lambda g, shape, dims: np.flip(g, dims),
    rf"{_GRAD}, rolled back by (−?\d+|\(.*?\))(?: along dim (.+))?": _rolled,
    rf"{_GRAD} added up from the end of dim (\S+)": lambda g, shape, dim: np.flip(np.cumsum(np.flip(g, dim), dim), dim),
    rf"{_GRAD} at index (\d+) of dim (\S+)": lambda g, shape, at, dim: np.take(g, at, dim),
    rf"{_GRAD} on and below the diagonal ?(\S+)?, else 0": lambda g, shape, k: np.tril(g, k or 0),
    rf"{_GRAD} on and above the diagonal ?(\S+)?, else 0": lambda g, shape, k: np.triu(g, k or 0),
    rf"the diagonal ?(?:(?:\S+) )?of {_GRAD}": lambda g, shape: np.diagonal(g, g.shape[-1] - shape[-1], -2, -1),
    rf"Σ {_GRAD} over the (\(.*\)) repeats": _repeats,
}


def _dims(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


class _Reader:
    def __init__(self, text: str, dims: tuple[int, ...] | None = None) -> None:
        self.text, self.dims = text, dims
        self.tokens: list[str] = [match[1] for match in _TOKEN.finditer(text.rstrip())]

    def whole(self) -> About:
        found = self.pieces()
        if self.tokens:
            raise NotInWords(self.text)
        return found

    def eat(self, *wanted: str) -> str:
        if not self.tokens or (wanted and self.tokens[0] not in wanted):
            raise NotInWords(self.text)
        return self.tokens.pop(0)

    def sees(self, *wanted: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in wanted

    def pieces(self) -> About:
        first = self.terms()
        if not self.sees("where"):
            return first
        self.eat()
        chosen = self.conditions()
        self.eat(",")
        if self.sees("else"):
            self.eat()
            second = self.terms()
        else:
            second = self.pieces()
        return About(np.where(chosen, first.value, second.value), np.where(chosen, first.off, second.off))

    def conditions(self) -> Any:
        found = self.condition()
        while self.sees("and", "or"):
            both = self.eat() == "and"
            other = self.condition()
            found = found & other if both else found | other
        return found

    def condition(self) -> Any:
        left = self.terms()
        if self.sees("is finite", "is a number"):
            return np.isfinite(left.value) if self.eat() == "is finite" else ~np.isnan(left.value)
        if not self.sees(*_COMPARED):
            return left.value != 0
        found: Any = True
        while self.sees(*_COMPARED):
            sign = self.eat()
            right = self.terms()
            found, left = found & _COMPARED[sign](left.value, right.value), right
        return found

    def terms(self) -> About:
        found = self.factors()
        while self.sees("+", "−"):
            plus = self.eat() == "+"
            found = found.with_(self.factors(), np.add if plus else np.subtract)
        return found

    def factors(self) -> About:
        found = self.factor()
        while self.sees("·", "/", "@", "⊗", "×"):
            found = _product(self.eat(), found, self.factor())
        return found

    def factor(self) -> About:
        if self.sees("−"):
            self.eat()
            return self.factor().through(np.negative)
        if self.sees("Σ"):
            self.eat()
            return self.over(np.sum, self.factors())
        if self.sees("mean"):
            self.eat()
            return self.over(np.mean, self.power())
        if self.sees("tanh"):
            self.eat()
            return self.factor().through(np.tanh)
        if self.sees(*_FUNCTIONS):
            function = _FUNCTIONS[self.eat()]
            return (self.factor() if self.sees(*_FUNCTIONS) else self.power()).through(function)
        return self.power()

    def over(self, function: Any, what: About) -> About:
        return About(
            function(what.value, axis=self.dims, keepdims=True), function(what.off, axis=self.dims, keepdims=True)
        )

    def power(self) -> About:
        found = self.atom()
        while self.tokens and (self.tokens[0] in ("^", "ᵀ", "⁻¹") or set(self.tokens[0]) <= set("⁰¹²³⁴⁵⁶⁷⁸⁹⁻")):
            sign = self.eat()
            if sign == "^":
                minus = self.sees("−") and bool(self.eat())
                exponent = self.atom()
                found = found.with_(exponent.through(np.negative) if minus else exponent, np.power)
            elif sign == "ᵀ":
                found = About(*(np.swapaxes(one, -1, -2) if one.ndim > 1 else one for one in (found.value, found.off)))
            elif sign == "⁻¹":
                found = _inverse(found)
            else:
                found = found.through(partial(_raised, float(sign.translate(_LITTLE))))
        return found

    def atom(self) -> About:
        token = self.eat()
        if token == "(":
            found = self.pieces()
            self.eat(")")
            return found
        if token == "|":
            found = self.terms().through(np.abs)
            self.eat("|")
            return found
        if token == "⌊":
            top, _, bottom = self.power(), self.eat("/"), self.power()
            self.eat("⌋")
            return top.with_(bottom, np.floor_divide)
        if token == "π":
            return About(np.asarray(math.pi), np.asarray(0.0))
        if token == "[":
            return self.array()
        if token in ("inf", "nan") or token[0].isdigit():
            return number(token)
        raise NotInWords(self.text)

    def array(self) -> About:
        parts: list[About] = []
        while not self.sees("]"):
            if self.sees(","):
                self.eat()
            minus = self.sees("−") and bool(self.eat())
            one = self.atom()
            parts.append(one.through(np.negative) if minus else one)
        self.eat("]")
        return About(np.array([one.value for one in parts], float), np.array([one.off for one in parts], float))


def _raised(exponent: float, x: Array) -> Array:
    return np.power(x, exponent)


def _product(sign: str, first: About, second: About) -> About:
    if sign in ("·", "/"):
        return first.with_(second, np.multiply if sign == "·" else np.divide)
    function: Any = {"@": np.matmul, "⊗": np.outer, "×": np.cross}[sign]
    middle = function(first.value, second.value)
    if sign == "×":
        size = np.abs(first.value).max() * second.off.max() + np.abs(second.value).max() * first.off.max()
        return About(middle, np.full(middle.shape, 3 * size))
    off = function(np.abs(first.value), second.off) + function(first.off, np.abs(second.value) + second.off)
    return About(middle, np.where(np.isnan(off), 0, off))


def _inverse(matrix: About) -> About:
    inverse = np.asarray(np.linalg.inv(matrix.value), dtype=np.float64)
    return About(inverse, 2 * np.abs(inverse) @ matrix.off @ np.abs(inverse))
