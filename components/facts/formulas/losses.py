"""Losses: what each element of the prediction, and of a target that needs one, has for a gradient."""

from __future__ import annotations

import numpy as np

from .elementwise import sigmoid
from .rules import Array, Compute, Fact, Given, Rule, Rules

_MEAN = 1


def _loss(formula: str, slope: Compute, explained: str = "", **facts: Fact) -> Rule:
    """``slope`` is the loss's derivative by element; a mean divides it by their number, a weight multiplies it."""

    def words(given: Given) -> str:
        weight = " · {weight}" if given.has("weight") else ""
        over = " / {n}" if given.integer("reduction") == _MEAN else ""
        return f"{formula}{weight}{over}{explained}"

    def compute(given: Given) -> Array:
        weight = given("weight") if given.has("weight") else 1.0
        return given.grad * slope(given) * weight / (_count(given) if given.integer("reduction") == _MEAN else 1.0)

    return Rule(words, compute, facts={"n": _count, **facts})


def _count(given: Given) -> float:
    return float(given("self").size)


def _away(given: Given) -> Array:
    return given("self") - given("target")


def _smooth(given: Given) -> Array:
    away, beta = _away(given), given.number("beta")
    return np.sign(away) if beta == 0 else np.clip(away / beta, -1, 1)


def _huber(given: Given) -> Array:
    delta = given.number("delta")
    return np.clip(_away(given), -delta, delta)


def _cross_entropy(given: Given) -> Array:
    p = given("self")
    return _away(given) / np.maximum(p * (1 - p), 1e-12)


def _logs(given: Given) -> Array:
    return np.log1p(-given("self")) - np.log(given("self"))


def _positive(given: Given) -> Array | float:
    return given("pos_weight") if given.has("pos_weight") else 1.0


def _logits(given: Given) -> Array:
    share, weighted = sigmoid(given("self")), given("target") * _positive(given)
    return (weighted + 1 - given("target")) * share - weighted if given.has("pos_weight") else share - weighted


def _of_logits(plain: str, weighted: str, slope: Compute) -> Rule:
    """``weighted`` is the formula where positive targets have a weight of their own."""
    rules = _loss(plain, slope), _loss(weighted, slope)
    return Rule(lambda g: rules[g.has("pos_weight")].symbols_of(g), rules[0].compute, facts=rules[0].facts)


def _logits_target(given: Given) -> Array:
    x = given("self")
    return _positive(given) * np.logaddexp(0, -x) - np.logaddexp(0, x)


def _soft_margin(given: Given) -> Array:
    y, power = given("target"), np.exp(-given("target") * given("self"))
    return -y * power / (1 + power)


def _class(given: Given) -> Array:
    """The gradient goes to the score of the right class alone."""
    shape, target = given.shape, given.indices("target")
    axis = min(1, len(shape) - 1)
    counts = target != given.integer("ignore_index")
    chosen = np.where(counts, target, 0)
    weight = given("weight")[chosen] if given.has("weight") else 1.0
    total = given("total_weight") if given.integer("reduction") == _MEAN else 1.0
    out = np.zeros(shape)
    values = np.where(counts, -weight * given.grad / total, 0)
    np.put_along_axis(out, np.expand_dims(chosen, axis), np.expand_dims(values, axis), axis=axis)
    return out


def _class_words(given: Given) -> str:
    weight = " · {weight}" if given.has("weight") else ""
    over = " / {total_weight}" if given.integer("reduction") == _MEAN else ""
    return f"−{{grad}}{weight}{over} at class {{target}}, else 0"


_CLASS = (Rule(_class_words, _class),)
_EXPLAINED = " with d = {self} − {target}"

LOSSES: Rules = {
    "MseLossBackward0": (
        _loss("{grad} · 2·({self} − {target})", lambda g: 2 * _away(g)),
        _loss("−{grad} · 2·({self} − {target})", lambda g: -2 * _away(g)),
    ),
    "SmoothL1LossBackward0": (
        _loss("{grad} · ({d} / {beta}, between −1 and 1)", _smooth, _EXPLAINED, d=_away),
        _loss("−{grad} · ({d} / {beta}, between −1 and 1)", lambda g: -_smooth(g), _EXPLAINED, d=_away),
    ),
    "HuberLossBackward0": (
        _loss("{grad} · ({d}, between −{delta} and {delta})", _huber, _EXPLAINED, d=_away),
        _loss("−{grad} · ({d}, between −{delta} and {delta})", lambda g: -_huber(g), _EXPLAINED, d=_away),
    ),
    "BinaryCrossEntropyBackward0": (
        _loss("{grad} · ({self} − {target}) / ({self} · (1 − {self}))", _cross_entropy),
        _loss("{grad} · (ln(1 − {self}) − ln {self})", _logs),
    ),
    "BinaryCrossEntropyWithLogitsBackward0": (
        _of_logits(
            "{grad} · (σ({self}) − {target})",
            "{grad} · ((1 − {target})·σ({self}) − {target}·{pos_weight}·(1 − σ({self})))",
            _logits,
        ),
        _of_logits(
            "−{grad} · {self}",
            "{grad} · ({pos_weight} · ln(1 + exp(−{self})) − ln(1 + exp {self}))",
            _logits_target,
        ),
    ),
    "SoftMarginLossBackward0": (_loss("−{grad} · {target} · σ(−{target}·{self})", _soft_margin),),
    "NllLossBackward0": _CLASS,
    "NllLoss2DBackward0": _CLASS,
}
