"""Nodes of a second ``backward``: derivatives of what other nodes did, made where ``create_graph`` recorded it.

Slot 0 is the gradient that the first engine run sent in (``grad_output``); what it did was linear in that.
"""

from __future__ import annotations

import numpy as np

from .elementwise import ACTIVATIONS, sigmoid
from .moves import at, slice_text, sliced
from .reductions import along
from .rules import NOTHING, Array, Given, Rule, Rules, each

_MEAN = 1


def _softmax(given: Given) -> Array:
    y = given("output")
    return y * (given.grad - (given.grad * y).sum(axis=along(given), keepdims=True))


def _of_softmax(given: Given) -> Array:
    y, first, dim = given("output"), given("grad_output"), along(given)
    sums = (y * first).sum(axis=dim, keepdims=True), (y * given.grad).sum(axis=dim, keepdims=True)
    return given.grad * (first - sums[0]) - first * sums[1]


def _log_softmax(given: Given) -> Array:
    return given.grad - (given.grad * np.exp(given("output"))).sum(axis=along(given), keepdims=True)


def _of_log_softmax(given: Given) -> Array:
    return -given("grad_output").sum(axis=along(given), keepdims=True) * np.exp(given("output")) * given.grad


def _over(given: Given) -> float:
    return given("self").size if given.integer("reduction") == _MEAN else 1


def _mean(formula: str, given: Given) -> str:
    return f"{formula} / {{n}}" if given.integer("reduction") == _MEAN else formula


def _squared_error(given: Given) -> Array:
    slope = given.grad * 2 * (given("self") - given("target")) / _over(given)
    return np.asarray(slope.sum()) if not given.shape else slope


def _of_squared_error(given: Given) -> Array:
    sign = 1 if given.slot == 1 else -1
    return sign * 2 * given.grad * given("grad_output") / _over(given)


def _of_softplus(given: Given) -> Array:
    x, beta = given("self"), given.number("beta")
    share = sigmoid(beta * x)
    return (
        given.grad
        * given("grad_output")
        * beta
        * np.where(x * beta > given.number("threshold"), 0, share * (1 - share))
    )


SECONDS: Rules = {
    "TanhBackwardBackward0": (
        each("{grad} · (1 − {output}²)", lambda g: g.grad * (1 - g("output") ** 2)),
        each("{grad} · {grad_output} · (−2)·{output}", lambda g: g.grad * g("grad_output") * -2 * g("output")),
    ),
    "SigmoidBackwardBackward0": (
        each("{grad} · {output} · (1 − {output})", lambda g: g.grad * g("output") * (1 - g("output"))),
        each("{grad} · {grad_output} · (1 − 2·{output})", lambda g: g.grad * g("grad_output") * (1 - 2 * g("output"))),
    ),
    "ThresholdBackwardBackward0": (*ACTIVATIONS["ThresholdBackward0"], NOTHING),
    "LeakyReluBackwardBackward0": (*ACTIVATIONS["LeakyReluBackward0"], NOTHING),
    "HardtanhBackwardBackward0": (*ACTIVATIONS["HardtanhBackward0"], NOTHING),
    "SoftplusBackwardBackward0": (
        *ACTIVATIONS["SoftplusBackward0"],
        each("{grad} · {grad_output} · {beta} · σ({beta}·{self}) · (1 − σ({beta}·{self}))", _of_softplus),
    ),
    "SoftmaxBackwardDataBackward0": (
        Rule("{output} · ({grad} − Σ {grad}·{output})", _softmax),
        Rule("{grad} · ({grad_output} − Σ {output}·{grad_output}) − {grad_output} · Σ {output}·{grad}", _of_softmax),
    ),
    "LogSoftmaxBackwardDataBackward0": (
        Rule("{grad} − Σ {grad} · exp {output}", _log_softmax),
        Rule("−{grad} · exp {output} · Σ {grad_output}", _of_log_softmax),
    ),
    "MseLossBackwardBackward0": (
        Rule(lambda g: _mean("Σ {grad} · 2·({self} − {target})", g), _squared_error, facts={"n": _over}),
        Rule(lambda g: _mean("{grad} · {grad_output} · 2", g), _of_squared_error, facts={"n": _over}),
        Rule(lambda g: _mean("−{grad} · {grad_output} · 2", g), _of_squared_error, facts={"n": _over}),
    ),
    "SelectBackwardBackward0": (
        Rule("{grad} at index {index} of dim {dim}", lambda g: g.grad[at(g, g.grad.ndim, g.integer("index"))]),
    ),
    "SliceBackwardBackward0": (
        Rule(
            lambda g: f"{{grad}} at {slice_text(g)} of dim {{dim}}",
            lambda g: g.grad[at(g, g.grad.ndim, sliced(g))],
        ),
    ),
}
