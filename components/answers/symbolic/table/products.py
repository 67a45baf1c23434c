"""Products of vectors, matrices and stacks of matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import Symbols, filled, over, single
from ..call import Call
from ..functions import total
from .entry import Entry

Product = Callable[[Call], Symbols]


def matrix_product(call: Call, left: Symbols, right: Symbols) -> Symbols:
    """Return ``left @ right`` of two matrices or of two equal stacks of them."""
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    shape = (*left.shape[:-2], rows, columns)
    call.budget.admit_work(int(np.prod(shape, dtype=np.int64)) * inner)
    cells = (
        total([left[(*place[:-2], place[-2], k)] * right[(*place[:-2], k, place[-1])] for k in range(inner)])
        for place in np.ndindex(shape)
    )
    return filled(cells, shape)


def _two(first: str, second: str) -> Product:
    return lambda call: matrix_product(call, call.symbols(first), call.symbols(second))


def _vector(matrix: str, vector: str) -> Product:
    return lambda call: matrix_product(call, call.symbols(matrix), call.symbols(vector)[:, None])[:, 0]


def _outer(call: Call) -> Symbols:
    return over(lambda x, y: x * y, call.symbols("vec1")[:, None], call.symbols("vec2")[None, :])


def _added_up(call: Call) -> Symbols:
    stack = matrix_product(call, call.symbols("batch1"), call.symbols("batch2"))
    return over(lambda *layers: total(list(layers)), *stack)


def _plus(product: Product) -> Entry:
    """``beta * self + alpha * product``."""

    def entry(call: Call) -> Symbols:
        beta, alpha = call.one("beta"), call.one("alpha")
        # PyTorch ignores what ``beta`` 0 multiplies, even if it is no number.
        return over(lambda x, y: (beta * x if beta != 0 else 0) + alpha * y, call.symbols("self"), product(call))

    return entry


def dot(first: Symbols, second: Symbols) -> Symbols:
    """Return the sum of the products of two vectors."""
    return single(total([x * y for x, y in zip(first, second, strict=True)]))


PRODUCTS: dict[str, Entry] = {
    "dot": lambda call: dot(call.symbols("self"), call.symbols("tensor")),
    "vdot": lambda call: dot(call.symbols("self"), call.symbols("other")),
    "mm": _two("self", "mat2"),
    "bmm": _two("self", "mat2"),
    "mv": _vector("self", "vec"),
    "addmm": _plus(_two("mat1", "mat2")),
    "addmv": _plus(_vector("mat", "vec")),
    "addr": _plus(_outer),
    "baddbmm": _plus(_two("batch1", "batch2")),
    "addbmm": _plus(_added_up),
}
