"""Operations on each element alone, and on pairs of elements.

Where a function has a kink, the formula is that of the side on which the point lies; at the kink itself the side is the
one whose derivative PyTorch takes.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy

from ..arrays import Expr, Symbols, over
from ..atoms import number
from ..call import AtenCall, TableEntry
from ..functions import HALF, ONE, TWO, ZERO, Absolute, Angle, Larger, Relu, Sign, Smaller, applied, logarithm, power


def exponential(x: Expr) -> Expr:
    """Return ``exp(x)``."""
    return applied(sympy.exp, x)


def softplus(x: Expr) -> Expr:
    """Return ``log(1 + exp(x))``."""
    return logarithm(ONE + exponential(x))


def _to_base(base: int) -> Callable[[Expr], Expr]:
    return lambda x: logarithm(x) / sympy.log(base)


def _named(function: Expr) -> Callable[[Expr], Expr]:
    return lambda x: applied(function, x)


def each(function: Callable[[Expr], Expr]) -> TableEntry:
    """Make an entry of a function of one element."""
    return lambda call: over(function, call.symbols("self"))


def pairs(function: Callable[[Expr, Expr], Expr], first: str = "self", second: str = "other") -> TableEntry:
    """Make an entry of a function of two elements."""
    return lambda call: over(function, call.symbols(first), call.symbols(second))


def _sum(sign: int) -> TableEntry:
    def entry(call: AtenCall) -> Symbols:
        by = sign * (call.one("alpha") if call.has("alpha") else ONE)
        return over(lambda x, y: x + by * y, call.symbols("self"), call.symbols("other"))

    return entry


def quotient(x: Expr, y: Expr) -> Expr:
    """Return ``x / y``."""
    return x * power(y, -ONE)


def _div(call: AtenCall) -> Symbols:
    x, y = call.symbols("self"), call.symbols("other")
    if not call.has("rounding_mode"):
        return over(quotient, x, y)
    return flat(call)


def flat(call: AtenCall) -> Symbols:
    """Return the numbers themselves: a step function is a constant around the point."""
    call.note(f"{call.title} is flat between its steps: it counts as the number that it has at this point.")
    return over(lambda value: number(float(value)), call.results())


def _remainder(call: AtenCall) -> Symbols:
    """``x - k * y``, where the whole number k is a constant."""
    call.note(f"{call.title}: the formula holds between the jumps that are nearest to this point.")
    whole = (call.floats("self") - call.results()) / call.floats("other")
    return over(lambda x, y, k: x - number(round(float(k))) * y, call.symbols("self"), call.symbols("other"), whole)


def _xlogy(x: Expr, y: Expr) -> Expr:
    return ZERO if x == 0 else x * logarithm(y)


def _hypot(x: Expr, y: Expr) -> Expr:
    return power(power(x, TWO) + power(y, TWO), HALF)


def _log_of_sum(base: Expr | None) -> Callable[[Expr, Expr], Expr]:
    def function(x: Expr, y: Expr) -> Expr:
        if base is None:
            return logarithm(exponential(x) + exponential(y))
        return logarithm(power(base, x) + power(base, y)) / sympy.log(base)

    return function


def _lerp(call: AtenCall) -> Symbols:
    return over(lambda x, y, w: x + w * (y - x), call.symbols("self"), call.symbols("end"), call.symbols("weight"))


def _gelu(call: AtenCall) -> Symbols:
    def rough(x: Expr) -> Expr:
        inner = sympy.sqrt(2 / sympy.pi) * (x + number(0.044715) * power(x, sympy.Integer(3)))
        return HALF * x * (ONE + applied(sympy.tanh, inner))

    def exact(x: Expr) -> Expr:
        return HALF * x * (ONE + applied(sympy.erf, x / sympy.sqrt(2)))

    return over(rough if call.given.get("approximate") == "tanh" else exact, call.symbols("self"))


def _softplus(call: AtenCall) -> Symbols:
    """PyTorch takes x itself where the difference can hardly be seen."""
    beta, linear = call.one("beta"), call.floats("self") * call.floats("beta") > call.floats("threshold")
    if linear.any():
        call.note(f"{call.title} is x itself where x is large.")
    return over(lambda x, is_x: x if is_x else softplus(beta * x) / beta, call.symbols("self"), linear)


def _log_sigmoid(call: AtenCall) -> tuple[Symbols, None]:
    return over(lambda x: -softplus(-x), call.symbols("self")), None


def _sinc(call: AtenCall) -> Symbols:
    return over(lambda x: ONE if x == 0 else applied(sympy.sin, sympy.pi * x) / (sympy.pi * x), call.symbols("self"))


def _logit(call: AtenCall) -> Symbols:
    if call.has("eps"):
        raise NotImplementedError
    return over(lambda x: logarithm(quotient(x, ONE - x)), call.symbols("self"))


def _noted(function: Callable[[Expr, Expr], Expr]) -> TableEntry:
    def entry(call: AtenCall) -> Symbols:
        call.note("In derivatives, [a > b] stands for 1 where that holds and 0 elsewhere.")
        return over(function, call.symbols("self"), call.symbols("other"))

    return entry


def _relu(call: AtenCall) -> Symbols:
    call.note("In derivatives, [a > b] stands for 1 where that holds and 0 elsewhere.")
    return over(Relu, call.symbols("self"))


def _celu(call: AtenCall) -> Symbols:
    alpha = call.one("alpha")
    return call.sided(lambda x, at: x if at > 0 else alpha * (exponential(x / alpha) - ONE), "self")


def _hardtanh(call: AtenCall) -> Symbols:
    low, high = float(call.given["min_val"]), float(call.given["max_val"])
    return call.sided(lambda x, at: number(low) if at <= low else number(high) if at >= high else x, "self")


def _hardsigmoid(call: AtenCall) -> Symbols:
    return call.sided(lambda x, at: ZERO if at <= -3 else ONE if at >= 3 else (x + 3) / sympy.Integer(6), "self")


def _hardswish(call: AtenCall) -> Symbols:
    return call.sided(lambda x, at: ZERO if at <= -3 else x if at >= 3 else x * (x + 3) / sympy.Integer(6), "self")


def _softshrink(call: AtenCall) -> Symbols:
    by = float(call.given["lambd"])
    return call.sided(lambda x, at: x - number(by) if at > by else x + number(by) if at < -by else ZERO, "self")


def _frac(call: AtenCall) -> Symbols:
    whole = call.floats("self") - call.results()
    call.note(f"{call.title}: the formula holds between the jumps that are nearest to this point.")
    return over(lambda x, k: x - number(round(float(k))), call.symbols("self"), whole)


_SAME_IN_SYMPY = "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc erfinv digamma"

ELEMENTWISE: dict[str, TableEntry] = {
    **{name: each(_named(getattr(sympy, name))) for name in _SAME_IN_SYMPY.split()},
    "lgamma": each(_named(sympy.loggamma)),
    "exp": each(exponential),
    "exp2": each(lambda x: power(TWO, x)),
    "expm1": each(lambda x: exponential(x) - ONE),
    "log": each(logarithm),
    "log2": each(_to_base(2)),
    "log10": each(_to_base(10)),
    "log1p": each(lambda x: logarithm(ONE + x)),
    "sqrt": each(lambda x: power(x, HALF)),
    "rsqrt": each(lambda x: power(x, -HALF)),
    "reciprocal": each(lambda x: power(x, -ONE)),
    "neg": each(lambda x: -x),
    "deg2rad": each(lambda x: x * sympy.pi / 180),
    "rad2deg": each(lambda x: x * 180 / sympy.pi),
    "sigmoid": each(lambda x: power(ONE + exponential(-x), -ONE)),
    "mish": each(lambda x: x * applied(sympy.tanh, softplus(x))),
    "abs": each(Absolute),
    "sign": each(Sign),
    "relu": _relu,
    "gelu": _gelu,
    "softplus": _softplus,
    "log_sigmoid_forward": _log_sigmoid,
    "sinc": _sinc,
    "logit": _logit,
    "add": _sum(1),
    "sub": _sum(-1),
    "mul": pairs(lambda x, y: x * y),
    "div": _div,
    "pow": pairs(power, "self", "exponent"),
    "maximum": _noted(Larger),
    "minimum": _noted(Smaller),
    "fmax": _noted(Larger),
    "fmin": _noted(Smaller),
    "atan2": pairs(Angle),
    "hypot": pairs(_hypot),
    "xlogy": pairs(_xlogy),
    "logaddexp": pairs(_log_of_sum(None)),
    "logaddexp2": pairs(_log_of_sum(TWO)),
    "remainder": _remainder,
    "fmod": _remainder,
    "lerp": _lerp,
    **dict.fromkeys(("floor", "ceil", "trunc", "round", "floor_divide", "heaviside"), flat),
    "celu": _celu,
    "hardtanh": _hardtanh,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _hardswish,
    "softshrink": _softshrink,
    "frac": _frac,
}
