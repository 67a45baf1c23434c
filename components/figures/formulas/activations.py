"""The activations of neural networks."""

from __future__ import annotations

import math

import numpy as np

from .elementwise import sigmoid
from .given import Array, Given
from .rules import Rule, Rules, each, kept

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _normal(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _gelu(given: Given) -> Array:
    x = given("self")
    if given.text("approximate") != "tanh":
        return given.grad * (0.5 * (1 + _erf(x / math.sqrt(2))) + x * _normal(x))
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return given.grad * (0.5 * (1 + np.tanh(inner)) + 0.5 * x * (1 - np.tanh(inner) ** 2) * slope)


def _elu(given: Given) -> Array:
    x, alpha = given("self"), given.number("alpha")
    scale, inner = given.number("scale", 1.0), given.number("input_scale", 1.0)
    return given.grad * np.where(x <= 0, scale * inner * alpha * np.exp(x * inner), scale)


def _softplus(given: Given) -> Array:
    x, beta = given("self"), given.number("beta", 1.0)
    return given.grad * np.where(x * beta > given.number("threshold", 20.0), 1, sigmoid(beta * x))


def _elu_words(given: Given) -> str:
    scale = "" if given.number("scale", 1.0) == 1 else " · {scale}"
    alpha = "" if given.number("alpha") == 1 else " · {alpha}"
    return f"{{grad}}{scale} where {{self}} > 0, else {{grad}}{scale}{alpha} · exp {{self}}"


def _elu_of_result(given: Given) -> Array:
    y, alpha = given("result"), given.number("alpha")
    scale, inner = given.number("scale", 1.0), given.number("input_scale", 1.0)
    return given.grad * np.where(y <= 0, inner * (y + alpha * scale), scale)


def _glu(given: Given) -> Array:
    first, second = np.split(given("self"), 2, axis=given.integer("dim"))
    gate = sigmoid(second)
    parts = (given.grad * gate, given.grad * first * gate * (1 - gate))
    return np.concatenate(parts, axis=given.integer("dim"))


def _prelu(given: Given) -> Array:
    x = given("self")
    return given.grad * (np.where(x > 0, 1, given("weight")) if given.slot == 0 else np.where(x > 0, 0, x))


def _mish(given: Given) -> Array:
    x = given("self")
    bent = np.tanh(np.log1p(np.exp(x)))
    return given.grad * (bent + x * sigmoid(x) * (1 - bent**2))


def _hardswish(given: Given) -> Array:
    x = given("self")
    return given.grad * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))


_OUTSIDE = each("{grad} where |{self}| > {lambd}, else 0", lambda g: kept(g, ~(np.abs(g("self")) <= g.number("lambd"))))

ACTIVATIONS: Rules = {
    "ReluBackward0": (each("{grad} where {result} > 0, else 0", lambda g: kept(g, ~(g("result") <= 0))),),
    "LeakyReluBackward0": (
        each(
            "{grad} where {self} > 0, else {grad} · {negative_slope}",
            lambda g: g.grad * np.where(g("self") > 0, 1, g.number("negative_slope")),
        ),
    ),
    "CeluBackward0": (
        each(
            "{grad} where {self} > 0, else {grad} · exp({self} / {alpha})",
            lambda g: g.grad * np.where(g("self") <= 0, np.exp(g("self") / g.number("alpha")), 1),
        ),
    ),
    "GeluBackward0": (each("{grad} · (Φ({self}) + {self} · φ({self}))", _gelu),),
    "SiluBackward0": (
        each(
            "{grad} · σ({self}) · (1 + {self} · (1 − σ({self})))",
            lambda g: g.grad * sigmoid(g("self")) * (1 + g("self") * (1 - sigmoid(g("self")))),
        ),
    ),
    "MishBackward0": (each("{grad} · (t + {self} · σ({self}) · (1 − t²)) with t = tanh(ln(1 + exp {self}))", _mish),),
    "HardswishBackward0": (each("{grad} · ({self}/3 + 1/2) where −3 < {self} < 3, else 0 or {grad}", _hardswish),),
    "SoftplusBackward0": (each("{grad} · σ({beta}·{self})", _softplus),),
    "LogSigmoidBackward0": (each("{grad} · (1 − σ({self}))", lambda g: g.grad * (1 - sigmoid(g("self")))),),
    "TanhBackward0": (each("{grad} · (1 − {result}²)", lambda g: g.grad * (1 - g("result") ** 2)),),
    "SigmoidBackward0": (
        each("{grad} · {result} · (1 − {result})", lambda g: g.grad * g("result") * (1 - g("result"))),
    ),
    "EluBackward0": (each(_elu_words, _elu, scale=lambda g: g.number("scale", 1.0)),),
    "EluBackward1": (each("{grad} where {result} > 0, else {grad} · ({result} + {alpha})", _elu_of_result),),
    "ThresholdBackward0": (
        each("{grad} where {self} > {threshold}, else 0", lambda g: kept(g, ~(g("self") <= g.number("threshold")))),
    ),
    "SoftshrinkBackward0": (_OUTSIDE,),
    "HardshrinkBackward0": (_OUTSIDE,),
    "HardsigmoidBackward0": (
        each("{grad} / 6 where −3 < {self} < 3, else 0", lambda g: g.grad / 6 * (np.abs(g("self")) < 3)),
    ),
    "HardtanhBackward0": (
        each(
            "{grad} where {min_val} < {self} < {max_val}, else 0",
            lambda g: kept(g, ~((g("self") <= g.number("min_val")) | (g("self") >= g.number("max_val")))),
        ),
    ),
    "GluBackward0": (Rule("{grad}·σ(b) and {grad}·a·σ(b)·(1 − σ(b)) with a, b = the halves of {self}", _glu),),
    "PreluKernelBackward0": (
        each("{grad} where {self} > 0, else {grad} · {weight}", _prelu),
        each("0 where {self} > 0, else {grad} · {self}", _prelu),
    ),
}
