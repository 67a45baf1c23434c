"""Operations that add up, multiply or measure along dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy

from ..arrays import Expr, Symbols, elements, filled, over, rows_along, single
from ..call import Call
from ..constants import number
from ..functions import HALF, ONE, TWO, Absolute, logarithm, power, total
from .choices import extreme
from .elementwise import exponential, quotient
from .entry import Entry

Row = list[Expr]


def folded(call: Call, fold: Callable[[Row], Expr], dims: tuple[int, ...] | None = None, of: str = "self") -> Symbols:
    """Make one element of each row along the dimensions; the shape is that of the operation's own result."""
    dims = call.dims(of=of) if dims is None else dims
    rows = rows_along(call.symbols(of), dims)
    return filled((fold(list(rows[place])) for place in np.ndindex(rows.shape[:-1])), call.results().shape)


def along(array: Symbols, dim: int, change: Callable[[Row], Row]) -> Symbols:
    """Put a new row in the place of each row along a dimension."""
    if not array.ndim:
        return single(change([array[()]])[0])
    out = np.empty(array.shape, dtype=object)
    sources, targets = np.moveaxis(array, dim, -1), np.moveaxis(out, dim, -1)
    for place in np.ndindex(sources.shape[:-1]):
        targets[place] = filled(change(list(sources[place])), (array.shape[dim],))
    return out


def mean(row: Row) -> Expr:
    """Return the mean."""
    return total(row) / sympy.Integer(len(row)) if row else sympy.nan


def product(row: Row) -> Expr:
    """Return the product."""
    return sympy.Mul(*row)


def log_sum_exp(row: Row) -> Expr:
    """Return the logarithm of the sum of exponentials."""
    return logarithm(total([exponential(x) for x in row]))


def variance(row: Row, correction: Expr = ONE) -> Expr:
    """Return the sum of squared distances from the mean, by their number less ``correction``."""
    if not len(row) > correction:
        return sympy.nan
    middle = mean(row)
    return total([power(x - middle, TWO) for x in row]) / (sympy.Integer(len(row)) - correction)


def p_norm(row: Row, p: float) -> Expr:
    """Return the p-norm of a row."""
    if p == 1 or len(row) == 1:
        return total([Absolute(x) for x in row])
    if math.isinf(p) or p == 0:
        raise NotImplementedError
    order = number(p)
    even = order.is_Integer and order % 2 == 0
    return power(total([power(x if even else Absolute(x), order) for x in row]), ONE / order)


def softmax(row: Row) -> Row:
    """Return each exponential by the sum of all."""
    exponentials = [exponential(x) for x in row]
    return [quotient(x, total(exponentials)) for x in exponentials]


def log_softmax(row: Row) -> Row:
    """Return each element less the logarithm of the sum of exponentials."""
    by = log_sum_exp(row)
    return [x - by for x in row]


def _correction(call: Call) -> Expr:
    if call.has("correction"):
        return call.one("correction")
    return ONE if call.given.get("unbiased", True) else sympy.Integer(0)


def _var(call: Call) -> Symbols:
    return folded(call, lambda row: variance(row, _correction(call)))


def _std(call: Call) -> Symbols:
    return over(lambda x: power(x, HALF), _var(call))


def _norm(call: Call) -> Symbols:
    name = "ord" if "ord" in call.given else "p"
    p = float(call.given[name]) if call.has(name) else 2.0
    if not math.isinf(p):
        return folded(call, lambda row: p_norm(row, p))
    call.note(f"{call.title}: the formula holds where the same elements are chosen as at this point.")
    sizes = over(Absolute, call.symbols("self"))
    return extreme(sizes, np.abs(call.floats("self")), call.dims(), call.results())


def _distance(call: Call) -> Symbols:
    gaps = over(lambda x, y: x - y, call.symbols("self"), call.symbols("other"))
    return single(p_norm(list(elements(gaps)), float(call.given["p"])))


def _product(call: Call) -> Symbols:
    return folded(call, product, None if call.has("dim") else tuple(range(call.given["self"].dim())))


def _running(fold: Callable[[Row], Expr]) -> Entry:
    def entry(call: Call) -> Symbols:
        return along(call.symbols("self"), call.dim(), lambda row: [fold(row[: n + 1]) for n in range(len(row))])

    return entry


def _rows(change: Callable[[Row], Row]) -> Entry:
    return lambda call: along(call.symbols("self"), call.dim(), change)


def _finite(call: Call) -> Symbols:
    values = over(lambda x, at: sympy.Integer(0) if np.isnan(at) else x, call.symbols("self"), call.floats("self"))
    rows = rows_along(values, call.dims())
    return filled((total(list(rows[place])) for place in np.ndindex(rows.shape[:-1])), call.results().shape)


REDUCTIONS: dict[str, Entry] = {
    "sum": lambda call: folded(call, total),
    "nansum": _finite,
    "mean": lambda call: folded(call, mean),
    "prod": _product,
    "logsumexp": lambda call: folded(call, log_sum_exp),
    "var": _var,
    "std": _std,
    "var_mean": lambda call: (_var(call), folded(call, mean)),
    "std_mean": lambda call: (_std(call), folded(call, mean)),
    "linalg_vector_norm": _norm,
    "norm": _norm,
    "dist": _distance,
    "trace": lambda call: single(total(list(np.diagonal(call.symbols("self"))))),
    "cumsum": _running(total),
    "cumprod": _running(product),
    "logcumsumexp": _running(log_sum_exp),
    "_softmax": _rows(softmax),
    "_safe_softmax": _rows(softmax),
    "_log_softmax": _rows(log_softmax),
}
