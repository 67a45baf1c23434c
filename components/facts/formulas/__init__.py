"""What each node does to a gradient, as a formula with this run's numbers put in.

PyTorch's own derivative of a node is code (``derivatives.yaml``); here the most common ones are written as one reads
them in a book, and computed again with NumPy from what the trace recorded, independently of PyTorch.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from ...trace import BackwardStep, Gradient, Node
from ..index import TraceIndex
from ..text import values_text
from .elementwise import ACTIVATIONS, CHOICES, ELEMENTWISE
from .layers import NORMALISATIONS, WINDOWS
from .losses import LOSSES
from .moves import PLACES, SHAPES
from .products import PRODUCTS
from .reductions import REDUCTIONS
from .rules import Array, Given, Lacking, Rule, Rules, summed_dims, summed_to
from .seconds import SECONDS

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
_LONGEST = 110
_LONGEST_VALUE = 44
_TOKEN = re.compile(r"\{([\w\[\]]+)\}")
_EXPLAINED = " with "
# After these a number below zero stands in brackets, as it does before a power.
_OPERATORS = ("·", "/", "−", "+", "@", "⊗", "^", "√")
_FUNCTIONS = ("ln", "exp", "sign", "sin", "cos", "sinh", "cosh", "tanh", "Σ", "mean")
_RAISED = ("²", "³", "^", "ᵀ", "⁻")

_ACCUMULATE = "AccumulateGrad"
# A damaged record can be wrong in any way; NumPy says so in these.
_DAMAGED = (Lacking, ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError)


@dataclass(frozen=True)
class SlotFormula:
    """The gradient in one slot of the node's ``grad_inputs``: in symbols, and with numbers where all are known."""

    slot: int
    symbols: str
    numbers: str | None


def known_nodes() -> frozenset[str]:
    """Return the names of the nodes that have a formula."""
    return frozenset(RULES) | {_ACCUMULATE}


def node_formulas(index: TraceIndex, node: Node, step: BackwardStep | None) -> tuple[SlotFormula, ...]:
    """Return the formulas of the gradients that a node sends on; ``step`` is one visit, ``None`` before any.

    Before any visit, the shapes that say what is summed are those of the last one. Where the numbers are not those that
    PyTorch recorded (its kernels treat NaN in more than one way), the formula stands without them.
    """
    if node.name == _ACCUMULATE:
        return (_accumulation(index, node, step),)
    found = []
    for slot, rule in _rules(index, node):
        given = Given(index, node, step or index.last_step.get(node.id), slot)
        try:
            with np.errstate(all="ignore"):
                words = _symbols(given, rule)
                result = _computed(given, rule) if step is not None else None
                if result is not None and step is not None and not _agrees(result, step.grad_inputs[slot]):
                    result = None
                found.append(SlotFormula(slot, words, _numbers(given, rule, result) if result is not None else None))
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


def _accumulation(index: TraceIndex, node: Node, step: BackwardStep | None) -> SlotFormula:
    """``x.grad`` before, what arrives, and their sum, from the trace's own list of changes."""
    words = f"{node.leaf or 'leaf'}.grad + grad"
    run = index.run_of_leaf_visit.get(id(step))
    changes = index.changes.get(index.origin_of(node.tensor), []) if run is not None else []
    for place, change in enumerate(changes):
        if run is not None and change.backward == run.id:
            before = changes[place - 1].total if place else None
            return SlotFormula(0, words, _sum_text(before, change.added, change.total))
    return SlotFormula(0, words, None)


def _sum_text(before: Gradient | None, added: Gradient | None, total: Gradient | None) -> str | None:
    try:
        first = "None" if before is None else _gradient_text(before)
        more = _gradient_text(added)
        text = f"{first} + {f'({more})' if more.startswith('−') else more} = {_gradient_text(total)}"
    except _DAMAGED:
        return None
    return text if len(text) <= _LONGEST else None


def _gradient_text(gradient: Gradient | None) -> str:
    if gradient is None or gradient.values is None:
        raise Lacking
    return _array_text(np.array(gradient.values, dtype=np.float64))


# --- a formula as text


def _symbols(given: Given, rule: Rule) -> str:
    """Return the formula with the variables' names."""
    template = _whole(given, rule)
    return _TOKEN.sub(lambda match: _placed(template, match, _symbol(given, rule, match[1])), template)


def _numbers(given: Given, rule: Rule, result: Array) -> str | None:
    """Return the formula with numbers, and what it comes to; ``None`` where that is too long to read."""
    try:
        template = _whole(given, rule).partition(_EXPLAINED)[0]
        text = _TOKEN.sub(lambda match: _placed(template, match, _value(given, rule, match[1])), template)
        text = f"{text} = {_array_text(result)}"
    except Lacking:
        return None
    return text if len(text) <= _LONGEST else None


def _array_text(array: Array) -> str:
    """Return a few numbers as text; ``Lacking`` where they are too many to read."""
    text = values_text(array.tolist(), _LONGEST_VALUE) if array.size <= _LONGEST_VALUE else None
    if text is None:
        raise Lacking
    return text.replace("-", "−")


def _whole(given: Given, rule: Rule) -> str:
    """The template; where the input was broadcast, with the sum that undoes it."""
    template = rule.symbols_of(given)
    try:
        wide, shape = given.incoming_shape, given.shape
        dims = summed_dims(wide, shape) if rule.reduce and template != "0" else ()
    except Lacking:
        return template
    if not dims:
        return template
    word, explained, more = template.partition(_EXPLAINED)
    over = "all elements" if math.prod(shape) == 1 else f"dim{'s' * (len(dims) > 1)} {', '.join(map(str, dims))}"
    return f"{word}{'' if word == '{grad}' else ','} summed over {over}{explained}{more}"


def _symbol(given: Given, rule: Rule, token: str) -> str:
    return token if token == "grad" or token in rule.facts else given.written(token) or given.name(token)


def _value(given: Given, rule: Rule, token: str) -> str:
    if token == "grad":
        return _array_text(given.grad)
    if token in rule.facts:
        return _array_text(rule.fact(token, given))
    return given.written(token) or _array_text(given(token))


def _placed(template: str, match: re.Match[str], text: str) -> str:
    before, after = template[: match.start()].rstrip(), template[match.end() :]
    operand = before.endswith(_OPERATORS) or before.rpartition(" ")[2].lstrip("(|−") in _FUNCTIONS
    raised = after.startswith(_RAISED)
    if (text.startswith("−") and (operand or raised)) or ("e" in text and raised and text[0].isdigit()):
        return f"({text})"
    return text
