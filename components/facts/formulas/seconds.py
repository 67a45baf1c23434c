"""Nodes of a second ``backward``: derivatives of what other nodes did, made where ``create_graph`` recorded it.

Slot 0 is the gradient that the first engine run sent in (``grad_output``); what it did was linear in that.
"""

from __future__ import annotations

from .elementwise import ACTIVATIONS
from .losses import count, is_mean
from .moves import at, slice_text, sliced
from .reductions import rows
from .rules import NOTHING, Given, Rule, Rules, each, holds


def _all(given: Given) -> tuple[int, ...]:
    """A loss of one number goes over all elements; one for each element over none."""
    return tuple(range(given("self").ndim)) if not given.shape else ()


def _loss(formula: str) -> Rule:
    return Rule(lambda g: f"{formula} / {{n}}" if is_mean(g) else formula, facts={"n": count})


def _of_squared_error(given: Given) -> str:
    slope = "{grad} · 2·({self} − {target})"
    slope = f"{slope} / {{n}}" if is_mean(given) else slope
    return slope if given.shape else f"Σ {slope}"


def _softplus(given: Given) -> str:
    bent = "{grad} · {grad_output} · {beta} · σ({beta}·{self}) · (1 − σ({beta}·{self}))"
    straight = holds(given, lambda: given("self") * given.number("beta") > given.number("threshold"))
    return f"0 where {{self}}·{{beta}} > {{threshold}}, else {bent}" if straight else bent


SECONDS: Rules = {
    "TanhBackwardBackward0": (each("{grad} · (1 − {output}²)"), each("{grad} · {grad_output} · (−2)·{output}")),
    "SigmoidBackwardBackward0": (
        each("{grad} · {output} · (1 − {output})"),
        each("{grad} · {grad_output} · (1 − 2·{output})"),
    ),
    "ThresholdBackwardBackward0": (*ACTIVATIONS["ThresholdBackward0"], NOTHING),
    "LeakyReluBackwardBackward0": (*ACTIVATIONS["LeakyReluBackward0"], NOTHING),
    "HardtanhBackwardBackward0": (*ACTIVATIONS["HardtanhBackward0"], NOTHING),
    "SoftplusBackwardBackward0": (*ACTIVATIONS["SoftplusBackward0"], each(_softplus)),
    "SoftmaxBackwardDataBackward0": (
        Rule("{output} · ({grad} − Σ {grad}·{output})", over=rows),
        Rule(
            "{grad} · ({grad_output} − Σ {output}·{grad_output}) − {grad_output} · Σ {output}·{grad}",
            over=rows,
        ),
    ),
    "LogSoftmaxBackwardDataBackward0": (
        Rule("{grad} − Σ {grad} · exp {output}", over=rows),
        Rule("−{grad} · exp {output} · Σ {grad_output}", over=rows),
    ),
    "MseLossBackwardBackward0": (
        Rule(_of_squared_error, over=_all, facts={"n": count}),
        _loss("{grad} · {grad_output} · 2"),
        _loss("−{grad} · {grad_output} · 2"),
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
