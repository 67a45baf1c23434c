"""Products of matrices and of stacks of them; determinants and inverses of small ones, written out."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import sympy

from ..arrays import Expr, Symbols, filled, over
from ..call import AtenCall, TableEntry
from ..functions import Absolute, Sign, logarithm, total
from .elementwise import quotient

_LARGEST = 4
Product = Callable[[AtenCall], Symbols]


def matrix_product(call: AtenCall, left: Symbols, right: Symbols) -> Symbols:
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


def _outer(call: AtenCall) -> Symbols:
    return over(lambda x, y: x * y, call.symbols("vec1")[:, None], call.symbols("vec2")[None, :])


def _added_up(call: AtenCall) -> Symbols:
    stack = matrix_product(call, call.symbols("batch1"), call.symbols("batch2"))
    return over(lambda *layers: total(list(layers)), *stack)


def _plus(product: Product) -> TableEntry:
    """``beta * self + alpha * product``."""

    def entry(call: AtenCall) -> Symbols:
        beta, alpha = call.one("beta"), call.one("alpha")
        # PyTorch ignores what ``beta`` 0 multiplies, even if it is no number.
        return over(lambda x, y: (beta * x if beta != 0 else 0) + alpha * y, call.symbols("self"), product(call))

    return entry


def determinant(matrix: Symbols) -> Expr:
    """Return the sum over all permutations (Leibniz)."""
    size = len(matrix)
    if size > _LARGEST:
        raise NotImplementedError
    terms = []
    for order in itertools.permutations(range(size)):
        swaps = sum(order[i] > order[j] for i, j in itertools.combinations(range(size), 2))
        terms.append(sympy.Mul(sympy.Integer((-1) ** swaps), *(matrix[row, order[row]] for row in range(size))))
    return total(terms)


def inverse(matrix: Symbols) -> Symbols:
    """Return the transposed cofactors by the determinant (Cramer)."""
    size, whole = len(matrix), determinant(matrix)

    def cofactor(row: int, column: int) -> Expr:
        rest = np.delete(np.delete(matrix, row, 0), column, 1)
        return sympy.Integer((-1) ** (row + column)) * determinant(rest)

    return filled((quotient(cofactor(j, i), whole) for i, j in np.ndindex(size, size)), (size, size))


def _each(stack: Symbols, function: Callable[[Symbols], Symbols], shape: tuple[int, ...]) -> Symbols:
    """Apply a function to each matrix of a stack."""
    out = np.empty((*stack.shape[:-2], *shape), dtype=object)
    for place in np.ndindex(stack.shape[:-2]):
        out[place] = function(stack[place])
    return out


def determinants(stack: Symbols) -> Symbols:
    """Return the determinant of each matrix."""
    shape = stack.shape[:-2]
    return filled((determinant(stack[place]) for place in np.ndindex(shape)), shape)


def _slogdet(call: AtenCall) -> tuple[Symbols | None, ...]:
    found = determinants(call.symbols("A"))
    signs = filled((Sign(found[place]) for place in np.ndindex(found.shape)), found.shape)
    logs = filled((logarithm(Absolute(found[place])) for place in np.ndindex(found.shape)), found.shape)
    return signs, logs, None, None


def _inverse(call: AtenCall) -> tuple[Symbols, None]:
    stack = call.symbols("A" if "A" in call.given else "self")
    return _each(stack, inverse, stack.shape[-2:]), None


def _solve(call: AtenCall) -> tuple[Symbols | None, ...]:
    a, b = call.symbols("A"), call.symbols("B")
    inverses = _each(a, inverse, a.shape[-2:])
    is_vector = b.ndim == a.ndim - 1
    columns = b[..., None] if is_vector else b
    both = (inverses, columns) if call.given.get("left", True) else (columns, inverses)
    out = matrix_product(call, *both)
    return (out[..., 0] if is_vector else out), None, None, None


MATRICES: dict[str, TableEntry] = {
    "mm": _two("self", "mat2"),
    "bmm": _two("self", "mat2"),
    "mv": _vector("self", "vec"),
    "addmm": _plus(_two("mat1", "mat2")),
    "addmv": _plus(_vector("mat", "vec")),
    "addr": _plus(_outer),
    "baddbmm": _plus(_two("batch1", "batch2")),
    "addbmm": _plus(_added_up),
    "_linalg_det": lambda call: (determinants(call.symbols("A")), None, None),
    "_linalg_slogdet": _slogdet,
    "linalg_inv_ex": _inverse,
    "_linalg_solve_ex": _solve,
}
