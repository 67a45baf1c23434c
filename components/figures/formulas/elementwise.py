"""Operations on each element by itself: arithmetic and the functions of a pocket calculator."""

from __future__ import annotations

import math

import numpy as np

from .given import Array, Given
from .rules import NOTHING, PASSES, Rules, each, power, sign


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
