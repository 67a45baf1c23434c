"""Operations that let each element through or not: where, clamp, maximum, masks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .given import Array, Given, Lacking
from .rules import Rules, each, kept

Words = Callable[[Given], str]


def _inside(given: Given) -> Array:
    x = given("self")
    low, high = given.number("min", -math.inf), given.number("max", math.inf)
    return np.where((x >= low) & (x <= high), given.grad, 0)


def _share(given: Given, larger: bool) -> Array:
    """Equal elements share the gradient; where one is not a number both get it."""
    mine, other = ("self", "other") if given.slot == 0 else ("other", "self")
    a, b = given(mine), given(other)
    return np.where(a < b if larger else a > b, 0, given.grad / (1 + (a == b)))


def _larger(given: Given) -> Array:
    return _share(given, larger=True)


def _smaller(given: Given) -> Array:
    return _share(given, larger=False)


def _share_words(mine: str, sign: str, other: str) -> Words:
    def words(given: Given) -> str:
        text = f"{{grad}} where {{{mine}}} {sign} {{{other}}}, else 0"
        try:
            ties = bool(np.any(given("self") == given("other")))
        except (Lacking, ValueError):
            return text
        return text.replace(", else", ", half where equal, else") if ties else text

    return words


def _limits_words(given: Given) -> str:
    low = "{min} ≤ " if given.has("min") else ""
    high = " ≤ {max}" if given.has("max") else ""
    return f"{{grad}} where {low}{{self}}{high}, else 0"


def _limited(given: Given) -> Array:
    """``clamp`` with limits that are tensors, each of which gets the gradient where it was the result."""
    x = given("self")
    low = given("min") if given.has("min") else -np.inf
    high = given("max") if given.has("max") else np.inf
    inside = ((x >= low) & (x <= high), (x < low) & (low < high), (x > high) | ((low > high) & (x < low)))
    return kept(given, inside[given.slot])


def _chosen(given: Given) -> Array:
    return kept(given, given("condition") != 0)


def _masked(given: Given) -> Array:
    return kept(given, given("mask") == 0)


def _first(given: Given, wins: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``fmax`` and ``fmin`` take the first where the other is not a number."""
    return wins | np.isnan(given("other"))


_UNMASKED = each("0 where {mask}, else {grad}", _masked)
_SMALLER = (
    each(_share_words("self", "<", "other"), _smaller),
    each(_share_words("other", "<", "self"), _smaller),
)
_LARGER = (
    each(_share_words("self", ">", "other"), _larger),
    each(_share_words("other", ">", "self"), _larger),
)

CHOICES: Rules = {
    "ClampBackward0": (
        each(_limits_words, _limited),
        each("{grad} where {self} < {min}, else 0", _limited),
        each("{grad} where {self} > {max}, else 0", _limited),
    ),
    "ClampBackward1": (each(_limits_words, _inside),),
    "ClampMinBackward0": (each("{grad} where {self} ≥ {min}, else 0", _inside),),
    "ClampMaxBackward0": (each("{grad} where {self} ≤ {max}, else 0", _inside),),
    "ClampMinBackward1": (
        each("{grad} where {self} ≥ {min}, else 0", lambda g: kept(g, g("self") >= g("min"))),
        each("{grad} where {self} < {min}, else 0", lambda g: kept(g, g("self") < g("min"))),
    ),
    "ClampMaxBackward1": (
        each("{grad} where {self} ≤ {max}, else 0", lambda g: kept(g, g("self") <= g("max"))),
        each("{grad} where {self} > {max}, else 0", lambda g: kept(g, g("self") > g("max"))),
    ),
    "MaximumBackward0": _LARGER,
    "MinimumBackward0": _SMALLER,
    "FmaxBackward0": (
        each("{grad} where {self} ≥ {other}, else 0", lambda g: kept(g, _first(g, g("self") >= g("other")))),
        each("{grad} where {self} < {other}, else 0", lambda g: kept(g, ~_first(g, g("self") >= g("other")))),
    ),
    "FminBackward0": (
        each("{grad} where {self} ≤ {other}, else 0", lambda g: kept(g, _first(g, g("self") <= g("other")))),
        each("{grad} where {self} > {other}, else 0", lambda g: kept(g, ~_first(g, g("self") <= g("other")))),
    ),
    "WhereBackward0": (
        each("{grad} where {condition}, else 0", _chosen),
        each("0 where {condition}, else {grad}", lambda g: kept(g, g("condition") == 0)),
    ),
    "MaskedFillBackward0": (_UNMASKED,),
    "MaskedFillBackward1": (_UNMASKED, each("{grad} where {mask}, else 0", lambda g: kept(g, g("mask") != 0))),
    "NativeDropoutBackward0": (
        each("{grad} / (1 − {p}) where {result1}, else 0", lambda g: kept(g, g("result1") != 0) / (1 - g.number("p"))),
    ),
    "NanToNumBackward0": (
        each("{grad} where {self} is finite, else 0", lambda g: np.where(np.isfinite(g("self")), g.grad, 0)),
    ),
}
