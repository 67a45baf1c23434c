"""Arrays of SymPy expressions: NumPy's object arrays, with the few operations that must not go through NumPy.

NumPy would unpack or convert what it takes for a sequence or a number; these functions put every object where it
belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# SymPy brings no types.
Expr = Any
Symbols = NDArray[np.object_]
Floats = NDArray[np.float64]


def filled(values: Iterable[Expr], shape: tuple[int, ...]) -> Symbols:
    """Return an array of this shape with the values in rows."""
    out = np.empty(shape, dtype=object)
    for place, value in zip(np.ndindex(shape), values, strict=True):
        out[place] = value
    return out


def single(value: Expr) -> Symbols:
    """Return an array of no dimensions."""
    return filled([value], ())


def elements(array: Symbols) -> Iterator[Expr]:
    """Yield the elements in rows."""
    return (array[place] for place in np.ndindex(array.shape))


def over(function: Callable[..., Expr], *arrays: NDArray[Any]) -> Symbols:
    """Apply the function to the elements of arrays that broadcast to one shape."""
    spread = np.broadcast_arrays(*arrays)
    shape = spread[0].shape
    return filled((function(*(array[place] for array in spread)) for place in np.ndindex(shape)), shape)


def rows_along(array: NDArray[Any], dims: tuple[int, ...]) -> NDArray[Any]:
    """Move the dimensions ``dims`` to the end and make one of them."""
    kept = [dim for dim in range(array.ndim) if dim not in dims]
    moved = array.transpose([*kept, *dims])
    return moved.reshape([*moved.shape[: len(kept)], int(np.prod([array.shape[dim] for dim in dims], dtype=np.int64))])


def parts_first(expr: Expr, is_known: Callable[[Expr], bool]) -> Iterator[Expr]:
    """Yield each part of a formula that is not known, after its own parts; whoever asks makes it known before going on.

    Formulas are deeper than Python's stack.
    """
    waiting = [expr]
    while waiting:
        node = waiting[-1]
        unknown = [] if is_known(node) else [part for part in node.args if not is_known(part)]
        if unknown:
            waiting += unknown
            continue
        waiting.pop()
        if not is_known(node):
            yield node
