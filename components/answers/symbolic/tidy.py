"""Shorter ways to write a formula, where looking for them is cheap.

SymPy can rewrite in many ways, and take minutes over it. Here only few are tried, and only on formulas of a size, a
number of unknowns and exponents for which their time is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import sympy

from .arrays import Expr
from .atoms import number, tamed
from .budget import Budget

_MOST_NODES = 60
_MOST_NODES_OF_ONE_KIND = 200
_MOST_KINDS = 3
_MOST_TERMS = 8
_MOST_TERMS_EXPANDED = 12
_LARGEST_FACTORED = 10

Way = Callable[[Expr], Expr]


def compact(expr: Expr, budget: Budget) -> Expr:
    """Return the formula, or the same multiplied out or factored where that is smaller: derivatives grow fast."""
    expr = neat(expr)
    if budget.size(expr) > _MOST_NODES_OF_ONE_KIND:
        return expr
    ways: list[Way] = []
    if _multiplied_out(expr) <= _MOST_TERMS_EXPANDED:
        ways = [sympy.expand_mul, lambda each: _factored_terms(sympy.expand_mul(each))]
    if _can_be_factored(expr, kinds=1):
        ways.append(sympy.factor)
    return min(_written(expr, ways), key=budget.size)


def tidied(expr: Expr, length: Callable[[Expr], float]) -> Expr:
    """Return the shortest of a few ways to write the formula; itself if none is shorter."""
    expr = neat(expr)
    small = has_at_most(expr, _MOST_NODES)
    if not small and not has_at_most(expr, _MOST_NODES_OF_ONE_KIND):
        return expr
    ways: list[Way] = []
    if small:
        ways = [_together, _factored_terms]
        if _multiplied_out(expr) <= _MOST_TERMS_EXPANDED:
            ways += _expansions(expr)
    if _can_be_factored(expr, kinds=_MOST_KINDS if small else 1):
        ways.append(sympy.factor)
    return min(_written(expr, ways), key=length)


def neat(expr: Expr) -> Expr:
    """Return the formula with its floats written as shortly as numbers of the program are: ``1.0`` as ``1``."""
    if not expr.has(sympy.Float):
        return expr
    short = {value: number(float(value)) for value in expr.atoms(sympy.Float)}
    return tamed(expr.xreplace({value: new for value, new in short.items() if not new.is_Float}))


def has_at_most(expr: Expr, most: int) -> bool:
    """Whether the formula's tree has at most so many nodes; a large one is not walked to its end."""
    return all(seen < most for seen, _ in enumerate(sympy.preorder_traversal(expr)))


def _expansions(expr: Expr) -> list[Way]:
    """Denominators stay as they are: ``(x**2 + 1)**2`` says more than its terms."""
    divided = any(power.exp.is_negative and power.base.is_Add for power in expr.atoms(sympy.Pow))
    expand: Way = sympy.expand_mul if divided else sympy.expand
    return [expand, lambda each: _factored_terms(expand(each))]


def _factored_terms(expr: Expr) -> Expr:
    return sympy.factor_terms(expr) if _terms(expr) <= _MOST_TERMS else expr


def _together(expr: Expr) -> Expr:
    return sympy.together(expr) if _terms(expr) <= _MOST_TERMS else expr


def _terms(expr: Expr) -> int:
    """The most terms in a row: SymPy compares each with each for what they share."""
    return max((len(part.args) for part in expr.atoms(sympy.Add)), default=1)


def _written(expr: Expr, ways: list[Way]) -> Iterator[Expr]:
    yield expr
    for way in ways:
        try:
            yield way(expr)
        except (ArithmeticError, NotImplementedError, TypeError, ValueError, sympy.PolynomialError):
            continue


def _can_be_factored(expr: Expr, kinds: int) -> bool:
    """Whether factoring is quick: few unknowns and functions of them, no floats, which it would make a mess of."""
    if expr.has(sympy.Float) or any(abs(power.exp) > _LARGEST_FACTORED for power in _powers_of_sums(expr)):
        return False
    unknowns = {part for part in sympy.preorder_traversal(expr) if part.is_Symbol or part.is_Function}
    return len(unknowns) <= kinds


def _powers_of_sums(expr: Expr) -> list[Expr]:
    return [power for power in expr.atoms(sympy.Pow) if power.exp.is_Number and power.base.args]


def _multiplied_out(expr: Expr) -> float:
    """How many terms multiplying out may write down."""
    counts: dict[Expr, float] = {}
    for node in sympy.postorder_traversal(expr):
        parts = [counts[part] for part in node.args]
        if node.is_Add:
            counts[node] = sum(parts)
        elif node.is_Mul:
            counts[node] = math.prod(parts)
        elif node.is_Pow and node.exp.is_Number and parts[0] > 1:
            counts[node] = parts[0] ** min(abs(float(node.exp)), _MOST_TERMS_EXPANDED)
        else:
            counts[node] = 1.0
    return max(counts.values())
