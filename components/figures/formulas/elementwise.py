"""Operations on each element by itself."""

from __future__ import annotations

import math

import numpy as np

from components.figures.formulas.given import Array, Given
from components.figures.formulas.rules import Rules, each, power

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _normal(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _alpha(given: Given) -> float:
    return given.number("alpha", 1.0)


def _times_alpha(given: Given) -> str:
    alpha = _alpha(given) if given.has("alpha") else 1.0
    return "{grad}" if alpha == 1 else f"{{grad}} · {alpha:g}"


def _power(given: Given) -> str:
    exponent = given.number("exponent")
    if exponent == 0:
        return "0"
    return "{grad}" if exponent == 1 else f"{{grad}} · {exponent:g}·{power('{self}', exponent - 1)}"


def _to_the(given: Given) -> Array:
    exponent = given.number("exponent")
    x = given("self") if exponent not in (0, 1) else given.grad
    return given.grad * (0 if exponent == 0 else exponent * x ** (exponent - 1))


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
    return given.grad * np.where(x > 0, scale, scale * inner * alpha * np.exp(x * inner))


def _softplus(given: Given) -> Array:
    x, beta = given("self"), given.number("beta", 1.0)
    return given.grad * np.where(x * beta > given.number("threshold", 20.0), 1, _sigmoid(beta * x))


def _inside(given: Given) -> Array:
    x = given("self")
    low, high = given.number("min", -math.inf), given.number("max", math.inf)
    return np.where((x >= low) & (x <= high), given.grad, 0)


def _share(given: Given, larger: bool) -> Array:
    """Equal elements share the gradient."""
    mine, other = ("self", "other") if given.slot == 0 else ("other", "self")
    a, b = given(mine), given(other)
    wins = a > b if larger else a < b
    return given.grad * (wins + 0.5 * (a == b))


def _larger(given: Given) -> Array:
    return _share(given, larger=True)


def _smaller(given: Given) -> Array:
    return _share(given, larger=False)


def _mish(given: Given) -> Array:
    x = given("self")
    bent = np.tanh(np.log1p(np.exp(x)))
    return given.grad * (bent + x * _sigmoid(x) * (1 - bent**2))


def _hardswish(given: Given) -> Array:
    x = given("self")
    return given.grad * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))


ELEMENTWISE: Rules = {
    "AddBackward0": (each("{grad}", lambda g: g.grad), each(_times_alpha, lambda g: g.grad * _alpha(g))),
    "SubBackward0": (
        each("{grad}", lambda g: g.grad),
        each(lambda g: f"−{_times_alpha(g)}", lambda g: -g.grad * _alpha(g)),
    ),
    "RsubBackward1": (each(lambda g: f"−{_times_alpha(g)}", lambda g: -g.grad * _alpha(g)),),
    "MulBackward0": (
        each("{grad} · {other}", lambda g: g.grad * g("other")),
        each("{grad} · {self}", lambda g: g.grad * g("self")),
    ),
    "DivBackward0": (
        each("{grad} / {other}", lambda g: g.grad / g("other")),
        each("−{grad} · {self} / {other}²", lambda g: -g.grad * g("self") / g("other") ** 2),
    ),
    "NegBackward0": (each("−{grad}", lambda g: -g.grad),),
    "PowBackward0": (each(_power, _to_the),),
    "PowBackward1": (
        each(
            "{grad} · {exponent}·{self}^({exponent} − 1)",
            lambda g: g.grad * g("exponent") * g("self") ** (g("exponent") - 1),
        ),
        each("{grad} · {result} · ln {self}", lambda g: g.grad * g("result") * np.log(g("self"))),
    ),
    "PowBackward2": (
        each("{grad} · {result} · ln {self}", lambda g: g.grad * g("result") * math.log(g.number("self"))),
    ),
    "ExpBackward0": (each("{grad} · {result}", lambda g: g.grad * g("result")),),
    "Exp2Backward0": (each("{grad} · {result} · ln 2", lambda g: g.grad * g("result") * math.log(2)),),
    "Expm1Backward0": (each("{grad} · ({result} + 1)", lambda g: g.grad * (g("result") + 1)),),
    "LogBackward0": (each("{grad} / {self}", lambda g: g.grad / g("self")),),
    "Log2Backward0": (each("{grad} / ({self} · ln 2)", lambda g: g.grad / (g("self") * math.log(2))),),
    "Log10Backward0": (each("{grad} / ({self} · ln 10)", lambda g: g.grad / (g("self") * math.log(10))),),
    "Log1PBackward0": (each("{grad} / (1 + {self})", lambda g: g.grad / (1 + g("self"))),),
    "SqrtBackward0": (each("{grad} / (2·{result})", lambda g: g.grad / (2 * g("result"))),),
    "RsqrtBackward0": (each("−{grad} · {result}³ / 2", lambda g: -g.grad * g("result") ** 3 / 2),),
    "ReciprocalBackward0": (each("−{grad} · {result}²", lambda g: -g.grad * g("result") ** 2),),
    "AbsBackward0": (each("{grad} · sign {self}", lambda g: g.grad * np.sign(g("self"))),),
    "SignBackward0": (each("0", lambda g: 0 * g.grad),),
    "FloorBackward0": (each("0", lambda g: 0 * g.grad),),
    "CeilBackward0": (each("0", lambda g: 0 * g.grad),),
    "RoundBackward0": (each("0", lambda g: 0 * g.grad),),
    "RemainderBackward0": (each("{grad}", lambda g: g.grad),),
    "FmodBackward0": (each("{grad}", lambda g: g.grad),),
    "SinBackward0": (each("{grad} · cos {self}", lambda g: g.grad * np.cos(g("self"))),),
    "CosBackward0": (each("{grad} · (−sin {self})", lambda g: -g.grad * np.sin(g("self"))),),
    "TanBackward0": (each("{grad} · (1 + {result}²)", lambda g: g.grad * (1 + g("result") ** 2)),),
    "AsinBackward0": (each("{grad} / √(1 − {self}²)", lambda g: g.grad / np.sqrt(1 - g("self") ** 2)),),
    "AcosBackward0": (each("−{grad} / √(1 − {self}²)", lambda g: -g.grad / np.sqrt(1 - g("self") ** 2)),),
    "AtanBackward0": (each("{grad} / (1 + {self}²)", lambda g: g.grad / (1 + g("self") ** 2)),),
    "SinhBackward0": (each("{grad} · cosh {self}", lambda g: g.grad * np.cosh(g("self"))),),
    "CoshBackward0": (each("{grad} · sinh {self}", lambda g: g.grad * np.sinh(g("self"))),),
    "AsinhBackward0": (each("{grad} / √({self}² + 1)", lambda g: g.grad / np.sqrt(g("self") ** 2 + 1)),),
    "AcoshBackward0": (each("{grad} / √({self}² − 1)", lambda g: g.grad / np.sqrt(g("self") ** 2 - 1)),),
    "AtanhBackward0": (each("{grad} / (1 − {self}²)", lambda g: g.grad / (1 - g("self") ** 2)),),
    "TanhBackward0": (each("{grad} · (1 − {result}²)", lambda g: g.grad * (1 - g("result") ** 2)),),
    "SigmoidBackward0": (
        each("{grad} · {result} · (1 − {result})", lambda g: g.grad * g("result") * (1 - g("result"))),
    ),
    "ReluBackward0": (each("{grad} where {result} > 0, else 0", lambda g: np.where(g("result") > 0, g.grad, 0)),),
    "LeakyReluBackward0": (
        each(
            "{grad} where {self} > 0, else {grad} · {negative_slope}",
            lambda g: g.grad * np.where(g("self") > 0, 1, g.number("negative_slope")),
        ),
    ),
    "EluBackward0": (each("{grad} · scale where {self} > 0, else {grad} · scale · α · exp {self}", _elu),),
    "CeluBackward0": (
        each(
            "{grad} where {self} > 0, else {grad} · exp({self} / {alpha})",
            lambda g: g.grad * np.where(g("self") > 0, 1, np.exp(g("self") / g.number("alpha"))),
        ),
    ),
    "GeluBackward0": (each("{grad} · (Φ({self}) + {self} · φ({self}))", _gelu),),
    "SiluBackward0": (
        each(
            "{grad} · σ({self}) · (1 + {self} · (1 − σ({self})))",
            lambda g: g.grad * _sigmoid(g("self")) * (1 + g("self") * (1 - _sigmoid(g("self")))),
        ),
    ),
    "MishBackward0": (each("{grad} · (t + {self} · σ({self}) · (1 − t²)) with t = tanh(ln(1 + exp {self}))", _mish),),
    "HardswishBackward0": (each("{grad} · ({self}/3 + 1/2) where −3 < {self} < 3, else 0 or {grad}", _hardswish),),
    "SoftplusBackward0": (each("{grad} · σ({beta}·{self})", _softplus),),
    "LogSigmoidBackward0": (each("{grad} · (1 − σ({self}))", lambda g: g.grad * (1 - _sigmoid(g("self")))),),
    "HardtanhBackward0": (
        each(
            "{grad} where {min_val} < {self} < {max_val}, else 0",
            lambda g: np.where((g("self") > g.number("min_val")) & (g("self") < g.number("max_val")), g.grad, 0),
        ),
    ),
    "ClampBackward1": (each("{grad} where {self} is inside the limits, else 0", _inside),),
    "ClampMinBackward0": (each("{grad} where {self} ≥ {min}, else 0", _inside),),
    "ClampMaxBackward0": (each("{grad} where {self} ≤ {max}, else 0", _inside),),
    "ErfBackward0": (
        each(
            "{grad} · 2/√π · exp(−{self}²)",
            lambda g: g.grad * 2 / math.sqrt(math.pi) * np.exp(-(g("self") ** 2)),
        ),
    ),
    "MaximumBackward0": (
        each("{grad} where {self} > {other}, else 0", _larger),
        each("{grad} where {other} > {self}, else 0", _larger),
    ),
    "MinimumBackward0": (
        each("{grad} where {self} < {other}, else 0", _smaller),
        each("{grad} where {other} < {self}, else 0", _smaller),
    ),
    "WhereBackward0": (
        each("{grad} where {condition}, else 0", lambda g: np.where(g("condition") != 0, g.grad, 0)),
        each("0 where {condition}, else {grad}", lambda g: np.where(g("condition") != 0, 0, g.grad)),
    ),
    "MaskedFillBackward0": (each("0 where {mask}, else {grad}", lambda g: np.where(g("mask") != 0, 0, g.grad)),),
    "LerpBackward0": (
        each("{grad} · (1 − {weight})", lambda g: g.grad * (1 - g.number("weight"))),
        each("{grad} · {weight}", lambda g: g.grad * g.number("weight")),
    ),
    "AddcmulBackward0": (
        each("{grad}", lambda g: g.grad),
        each("{grad} · {tensor2} · {value}", lambda g: g.grad * g("tensor2") * g.number("value")),
        each("{grad} · {tensor1} · {value}", lambda g: g.grad * g("tensor1") * g.number("value")),
    ),
    "AddcdivBackward0": (
        each("{grad}", lambda g: g.grad),
        each("{grad} · {value} / {tensor2}", lambda g: g.grad * g.number("value") / g("tensor2")),
        each(
            "−{grad} · {value} · {tensor1} / {tensor2}²",
            lambda g: -g.grad * g.number("value") * g("tensor1") / g("tensor2") ** 2,
        ),
    ),
    "Atan2Backward0": (
        each("{grad} · {other} / ({self}² + {other}²)", lambda g: g.grad * g("other") / _square(g)),
        each("−{grad} · {self} / ({self}² + {other}²)", lambda g: -g.grad * g("self") / _square(g)),
    ),
    "HypotBackward0": (
        each("{grad} · {self} / {result}", lambda g: g.grad * g("self") / g("result")),
        each("{grad} · {other} / {result}", lambda g: g.grad * g("other") / g("result")),
    ),
    "LogaddexpBackward0": (
        each("{grad} · σ({self} − {other})", lambda g: g.grad * _sigmoid(g("self") - g("other"))),
        each("{grad} · σ({other} − {self})", lambda g: g.grad * _sigmoid(g("other") - g("self"))),
    ),
    "CloneBackward0": (each("{grad}", lambda g: g.grad),),
    "ToCopyBackward0": (each("{grad}", lambda g: g.grad),),
}


def _square(given: Given) -> Array:
    return given("self") ** 2 + given("other") ** 2
