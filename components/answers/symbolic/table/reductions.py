"""Operations along dimensions: they add up, multiply, measure, or choose elements by their size.

Where they choose, the formula is that of the elements chosen at the point.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy

from ..arrays import Expr, Floats, Symbols, filled, over, rows_along, single
from ..call import AtenCall, TableEntry
from ..functions import ONE, TWO, logarithm, power, total
from .elementwise import exponential, quotient

Row = list[Expr]


def folded(
    call: AtenCall, fold: Callable[[Row], Expr], dims: tuple[int, ...] | None = None, of: str = "self"
) -> Symbols:
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


def softmax(row: Row) -> Row:
    """Return each exponential by the sum of all."""
    exponentials = [exponential(x) for x in row]
    return [quotient(x, total(exponentials)) for x in exponentials]


def log_softmax(row: Row) -> Row:
    """Return each element less the logarithm of the sum of exponentials."""
    by = log_sum_exp(row)
    return [x - by for x in row]


def _correction(call: AtenCall) -> Expr:
    if call.has("correction"):
        return call.one("correction")
    return ONE if call.given.get("unbiased", True) else sympy.Integer(0)


def _var(call: AtenCall) -> Symbols:
    return folded(call, lambda row: variance(row, _correction(call)))


def _product(call: AtenCall) -> Symbols:
    return folded(call, product, None if call.has("dim") else tuple(range(call.given["self"].dim())))


def _running(fold: Callable[[Row], Expr]) -> TableEntry:
    def entry(call: AtenCall) -> Symbols:
        return along(call.symbols("self"), call.dim(), lambda row: [fold(row[: n + 1]) for n in range(len(row))])

    return entry


def _rows(change: Callable[[Row], Row]) -> TableEntry:
    return lambda call: along(call.symbols("self"), call.dim(), change)


def _finite(call: AtenCall) -> Symbols:
    values = over(lambda x, at: sympy.Integer(0) if np.isnan(at) else x, call.symbols("self"), call.floats("self"))
    rows = rows_along(values, call.dims())
    return filled((total(list(rows[place])) for place in np.ndindex(rows.shape[:-1])), call.results().shape)


def extreme(symbols: Symbols, values: Floats, dims: tuple[int, ...], result: Floats) -> Symbols:
    """Choose in each row along the dimensions the elements whose value is the result.

    Equal elements share: their mean has the value, and the gradient that PyTorch gives them.
    """
    rows, numbers = rows_along(symbols, dims), rows_along(values, dims)
    chosen = []
    for place, best in zip(np.ndindex(rows.shape[:-1]), result.reshape(-1), strict=True):
        equal = [rows[place][at] for at in np.flatnonzero(numbers[place] == best)]
        chosen.append(total(equal) / sympy.Integer(len(equal)) if equal else sympy.nan)
    return filled(chosen, result.shape)


def _extreme(call: AtenCall, position: int = 0, dims: tuple[int, ...] | None = None) -> Symbols:
    call.note_chosen()
    dims = call.dims() if dims is None else dims
    return extreme(call.symbols("self"), call.floats("self"), dims, call.results(position))


def _picked(call: AtenCall) -> tuple[Symbols, None]:
    """Each result was taken from the place that its index names."""
    call.note_chosen()
    symbols, dim = call.symbols("self"), call.dim()
    indices = call.result[1].numpy(force=True)
    if not symbols.ndim:
        return single(symbols[()]), None
    kept = indices if indices.ndim == symbols.ndim else np.expand_dims(indices, dim)
    return np.take_along_axis(symbols, kept, axis=dim).reshape(indices.shape), None


def _largest(call: AtenCall) -> Symbols | tuple[Symbols, None]:
    """``x.max()`` shares between equal elements, ``x.max(dim)`` takes the first."""
    return _picked(call) if "dim" in call.given else _extreme(call, dims=tuple(range(call.given["self"].dim())))


REDUCTIONS: dict[str, TableEntry] = {
    "sum": lambda call: folded(call, total),
    "nansum": _finite,
    "mean": lambda call: folded(call, mean),
    "prod": _product,
    "logsumexp": lambda call: folded(call, log_sum_exp),
    "var": _var,
    "var_mean": lambda call: (_var(call), folded(call, mean)),
    "trace": lambda call: single(total(list(np.diagonal(call.symbols("self"))))),
    "cumsum": _running(total),
    "cumprod": _running(product),
    "logcumsumexp": _running(log_sum_exp),
    "_softmax": _rows(softmax),
    "_safe_softmax": _rows(softmax),
    "_log_softmax": _rows(log_softmax),
    **dict.fromkeys(("max", "min", "median", "nanmedian"), _largest),
    **dict.fromkeys(("sort", "topk", "kthvalue", "mode", "cummax", "cummin"), _picked),
    "amax": _extreme,
    "amin": _extreme,
}
