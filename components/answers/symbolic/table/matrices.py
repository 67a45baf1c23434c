"""Determinants, inverses and cross products of small matrices, written out."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import sympy

from ..arrays import Expr, Symbols, filled
from ..call import Call
from ..functions import Absolute, Sign, logarithm, total
from .elementwise import quotient
from .entry import Entry
from .products import matrix_product

_LARGEST = 4


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


def _slogdet(call: Call) -> tuple[Symbols | None, ...]:
    found = determinants(call.symbols("A"))
    signs = filled((Sign(found[place]) for place in np.ndindex(found.shape)), found.shape)
    logs = filled((logarithm(Absolute(found[place])) for place in np.ndindex(found.shape)), found.shape)
    return signs, logs, None, None


def _inverse(call: Call) -> tuple[Symbols, None]:
    stack = call.symbols("A" if "A" in call.given else "self")
    return _each(stack, inverse, stack.shape[-2:]), None


def _solve(call: Call) -> tuple[Symbols | None, ...]:
    a, b = call.symbols("A"), call.symbols("B")
    inverses = _each(a, inverse, a.shape[-2:])
    is_vector = b.ndim == a.ndim - 1
    columns = b[..., None] if is_vector else b
    both = (inverses, columns) if call.given.get("left", True) else (columns, inverses)
    out = matrix_product(call, *both)
    return (out[..., 0] if is_vector else out), None, None, None


def _cross(call: Call) -> Symbols:
    name = "dim" if call.has("dim") else None
    x, y = np.broadcast_arrays(call.symbols("self"), call.symbols("other"))
    dim = call.given[name] if name else x.shape.index(3)
    (a, b, c), (d, e, f) = np.moveaxis(x, dim, 0), np.moveaxis(y, dim, 0)
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=dim)


MATRICES: dict[str, Entry] = {
    "_linalg_det": lambda call: (determinants(call.symbols("A")), None, None),
    "_linalg_slogdet": _slogdet,
    "linalg_inv_ex": _inverse,
    "_linalg_solve_ex": _solve,
    "linalg_cross": _cross,
}
