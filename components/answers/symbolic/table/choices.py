"""Operations that choose elements by their size: the formula is that of the elements chosen at the point."""

from __future__ import annotations

import numpy as np
import sympy

from ..arrays import Floats, Symbols, filled, rows_along, single
from ..call import Call
from ..functions import total
from .entry import Entry


def _note(call: Call) -> None:
    call.note(f"{call.title}: the formula holds where the same elements are chosen as at this point.")


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


def _extreme(call: Call, position: int = 0, dims: tuple[int, ...] | None = None) -> Symbols:
    _note(call)
    dims = call.dims() if dims is None else dims
    return extreme(call.symbols("self"), call.floats("self"), dims, call.results(position))


def _picked(call: Call) -> tuple[Symbols, None]:
    """Each result was taken from the place that its index names."""
    _note(call)
    symbols, dim = call.symbols("self"), call.dim()
    indices = call.result[1].numpy(force=True)
    if not symbols.ndim:
        return single(symbols[()]), None
    kept = indices if indices.ndim == symbols.ndim else np.expand_dims(indices, dim)
    return np.take_along_axis(symbols, kept, axis=dim).reshape(indices.shape), None


def _largest(call: Call) -> Symbols | tuple[Symbols, None]:
    """``x.max()`` shares between equal elements, ``x.max(dim)`` takes the first."""
    return _picked(call) if "dim" in call.given else _extreme(call, dims=tuple(range(call.given["self"].dim())))


def _both(call: Call) -> tuple[Symbols, Symbols]:
    dims = (call.dim(),) if call.has("dim") else None
    return _extreme(call, 0, dims), _extreme(call, 1, dims)


CHOICES: dict[str, Entry] = {
    **dict.fromkeys(("max", "min", "median", "nanmedian"), _largest),
    **dict.fromkeys(("sort", "topk", "kthvalue", "mode", "cummax", "cummin"), _picked),
    "amax": _extreme,
    "amin": _extreme,
    "aminmax": _both,
}
