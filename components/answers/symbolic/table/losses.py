"""Loss functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy

from ..arrays import Expr, Symbols, elements, over, single
from ..call import Call
from ..functions import HALF, ONE, TWO, logarithm, power, total
from .elementwise import softplus
from .entry import Entry
from .reductions import mean

_MEAN, _SUM = 1, 2


def reduced(call: Call, losses: Symbols) -> Symbols:
    """Do what the argument ``reduction`` says: 0 for none, 1 for the mean, 2 for the sum."""
    kind = int(call.given["reduction"])
    if kind == _MEAN:
        return single(mean(list(elements(losses))))
    return single(total(list(elements(losses)))) if kind == _SUM else losses


def _between(loss: Callable[[Expr, Expr], Expr]) -> Entry:
    """A loss of the prediction and the target, element by element."""
    return lambda call: reduced(call, over(loss, call.symbols("self"), call.symbols("target")))


def _smooth(call: Call, width: str, scaled: bool) -> Symbols:
    """Quadratic near zero, linear beyond; ``smooth_l1`` divides by the width of the quadratic part."""
    beta = call.one(width)

    def side(x: Expr, y: Expr, at: float, target: float) -> Expr:
        if abs(at - target) < float(beta):
            return HALF * power(x - y, TWO) / (beta if scaled else ONE)
        gap = x - y if at > target else y - x
        return gap - HALF * beta if scaled else beta * (gap - HALF * beta)

    return reduced(call, call.sided(side, "self", "target"))


def _weighted(call: Call, losses: Symbols) -> Symbols:
    if call.has("weight"):
        losses = over(lambda loss, weight: loss * weight, losses, call.symbols("weight"))
    return reduced(call, losses)


def _cross_entropy(p: Expr, y: Expr) -> Expr:
    parts = [(y, p), (ONE - y, ONE - p)]
    return -total([share * logarithm(chance) for share, chance in parts if share != 0])


def _binary(call: Call) -> Symbols:
    return _weighted(call, over(_cross_entropy, call.symbols("self"), call.symbols("target")))


def _binary_with_logits(call: Call) -> Symbols:
    positive = call.symbols("pos_weight") if call.has("pos_weight") else single(ONE)

    def loss(x: Expr, y: Expr, weight: Expr) -> Expr:
        return (ONE - y) * x + (ONE + (weight - ONE) * y) * softplus(-x)

    return _weighted(call, over(loss, call.symbols("self"), call.symbols("target"), positive))


def _nll(call: Call) -> tuple[Symbols, None]:
    """The mean is one over the weights of the targets that count."""
    logs, targets = call.symbols("self"), call.integers("target")
    single_row = logs.ndim == 1
    logs, targets = (logs[None], targets.reshape(1)) if single_row else (logs, targets)
    weights = call.symbols("weight") if call.has("weight") else np.full(logs.shape[1], ONE, dtype=object)
    counted = [(row, int(target)) for row, target in enumerate(targets) if target != call.given["ignore_index"]]
    losses = np.full(len(targets), sympy.Integer(0), dtype=object)
    for row, target in counted:
        losses[row] = -weights[target] * logs[row, target]
    if int(call.given["reduction"]) == 0:
        return losses[0:1].reshape(()) if single_row else losses, None
    whole = total(list(losses))
    by = total([weights[target] for _, target in counted])
    return single(whole / by if int(call.given["reduction"]) == _MEAN else whole), None


LOSSES: dict[str, Entry] = {
    "mse_loss": _between(lambda x, y: power(x - y, TWO)),
    "soft_margin_loss": _between(lambda x, y: softplus(-x * y)),
    "smooth_l1_loss": lambda call: _smooth(call, "beta", scaled=True),
    "huber_loss": lambda call: _smooth(call, "delta", scaled=False),
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_with_logits": _binary_with_logits,
    "nll_loss_forward": _nll,
}
