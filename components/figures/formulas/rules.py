"""A rule: one gradient in symbols, and the same as a function of numbers.

In a template ``{grad}`` and ``{name of what was saved}`` stand for a variable's name, or for its numbers; so does the
name of a fact, a number that the rule works out itself, such as the ``n`` of a mean. All else is written as it is; what
follows `` with `` explains a symbol and is left out where there are numbers. A rule is for one slot of the node's
``grad_inputs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .given import Array, Compute, Given

Template = str | Callable[[Given], str]
Fact = Callable[[Given], Array | float]


@dataclass(frozen=True)
class Rule:
    """``compute`` is ``None`` for formulas that are shown in symbols only; ``reduce`` undoes a broadcast.

    ``repeats`` is true for the last rule of a node with any number of inputs.
    """

    template: Template
    compute: Compute | None = None
    reduce: bool = False
    facts: Mapping[str, Fact] = field(default_factory=dict)
    repeats: bool = False

    def symbols_of(self, given: Given) -> str:
        """Return the template for this node."""
        return self.template if isinstance(self.template, str) else self.template(given)

    def fact(self, name: str, given: Given) -> Array:
        """Return a number that the rule works out itself."""
        return np.asarray(self.facts[name](given), dtype=np.float64)


Rules = dict[str, tuple[Rule, ...]]


def each(template: Template, compute: Compute, **facts: Fact) -> Rule:
    """Return a rule for an elementwise operation, whose inputs may have been broadcast."""
    return Rule(template, compute, reduce=True, facts=facts)


def passes(given: Given) -> Array:
    """The gradient goes on as it came."""
    return given.grad


def kept(given: Given, where: NDArray[np.bool_]) -> Array:
    """The gradient where that is true, else 0, which it stays where the gradient is infinite."""
    return np.where(where, given.grad, 0)


def sign(x: Array) -> Array:
    """−1, 0 or 1; 0 for what is not a number, as in PyTorch."""
    return np.where(np.isnan(x), 0, np.sign(x))


PASSES = each("{grad}", passes)
NOTHING = each("0", lambda given: np.zeros(given.shape))

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def power(base: str, exponent: float) -> str:
    """``x``, ``x²``, ``x^0.5``."""
    if exponent == 1:
        return base
    text = f"{exponent:g}"
    if text.lstrip("-").isdigit():
        return f"{base}{text.translate(_SUPERSCRIPT)}"
    return f"{base}^{text}".replace("-", "−")
