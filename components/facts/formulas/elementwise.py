"""Operations on each element by itself: arithmetic, activations, and those that let an element through or not.

A special case is in the formula where the numbers have one: zero to a power, equal elements, what is not a number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .language import Array
from .rules import NOTHING, PASSES, Given, Rule, Rules, each, holds


def sigmoid(x: Array) -> Array:
    """The logistic function, written σ in the formulas."""
    return 1 / (1 + np.exp(-x))


def _where_it_holds(test: Callable[[Given], object], special: str, usual: str) -> Callable[[Given], str]:
    """The usual formula, or the special one where the numbers have a case that needs it."""
    return lambda given: special if holds(given, lambda: test(given)) else usual


def _odd(*names: str) -> Callable[[Given], object]:
    """Whether something that was saved is not a number."""
    return lambda given: [np.isnan(given(name)).any() for name in names]


def _kept(inside: str, outside: str, name: str = "self") -> Rule:
    """The gradient or 0; what is not a number is on neither side, and PyTorch lets it through."""
    odd = f"0 where {outside}, else {{grad}}"
    return each(_where_it_holds(_odd(name), odd, f"{{grad}} where {inside}, else 0"))


def _times(template: str, *names: str) -> Callable[[Given], str]:
    """A formula without the factors that are 1."""

    def words(given: Given) -> str:
        text = template
        for name in names:
            if given.number(name, 1.0) == 1:
                text = text.replace(f" · {{{name}}}", "").replace(f"·{{{name}}}", "")
        return text

    return words


def _power(given: Given) -> str:
    exponent = given.number("exponent")
    if exponent in (0, 1):
        return "{grad}" if exponent else "0"
    return "{grad} · {exponent}·{self}^{_less}"


def _logit(given: Given) -> str:
    slope = "{grad} / ({self} · (1 − {self}))"
    if given.number("eps", -1.0) >= 0:
        return f"0 where {{self}} < {{eps}} or {{self}} > 1 − {{eps}}, else {slope}"
    outside = holds(given, lambda: (given("self") < 0) | (given("self") > 1))
    return f"nan where {{self}} < 0 or {{self}} > 1, else {slope}" if outside else slope


_LOG = "{result} · ln {self}"
_TO_THE_POWER = each(
    _where_it_holds(
        lambda g: (g("self") == 0) & (g("exponent") >= 0),
        f"{{grad}} · (0 where {{self}} = 0 and {{exponent}} ≥ 0, else {_LOG})",
        f"{{grad}} · {_LOG}",
    )
)
_OF_BASE = "{grad} · {exponent}·{self}^({exponent} − 1)"
_SINC = "(cos(π·{self}) − sin(π·{self}) / (π·{self})) / {self}"
_TIMES_SCALAR = each("{grad} · {other}")
_XLOGY = each(
    _where_it_holds(
        lambda g: (g("self") == 0) & (g("other") <= 0),
        "0 where {self} = 0 and {other} ≤ 0, else {grad} · ln {other}",
        "{grad} · ln {other}",
    )
)


def _of_angle(formula: str) -> Rule:
    at_zero = f"0 where {{self}}² + {{other}}² = 0, else {formula}"
    return each(_where_it_holds(lambda g: (g("self") == 0) & (g("other") == 0), at_zero, formula))


ELEMENTWISE: Rules = {
    "AddBackward0": (PASSES, each(_times("{grad} · {alpha}", "alpha"))),
    "SubBackward0": (PASSES, each(_times("−{grad} · {alpha}", "alpha"))),
    "RsubBackward1": (each(_times("−{grad} · {alpha}", "alpha")),),
    "MulBackward0": (each("{grad} · {other}"), each("{grad} · {self}")),
    "DivBackward0": (each("{grad} / {other}"), each("−{grad} · {self} / {other}²")),
    "NegBackward0": (each("−{grad}"),),
    "PowBackward0": (each(_power, _less=lambda g: g.number("exponent") - 1),),
    "ExpBackward0": (each("{grad} · {result}"),),
    "Exp2Backward0": (each("{grad} · {result} · ln 2"),),
    "Expm1Backward0": (each("{grad} · ({result} + 1)"),),
    "LogBackward0": (each("{grad} / {self}"),),
    "Log2Backward0": (each("{grad} / ({self} · ln 2)"),),
    "Log10Backward0": (each("{grad} / ({self} · ln 10)"),),
    "Log1PBackward0": (each("{grad} / (1 + {self})"),),
    "SqrtBackward0": (each("{grad} / (2·{result})"),),
    "RsqrtBackward0": (each("−{grad} · {result}³ / 2"),),
    "ReciprocalBackward0": (each("−{grad} · {result}²"),),
    "AbsBackward0": (each("{grad} · sign {self}"),),
    "SinBackward0": (each("{grad} · cos {self}"),),
    "CosBackward0": (each("{grad} · (−sin {self})"),),
    "TanBackward0": (each("{grad} · (1 + {result}²)"),),
    "AsinBackward0": (each("{grad} / √(1 − {self}²)"),),
    "AcosBackward0": (each("−{grad} / √(1 − {self}²)"),),
    "AtanBackward0": (each("{grad} / (1 + {self}²)"),),
    "SinhBackward0": (each("{grad} · cosh {self}"),),
    "CoshBackward0": (each("{grad} · sinh {self}"),),
    "AsinhBackward0": (each("{grad} / √({self}² + 1)"),),
    "AcoshBackward0": (each("{grad} / √({self}² − 1)"),),
    "AtanhBackward0": (each("{grad} / (1 − {self}²)"),),
    "ErfBackward0": (each("{grad} · 2/√π · exp(−{self}²)"),),
    "AddcmulBackward0": (PASSES, each("{grad} · {tensor2} · {value}"), each("{grad} · {tensor1} · {value}")),
    "AddcdivBackward0": (
        PASSES,
        each("{grad} · {value} / {tensor2}"),
        each("−{grad} · {value} · {tensor1} / {tensor2}²"),
    ),
    "HypotBackward0": (each("{grad} · {self} / {result}"), each("{grad} · {other} / {result}")),
    "LogaddexpBackward0": (each("{grad} · σ({self} − {other})"), each("{grad} · σ({other} − {self})")),
    "AddBackward1": (PASSES,),
    "SubBackward1": (PASSES,),
    "MulBackward1": (_TIMES_SCALAR,),
    "DivBackward1": (each("{grad} / {other}"),),
    "DivBackward2": (NOTHING, NOTHING),
    "PowBackward1": (
        each(
            _where_it_holds(lambda g: g("exponent") == 0, f"0 where {{exponent}} = 0, else {_OF_BASE}", _OF_BASE),
        ),
        _TO_THE_POWER,
    ),
    "PowBackward2": (_TO_THE_POWER,),
    "SignBackward0": (NOTHING,),
    "FloorBackward0": (NOTHING,),
    "CeilBackward0": (NOTHING,),
    "RoundBackward0": (NOTHING,),
    "TruncBackward0": (NOTHING,),
    "FracBackward0": (PASSES,),
    "RemainderBackward0": (PASSES,),
    "FmodBackward0": (PASSES,),
    "RemainderBackward1": (PASSES, each("−{grad} · ⌊{self} / {other}⌋")),
    "FmodBackward1": (PASSES, each("−{grad} · trunc({self} / {other})")),
    "Deg2RadBackward0": (each("{grad} · π/180"),),
    "Rad2DegBackward0": (each("{grad} · 180/π"),),
    "ErfcBackward0": (each("−{grad} · 2/√π · exp(−{self}²)"),),
    "LogitBackward0": (each(_logit),),
    "SincBackward0": (
        each(
            _where_it_holds(
                lambda g: g("self") == 0, f"{{grad}} · (0 where {{self}} = 0, else {_SINC})", f"{{grad}} · {_SINC}"
            )
        ),
    ),
    "LerpBackward0": (each("{grad} · (1 − {weight})"), each("{grad} · {weight}")),
    "LerpBackward1": (each("{grad} · (1 − {weight})"), each("{grad} · {weight}"), each("{grad} · ({end} − {self})")),
    "Atan2Backward0": (
        _of_angle("{grad} · {other} / ({self}² + {other}²)"),
        _of_angle("−{grad} · {self} / ({self}² + {other}²)"),
    ),
    "Logaddexp2Backward0": (each("{grad} / (1 + 2^({other} − {self}))"), each("{grad} / (1 + 2^({self} − {other}))")),
    "XlogyBackward0": (_XLOGY, each("{grad} · {self} / {other}")),
    "XlogyBackward2": (_XLOGY,),
    "CloneBackward0": (PASSES,),
    "ToCopyBackward0": (PASSES,),
    "CopyBackwards": (NOTHING, PASSES),
    "ZeroBackward0": (NOTHING,),
    "FillBackward2": (NOTHING,),
    "FillBackward3": (NOTHING, PASSES),
    "BernoulliBackward0": (NOTHING,),
}


# --- activations


def _gelu(given: Given) -> str:
    if given.text("approximate") != "tanh":
        return "{grad} · (Φ({self}) + {self} · φ({self}))"
    return "{grad} · ((1 + {t}) / 2 + {self} · (1 − {t}²) / 2 · √(2/π) · (1 + 0.134145·{self}²))"


def _softplus(given: Given) -> str:
    bent = _times("{grad} · σ({self}·{beta})", "beta")(given)
    straight = holds(given, lambda: given("self") * given.number("beta", 1.0) > given.number("threshold", 20.0))
    side = _times("{self}·{beta}", "beta")(given)
    return f"{{grad}} where {side} > {{threshold}}, else {bent}" if straight else bent


def _glu(given: Given) -> Array:
    first, second = np.split(given("self"), 2, axis=given.integer("dim"))
    gate = sigmoid(second)
    parts = (given.grad * gate, given.grad * first * gate * (1 - gate))
    return np.concatenate(parts, axis=given.integer("dim"))


_SCALED = ("scale", "alpha", "input_scale")
_OUTSIDE = _kept("|{self}| > {lambd}", "|{self}| ≤ {lambd}")

ACTIVATIONS: Rules = {
    "ReluBackward0": (_kept("{result} > 0", "{result} ≤ 0", "result"),),
    "LeakyReluBackward0": (each("{grad} where {self} > 0, else {grad} · {negative_slope}"),),
    "CeluBackward0": (each("{grad} where {self} > 0, else {grad} · exp({self} / {alpha})"),),
    "GeluBackward0": (each(_gelu, t="tanh(√(2/π) · ({self} + 0.044715·{self}³))"),),
    "SiluBackward0": (each("{grad} · σ({self}) · (1 + {self} · (1 − σ({self})))"),),
    "MishBackward0": (each("{grad} · ({t} + {self} · σ({self}) · (1 − {t}²))", t="tanh(ln(1 + exp {self}))"),),
    "HardswishBackward0": (each("0 where {self} ≤ −3, {grad} · ({self}/3 + 1/2) where {self} < 3, else {grad}"),),
    "SoftplusBackward0": (each(_softplus),),
    "LogSigmoidBackward0": (each("{grad} · (1 − σ({self}))"),),
    "TanhBackward0": (each("{grad} · (1 − {result}²)"),),
    "SigmoidBackward0": (each("{grad} · {result} · (1 − {result})"),),
    "EluBackward0": (
        each(
            _times(
                "{grad} · {scale} where {self} > 0, "
                "else {grad} · {scale} · {alpha} · {input_scale} · exp({self}·{input_scale})",
                *_SCALED,
            )
        ),
    ),
    # The result of x <= 0 is scale·alpha·(exp(x·input_scale) − 1): this is the same, from the result alone.
    "EluBackward1": (
        each(
            _times(
                "{grad} · {scale} where {result} > 0, else {grad} · ({result} + {alpha}·{scale}) · {input_scale}",
                "scale",
                "input_scale",
            )
        ),
    ),
    "ThresholdBackward0": (_kept("{self} > {threshold}", "{self} ≤ {threshold}"),),
    "SoftshrinkBackward0": (_OUTSIDE,),
    "HardshrinkBackward0": (_OUTSIDE,),
    "HardsigmoidBackward0": (each("{grad} / 6 where −3 < {self} < 3, else 0"),),
    "HardtanhBackward0": (_kept("{min_val} < {self} < {max_val}", "{self} ≤ {min_val} or {self} ≥ {max_val}"),),
    "GluBackward0": (Rule("{grad}·σ(b) and {grad}·a·σ(b)·(1 − σ(b)) with a, b = the halves of {self}", _glu),),
    "PreluKernelBackward0": (
        each("{grad} where {self} > 0, else {grad} · {weight}"),
        each("0 where {self} > 0, else {grad} · {self}"),
    ),
}


# --- where, clamp, maximum, masks


def _share(mine: str, sign: str, against: str, other: str) -> Rule:
    """Equal elements share the gradient; where one is not a number both get it."""

    def words(given: Given) -> str:
        half = f"{{grad}} / 2 where {{{mine}}} = {{{other}}}, "
        if holds(given, lambda: _odd("self", "other")(given)):
            return f"0 where {{{mine}}} {against} {{{other}}}, {half}else {{grad}}"
        ties = half if holds(given, lambda: given("self") == given("other")) else ""
        return f"{{grad}} where {{{mine}}} {sign} {{{other}}}, {ties}else 0"

    return each(words)


def _first(sign: str) -> tuple[Rule, Rule]:
    """``fmax`` and ``fmin`` take the first where the other is not a number."""
    wins = f"{{self}} {sign} {{other}}"
    return (
        each(
            _where_it_holds(
                _odd("other"),
                f"{{grad}} where {wins}, 0 where {{other}} is a number, else {{grad}}",
                f"{{grad}} where {wins}, else 0",
            )
        ),
        each(
            _where_it_holds(
                _odd("other"),
                f"0 where {wins}, {{grad}} where {{other}} is a number, else 0",
                f"0 where {wins}, else {{grad}}",
            )
        ),
    )


def _limits(given: Given) -> str:
    low = "{min} ≤ " if given.has("min") else ""
    high = " ≤ {max}" if given.has("max") else ""
    return f"{{grad}} where {low}{{self}}{high}, else 0"


def _low(given: Given) -> str:
    """Where the limits are the wrong way round, the upper one is the result."""
    turned = given.has("max") and holds(given, lambda: given("min") >= given("max"))
    return f"{{grad}} where {{self}} < {{min}}{' and {min} < {max}' if turned else ''}, else 0"


def _high(given: Given) -> str:
    turned = given.has("min") and holds(given, lambda: given("min") > given("max"))
    return f"{{grad}} where {'{self} < {min} and {min} > {max} or ' if turned else ''}{{self}} > {{max}}, else 0"


_UNMASKED = each("0 where {mask}, else {grad}")
_MIN, _MAX = "{grad} where {self} ≥ {min}, else 0", "{grad} where {self} ≤ {max}, else 0"

CHOICES: Rules = {
    "ClampBackward0": (each(_limits), each(_low), each(_high)),
    "ClampBackward1": (each(_limits),),
    "ClampMinBackward0": (each(_MIN),),
    "ClampMaxBackward0": (each(_MAX),),
    "ClampMinBackward1": (each(_MIN), each("{grad} where {self} < {min}, else 0")),
    "ClampMaxBackward1": (each(_MAX), each("{grad} where {self} > {max}, else 0")),
    "MaximumBackward0": (_share("self", ">", "<", "other"), _share("other", ">", "<", "self")),
    "MinimumBackward0": (_share("self", "<", ">", "other"), _share("other", "<", ">", "self")),
    "FmaxBackward0": _first("≥"),
    "FminBackward0": _first("≤"),
    "WhereBackward0": (each("{grad} where {condition}, else 0"), each("0 where {condition}, else {grad}")),
    "MaskedFillBackward0": (_UNMASKED,),
    "MaskedFillBackward1": (_UNMASKED, each("{grad} where {mask}, else 0")),
    "NativeDropoutBackward0": (each("{grad} / (1 − {p}) where {result1}, else 0"),),
    "NanToNumBackward0": (each("{grad} where {self} is finite, else 0"),),
}
