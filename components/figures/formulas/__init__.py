"""What each node does to a gradient, as a formula with this run's numbers put in.

PyTorch's own derivative of a node is code (``derivatives.yaml``); here the most common ones are written as one reads
them in a book, and computed again with NumPy from what the trace recorded, independently of PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...facts import TraceIndex
from ...trace import BackwardStep, Gradient, Node
from .activations import ACTIVATIONS
from .choices import CHOICES
from .elementwise import ELEMENTWISE
from .given import Array, Given, Lacking, summed_to
from .losses import LOSSES
from .normalisations import NORMALISATIONS
from .places import PLACES
from .products import PRODUCTS
from .reductions import REDUCTIONS
from .rules import Rule, Rules
from .seconds import SECONDS
from .shapes import SHAPES
from .windows import WINDOWS
from .words import LONGEST, array_text, numbers, symbols

RULES: Rules = {
    name: rules
    for table in (
        ELEMENTWISE,
        ACTIVATIONS,
        CHOICES,
        REDUCTIONS,
        NORMALISATIONS,
        SHAPES,
        PLACES,
        PRODUCTS,
        WINDOWS,
        LOSSES,
        SECONDS,
    )
    for name, rules in table.items()
}
_ACCUMULATE = "AccumulateGrad"
# A damaged record can be wrong in any way; NumPy says so in these.
_DAMAGED = (Lacking, ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError)


@dataclass(frozen=True)
class Formula:
    """The gradient in one slot of the node's ``grad_inputs``: in symbols, and with numbers where all are known."""

    slot: int
    symbols: str
    numbers: str | None


def known_nodes() -> frozenset[str]:
    """Return the names of the nodes that have a formula."""
    return frozenset(RULES) | {_ACCUMULATE}


def node_formulas(index: TraceIndex, node: Node, step: BackwardStep | None) -> tuple[Formula, ...]:
    """Return the formulas of the gradients that a node sends on; ``step`` is one pass, ``None`` before any.

    Before any pass, the shapes that say what is summed are those of the last one. Where the numbers are not those that
    PyTorch recorded (its kernels treat NaN in more than one way), the formula stands without them.
    """
    if node.name == _ACCUMULATE:
        return (_accumulation(index, node, step),)
    found = []
    for slot, rule in _rules(index, node):
        given = Given(index, node, step or index.last_step.get(node.id), slot)
        try:
            with np.errstate(all="ignore"):
                words = symbols(given, rule)
                result = _computed(given, rule) if step is not None else None
                if result is not None and step is not None and not _agrees(result, step.grad_inputs[slot]):
                    result = None
                found.append(Formula(slot, words, numbers(given, rule, result) if result is not None else None))
        except _DAMAGED:
            continue
    return tuple(found)


def computed_gradients(index: TraceIndex, node: Node, step: BackwardStep) -> list[Array | None]:
    """Return, by slot, the gradients as the formulas give them; ``None`` where the trace lacks what they need."""
    slots = max((edge.slot for edge in index.edges_from.get(node.id, ())), default=-1) + 1
    found: list[Array | None] = [None] * min(slots, len(step.grad_inputs))
    for slot, rule in _rules(index, node):
        if slot < len(found):
            found[slot] = _computed(Given(index, node, step, slot), rule)
    return found


def _rules(index: TraceIndex, node: Node) -> list[tuple[int, Rule]]:
    rules = RULES.get(node.name, ())
    slots = sorted({edge.slot for edge in index.edges_from.get(node.id, ()) if edge.slot >= 0})
    more = bool(rules) and rules[-1].repeats
    return [(slot, rules[min(slot, len(rules) - 1)]) for slot in slots if slot < len(rules) or more]


def _computed(given: Given, rule: Rule) -> Array | None:
    if rule.compute is None:
        return None
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(rule.compute(given), dtype=np.float64)
            result = summed_to(result, given.shape) if rule.reduce else result
            return result if result.shape == given.shape else None
    except _DAMAGED:
        return None


def _agrees(result: Array, recorded: Gradient | None) -> bool:
    """Whether a result is what PyTorch recorded, to the rounding of 16-bit floats; without values it is not doubted."""
    if recorded is None or recorded.values is None:
        return True
    theirs = np.array(recorded.values, dtype=np.float64)
    scale = float(np.max(np.abs(theirs[np.isfinite(theirs)]), initial=0.0))
    if list(result.shape) != recorded.shape or result.size != theirs.size:
        return False
    return np.allclose(result.ravel(), theirs.ravel(), rtol=1e-2, atol=1e-2 * scale, equal_nan=True)


def _accumulation(index: TraceIndex, node: Node, step: BackwardStep | None) -> Formula:
    """``x.grad`` before, what arrives, and their sum, from the trace's own list of changes."""
    words = f"{node.leaf or 'leaf'}.grad + grad"
    run = index.run_of_leaf_visit.get(id(step))
    changes = index.changes.get(index.origin_of(node.tensor), []) if run is not None else []
    for place, change in enumerate(changes):
        if run is not None and change.backward == run.id:
            before = changes[place - 1].total if place else None
            return Formula(0, words, _sum_text(before, change.added, change.total))
    return Formula(0, words, None)


def _sum_text(before: Gradient | None, added: Gradient | None, total: Gradient | None) -> str | None:
    try:
        first = "None" if before is None else _gradient_text(before)
        more = _gradient_text(added)
        text = f"{first} + {f'({more})' if more.startswith('−') else more} = {_gradient_text(total)}"
    except _DAMAGED:
        return None
    return text if len(text) <= LONGEST else None


def _gradient_text(gradient: Gradient | None) -> str:
    if gradient is None or gradient.values is None:
        raise Lacking
    return array_text(np.array(gradient.values, dtype=np.float64))
