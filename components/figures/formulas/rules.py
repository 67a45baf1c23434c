"""A rule: one gradient in symbols, and the same as a function of numbers.

In a template ``{grad}`` and ``{name of what was saved}`` stand for a variable's name, or for its numbers; everything
else is written as it is. A rule gives one template per slot of the node's ``grad_inputs``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.figures.formulas.given import Array, Compute, Given

Template = str | Callable[[Given], str]


@dataclass(frozen=True)
class Rule:
    """``compute`` is ``None`` for formulas that are shown in symbols only; ``reduce`` undoes a broadcast."""

    template: Template
    compute: Compute | None = None
    reduce: bool = False

    def symbols_of(self, given: Given) -> str:
        """Return the template for this node."""
        return self.template if isinstance(self.template, str) else self.template(given)


Rules = dict[str, tuple[Rule, ...]]


def each(template: Template, compute: Callable[[Given], Array]) -> Rule:
    """Return a rule for an elementwise operation, whose inputs may have been broadcast."""
    return Rule(template, compute, reduce=True)


_SUPERSCRIPT = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def power(base: str, exponent: float) -> str:
    """``x``, ``x²``, ``x^0.5``."""
    if exponent == 1:
        return base
    text = f"{exponent:g}"
    return f"{base}{text.translate(_SUPERSCRIPT)}" if exponent == int(exponent) else f"{base}^{text}"
