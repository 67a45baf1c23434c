"""Operations on each element by itself: arithmetic, activations, and those that let an element through or not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .rules import NOTHING, PASSES, Array, Given, Lacking, Rule, Rules, each, kept, power, sign


def sigmoid(x: Array) -> Array:
    """The logistic function, written σ in the formulas."""
    return 1 / (1 + np.exp(-x))


def _alpha(given: Given) -> float:
    return given.number("alpha", 1.0)


def _times_alpha(given: Given) -> str:
    return "{grad}" if _alpha(given) == 1 else "{grad} · {alpha}"


def _power(given: Given) -> str:
    exponent = given.number("exponent")
    if exponent == 0:
        return "0"
    if exponent == 1:
        return "{grad}"
    factor = f"{exponent:g}" if exponent > 0 else f"(−{-exponent:g})"
    return f"{{grad}} · {factor}·{power('{self}', exponent - 1)}"


def _to_the(given: Given) -> Array:
    exponent = given.number("exponent")
    if exponent in (0, 1):
        return given.grad * exponent
    return given.grad * exponent * given("self") ** (exponent - 1)


def _base_of_power(given: Given) -> Array:
    x, exponent = given("self"), given("exponent")
    return np.where(exponent == 0, 0, given.grad * exponent * x ** (exponent - 1))


def _exponent_of_power(given: Given) -> Array:
    """Zero to any power that is not below zero stays zero, whatever the logarithm says."""
    x = given("self")
    return given.grad * np.where((x == 0) & (given("exponent") >= 0), 0, given("result") * np.log(x))


def _over_square(given: Given, top: Array) -> Array:
    square = given("self") ** 2 + given("other") ** 2
    return given.grad * top * np.where(square == 0, 0, 1 / square)


def _xlogy(given: Given) -> Array:
    x, y = given("self"), given("other")
    return np.where((x == 0) & (y <= 0), 0, given.grad * np.log(y))


def _sinc(given: Given) -> Array:
    x = given("self")
    angle = math.pi * x
    return given.grad * np.where(x == 0, 0, (np.cos(angle) - np.sin(angle) / angle) / x)


def _logit(given: Given) -> Array:
    x = given("self")
    eps = given.number("eps", -1.0)
    inside = (x >= max(eps, 0)) & (x <= 1 - max(eps, 0))
    return np.where(inside | np.isnan(x), given.grad / (x * (1 - x)), 0 if eps >= 0 else np.nan)


_TO_THE_POWER = each("{grad} · {result} · ln {self}", _exponent_of_power)
_TIMES_SCALAR = each("{grad} · {other}", lambda g: g.grad * g("other"))
_OVER_SCALAR = each("{grad} / {other}", lambda g: g.grad / g("other"))

ELEMENTWISE: Rules = {
    "AddBackward0": (PASSES, each(_times_alpha, lambda g: g.grad * _alpha(g))),
    "SubBackward0": (
        PASSES,
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
    "AbsBackward0": (each("{grad} · sign {self}", lambda g: g.grad * sign(g("self"))),),
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
    "ErfBackward0": (
        each(
            "{grad} · 2/√π · exp(−{self}²)",
            lambda g: g.grad * 2 / math.sqrt(math.pi) * np.exp(-(g("self") ** 2)),
        ),
    ),
    "AddcmulBackward0": (
        PASSES,
        each("{grad} · {tensor2} · {value}", lambda g: g.grad * g("tensor2") * g.number("value")),
        each("{grad} · {tensor1} · {value}", lambda g: g.grad * g("tensor1") * g.number("value")),
    ),
    "AddcdivBackward0": (
        PASSES,
        each("{grad} · {value} / {tensor2}", lambda g: g.grad * g.number("value") / g("tensor2")),
        each(
            "−{grad} · {value} · {tensor1} / {tensor2}²",
            lambda g: -g.grad * g.number("value") * g("tensor1") / g("tensor2") ** 2,
        ),
    ),
    "HypotBackward0": (
        each("{grad} · {self} / {result}", lambda g: g.grad * g("self") / g("result")),
        each("{grad} · {other} / {result}", lambda g: g.grad * g("other") / g("result")),
    ),
    "LogaddexpBackward0": (
        each("{grad} · σ({self} − {other})", lambda g: g.grad * sigmoid(g("self") - g("other"))),
        each("{grad} · σ({other} − {self})", lambda g: g.grad * sigmoid(g("other") - g("self"))),
    ),
    "AddBackward1": (PASSES,),
    "SubBackward1": (PASSES,),
    "MulBackward1": (_TIMES_SCALAR,),
    "DivBackward1": (_OVER_SCALAR,),
    "DivBackward2": (NOTHING, NOTHING),
    "PowBackward1": (each("{grad} · {exponent}·{self}^({exponent} − 1)", _base_of_power), _TO_THE_POWER),
    "PowBackward2": (_TO_THE_POWER,),
    "SignBackward0": (NOTHING,),
    "FloorBackward0": (NOTHING,),
    "CeilBackward0": (NOTHING,),
    "RoundBackward0": (NOTHING,),
    "TruncBackward0": (NOTHING,),
    "FracBackward0": (PASSES,),
    "RemainderBackward0": (PASSES,),
    "FmodBackward0": (PASSES,),
    "RemainderBackward1": (
        PASSES,
        each("−{grad} · ⌊{self} / {other}⌋", lambda g: -g.grad * np.floor_divide(g("self"), g("other"))),
    ),
    "FmodBackward1": (
        PASSES,
        each("−{grad} · ⌊{self} / {other}⌋ towards 0", lambda g: -g.grad * np.trunc(g("self") / g("other"))),
    ),
    "Deg2RadBackward0": (each("{grad} · π/180", lambda g: g.grad * math.pi / 180),),
    "Rad2DegBackward0": (each("{grad} · 180/π", lambda g: g.grad * 180 / math.pi),),
    "ErfcBackward0": (
        each(
            "−{grad} · 2/√π · exp(−{self}²)",
            lambda g: -g.grad * 2 / math.sqrt(math.pi) * np.exp(-(g("self") ** 2)),
        ),
    ),
    "LogitBackward0": (each("{grad} / ({self} · (1 − {self}))", _logit),),
    "SincBackward0": (each("{grad} · (cos π{self} − sin π{self} / π{self}) / {self}", _sinc),),
    "LerpBackward0": (
        each("{grad} · (1 − {weight})", lambda g: g.grad * (1 - g("weight"))),
        each("{grad} · {weight}", lambda g: g.grad * g("weight")),
    ),
    "LerpBackward1": (
        each("{grad} · (1 − {weight})", lambda g: g.grad * (1 - g("weight"))),
        each("{grad} · {weight}", lambda g: g.grad * g("weight")),
        each("{grad} · ({end} − {self})", lambda g: g.grad * (g("end") - g("self"))),
    ),
    "Atan2Backward0": (
        each("{grad} · {other} / ({self}² + {other}²)", lambda g: _over_square(g, g("other"))),
        each("−{grad} · {self} / ({self}² + {other}²)", lambda g: _over_square(g, -g("self"))),
    ),
    "Logaddexp2Backward0": (
        each("{grad} / (1 + 2^({other} − {self}))", lambda g: g.grad / (1 + 2 ** (g("other") - g("self")))),
        each("{grad} / (1 + 2^({self} − {other}))", lambda g: g.grad / (1 + 2 ** (g("self") - g("other")))),
    ),
    "XlogyBackward0": (
        each("{grad} · ln {other}", _xlogy),
        each("{grad} · {self} / {other}", lambda g: g.grad * g("self") / g("other")),
    ),
    "XlogyBackward2": (each("{grad} · ln {other}", _xlogy),),
    "CloneBackward0": (PASSES,),
    "ToCopyBackward0": (PASSES,),
    "CopyBackwards": (NOTHING, PASSES),
    "ZeroBackward0": (NOTHING,),
    "FillBackward2": (NOTHING,),
    "FillBackward3": (NOTHING, PASSES),
    "BernoulliBackward0": (NOTHING,),
}


# --- activations

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


# --- where, clamp, maximum, masks


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


def _share_words(mine: str, sign: str, other: str) -> Callable[[Given], str]:
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
