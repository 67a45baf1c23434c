"""Functions of one element with a kink: the formula is that of the side on which the point lies.

At the kink itself the side is the one whose derivative PyTorch takes.
"""

from __future__ import annotations

import sympy

from ..arrays import Expr, Symbols, over
from ..call import Call
from ..constants import number
from ..functions import ONE, ZERO
from .elementwise import exponential
from .entry import Entry


def _leaky_relu(call: Call) -> Symbols:
    slope = call.one("negative_slope")
    return call.sided(lambda x, at: x if at > 0 else slope * x, "self")


def _prelu(call: Call) -> Symbols:
    return call.sided(lambda x, slope, at, _: x if at > 0 else slope * x, "self", "weight")


def _elu(call: Call) -> Symbols:
    alpha, scale, inside = (call.one(name) for name in ("alpha", "scale", "input_scale"))

    def side(x: Expr, at: float) -> Expr:
        return scale * x if at > 0 else scale * alpha * (exponential(inside * x) - ONE)

    return call.sided(side, "self")


def _celu(call: Call) -> Symbols:
    alpha = call.one("alpha")
    return call.sided(lambda x, at: x if at > 0 else alpha * (exponential(x / alpha) - ONE), "self")


def _hardtanh(call: Call) -> Symbols:
    low, high = float(call.given["min_val"]), float(call.given["max_val"])
    return call.sided(lambda x, at: number(low) if at <= low else number(high) if at >= high else x, "self")


def _hardsigmoid(call: Call) -> Symbols:
    return call.sided(lambda x, at: ZERO if at <= -3 else ONE if at >= 3 else (x + 3) / sympy.Integer(6), "self")


def _hardswish(call: Call) -> Symbols:
    return call.sided(lambda x, at: ZERO if at <= -3 else x if at >= 3 else x * (x + 3) / sympy.Integer(6), "self")


def _softshrink(call: Call) -> Symbols:
    by = float(call.given["lambd"])
    return call.sided(lambda x, at: x - number(by) if at > by else x + number(by) if at < -by else ZERO, "self")


def _hardshrink(call: Call) -> Symbols:
    by = float(call.given["lambd"])
    return call.sided(lambda x, at: ZERO if -by <= at <= by else x, "self")


def _threshold(call: Call) -> Symbols:
    limit, value = float(call.given["threshold"]), call.one("value")
    return call.sided(lambda x, at: value if at <= limit else x, "self")


def _clamp(call: Call) -> Symbols:
    """PyTorch counts the bounds as inside."""
    names = ["self", *(name for name in ("min", "max") if call.has(name))]

    def side(*both: Expr) -> Expr:
        exprs = dict(zip(names, both[: len(names)], strict=True))
        at = dict(zip(names, both[len(names) :], strict=True))
        if "max" in at and at["max"] < max(at["self"], at.get("min", at["self"])):
            return exprs["max"]
        return exprs["min"] if "min" in at and at["self"] < at["min"] else exprs["self"]

    return call.sided(side, *names)


def _frac(call: Call) -> Symbols:
    whole = call.floats("self") - call.results()
    call.note(f"{call.title}: the formula holds between the jumps that are nearest to this point.")
    return over(lambda x, k: x - number(round(float(k))), call.symbols("self"), whole)


BRANCHES: dict[str, Entry] = {
    "leaky_relu": _leaky_relu,
    "_prelu_kernel": _prelu,
    "elu": _elu,
    "celu": _celu,
    "hardtanh": _hardtanh,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _hardswish,
    "softshrink": _softshrink,
    "hardshrink": _hardshrink,
    "threshold": _threshold,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "frac": _frac,
}
