"""Losses: what each element of the prediction, and of a target that needs one, has for a gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .language import Array
from .rules import Fact, Given, Letter, Rule, Rules, holds, template_for

_MEAN = 1
Formula = str | Callable[[Given], str]


def is_mean(given: Given) -> bool:
    """Whether a loss is the mean over all elements."""
    return given.integer("reduction") == _MEAN


def count(given: Given) -> float:
    """The number of elements that a loss is over."""
    return float(given("self").size)


def _loss(formula: Formula, **facts: Fact) -> Rule:
    """The loss's derivative by element; a weight multiplies it, a mean divides it by the number of elements."""

    def words(given: Given) -> str:
        weight = " · {weight}" if given.has("weight") else ""
        over = " / {n}" if is_mean(given) else ""
        return f"{template_for(formula, given)}{weight}{over}"

    return Rule(words, facts={"n": count, **facts})


def _of_logits(plain: str, weighted: str) -> Rule:
    """``weighted`` is the formula where positive targets have a weight of their own."""
    return _loss(lambda given: weighted if given.has("pos_weight") else plain)


def _between(minus: str, inside: str, limit: str) -> Rule:
    """``inside`` as long as the difference is within the limit, else the limit with the difference's sign."""
    sides = f"where |{{d}}| ≤ {limit}, else {minus}{{grad}} · {'{delta} · ' if limit == '{delta}' else ''}sign {{d}}"

    def words(given: Given) -> str:
        weight = " / {n}" if is_mean(given) else ""
        if given.number(limit[1:-1]) == 0:
            return f"{minus}{{grad}} · sign {{d}}{weight}"
        return f"{minus}{{grad}} · {inside}{weight} {sides}{weight}"

    return Rule(words, facts={"n": count, "d": "{self} − {target}"})


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


def _cross_entropy(given: Given) -> str:
    """PyTorch divides by a trillionth at least."""
    edge = holds(given, lambda: given("self") * (1 - given("self")) < 1e-12)
    over = "({q} where {q} > {least}, else {least})" if edge else "({self} · (1 − {self}))"
    return f"{{grad}} · ({{self}} − {{target}}) / {over}"


_CLASS = (Rule(_class_words, _class),)

LOSSES: Rules = {
    "MseLossBackward0": (_loss("{grad} · 2·({self} − {target})"), _loss("−{grad} · 2·({self} − {target})")),
    "SmoothL1LossBackward0": (_between("", "{d} / {beta}", "{beta}"), _between("−", "{d} / {beta}", "{beta}")),
    "HuberLossBackward0": (_between("", "{d}", "{delta}"), _between("−", "{d}", "{delta}")),
    "BinaryCrossEntropyBackward0": (
        _loss(_cross_entropy, q="{self} · (1 − {self})", least=Letter(lambda g: 1e-12, "1e−12")),
        _loss("{grad} · (ln(1 − {self}) − ln {self})"),
    ),
    "BinaryCrossEntropyWithLogitsBackward0": (
        _of_logits(
            "{grad} · (σ({self}) − {target})",
            "{grad} · ((1 − {target})·σ({self}) − {target}·{pos_weight}·(1 − σ({self})))",
        ),
        _of_logits("−{grad} · {self}", "{grad} · ({pos_weight} · ln(1 + exp(−{self})) − ln(1 + exp {self}))"),
    ),
    "SoftMarginLossBackward0": (_loss("−{grad} · {target} · σ(−{target}·{self})"),),
    "NllLossBackward0": _CLASS,
    "NllLoss2DBackward0": _CLASS,
}
