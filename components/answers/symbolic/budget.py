"""What a formula may cost: counted as it grows, so that nothing has to be built before it turns out to be too large.

The size of an expression is that of its tree, which is what derivatives and printing have to walk; its parts are shared
in memory, so a short loop can make a tree of millions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from .arrays import Expr, Symbols, elements

_BITS_PER_UNIT = 32


@dataclass(frozen=True)
class FormulaLimits:
    """Upper bounds on one formula: ``operations`` counts the nodes of all trees of one tensor, numbers by length.

    ``depth`` is the deepest nesting; SymPy prints and compares recursively, so it also protects Python's stack.
    """

    elements: int = 400
    operations: int = 3_000
    depth: int = 80


def never() -> bool:
    """Do not stop: the default of ``should_stop``."""
    return False


class Refused(BaseException):
    """There will be no formula; ``reason`` is a sentence for the person.

    No ``Exception``: it passes through the program's own ``except`` clauses, and never leaves this package.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Budget:
    """Measures expressions, each part once, and refuses what is too large or too late."""

    def __init__(self, limits: FormulaLimits, should_stop: Callable[[], bool] = never) -> None:
        self.limits = limits
        self._should_stop = should_stop
        self._known: dict[Expr, tuple[int, int]] = {}

    def tick(self) -> None:
        """Refuse when the time is up."""
        if self._should_stop():
            raise Refused("The time for a formula was up.")

    def admit_count(self, count: int) -> None:
        """Refuse a tensor of too many elements."""
        if count > self.limits.elements:
            raise Refused(f"A tensor has {count:,} elements; a formula is written for up to {self.limits.elements:,}.")

    def admit_work(self, operations: int) -> None:
        """Refuse what would take too many operations."""
        if operations > self.limits.operations:
            raise Refused(f"The formula has more than {self.limits.operations:,} operations.")

    def admit(self, array: Symbols) -> None:
        """Refuse a tensor whose formulas are too many, too long or too deep."""
        self.admit_count(array.size)
        total = 0
        for expr in elements(array):
            size, depth = self.measure(expr)
            total += size
            self.admit_work(total)
            if depth > self.limits.depth:
                raise Refused(f"The formula is nested more than {self.limits.depth} deep.")

    def size(self, expr: Expr) -> int:
        """Return the number of nodes in the expression's tree."""
        return self.measure(expr)[0]

    def measure(self, expr: Expr) -> tuple[int, int]:
        """Return the tree's size and depth."""
        waiting = [expr]
        while waiting:
            node = waiting[-1]
            if node in self._known:
                waiting.pop()
                continue
            unknown = [part for part in node.args if part not in self._known]
            if unknown:
                waiting += unknown
                continue
            waiting.pop()
            parts = [self._known[part] for part in node.args]
            own = 1 if parts else _length(node)
            self._known[node] = own + sum(size for size, _ in parts), 1 + max((deep for _, deep in parts), default=0)
        return self._known[expr]


def _length(leaf: Any) -> int:
    """A leaf counts 1; an exact number as many as its digits are worth, or they would grow unseen in a loop."""
    if isinstance(leaf, sympy.Rational):
        return 1 + (int(leaf.p).bit_length() + int(leaf.q).bit_length()) // _BITS_PER_UNIT
    return 1
