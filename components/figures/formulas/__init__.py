"""What each node does to a gradient, as a formula with this run's numbers put in.

PyTorch's own derivative of a node is code (``derivatives.yaml``); here the most common ones are written as one reads
them in a book, and computed again with NumPy from what the trace recorded, independently of PyTorch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from components.figures.formulas.elementwise import ELEMENTWISE
from components.figures.formulas.given import Array, Given, Lacking, summed_to
from components.figures.formulas.products import PRODUCTS
from components.figures.formulas.reductions import REDUCTIONS
from components.figures.formulas.rules import Rule, Rules
from components.figures.formulas.shapes import SHAPES
from components.figures.text import gradient_text, values_text
from components.figures.trace_index import TraceIndex
from components.trace import BackwardStep, Node

RULES: Rules = ELEMENTWISE | REDUCTIONS | SHAPES | PRODUCTS
_TOKEN = re.compile(r"\{(\w+)\}")
_LONGEST = 110
_LONGEST_VALUE = 44
_ACCUMULATE = "AccumulateGrad"


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
    """Return the formulas of the gradients that a node sends on; ``step`` is one pass, ``None`` before any."""
    if node.name == _ACCUMULATE:
        return (_accumulation(index, node, step),)
    found = []
    for slot, rule in _rules(index, node):
        given = Given(index, node, step, slot)
        try:
            template = rule.symbols_of(given)
        except Lacking:
            continue
        numbers = _numbers(given, rule, template) if step is not None else None
        found.append(Formula(slot, _symbols(given, template), numbers))
    return tuple(found)


def computed_gradients(index: TraceIndex, node: Node, step: BackwardStep) -> list[Array | None]:
    """Return, by slot, the gradients as the formulas give them; ``None`` where the trace lacks what they need."""
    slots = max((edge.slot for edge in index.edges_from.get(node.id, ())), default=-1) + 1
    found: list[Array | None] = [None] * slots
    for slot, rule in _rules(index, node):
        found[slot] = _computed(Given(index, node, step, slot), rule)
    return found


def _rules(index: TraceIndex, node: Node) -> list[tuple[int, Rule]]:
    rules = RULES.get(node.name, ())
    slots = sorted({edge.slot for edge in index.edges_from.get(node.id, ())})
    return [(slot, rules[slot]) for slot in slots if slot < len(rules)]


def _computed(given: Given, rule: Rule) -> Array | None:
    if rule.compute is None:
        return None
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(rule.compute(given), dtype=np.float64)
            return summed_to(result, given.shape) if rule.reduce else result
    # A damaged record can be wrong in any way; NumPy says so in these.
    except (Lacking, ValueError, IndexError, TypeError, KeyError, OverflowError, MemoryError, ZeroDivisionError):
        return None


def _symbols(given: Given, template: str) -> str:
    return _TOKEN.sub(lambda match: _symbol(given, match[1]), template)


def _symbol(given: Given, token: str) -> str:
    return "grad" if token == "grad" else _number(given, token) or given.name(token)


def _number(given: Given, token: str) -> str | None:
    """The text of a saved number, which is as good as a symbol."""
    known = next((saved for saved in given.node.saved if saved.name == token), None)
    return known.value if known is not None and known.shape is None else None


def _numbers(given: Given, rule: Rule, template: str) -> str | None:
    result = _computed(given, rule)
    if result is None:
        return None
    try:
        with_numbers = _TOKEN.sub(lambda match: _value(given, match[1]), template)
        text = f"{with_numbers} = {_text(result)}"
    except Lacking:
        return None
    return text if len(text) <= _LONGEST else None


def _value(given: Given, token: str) -> str:
    number = _number(given, token)
    text = number if number is not None else _text(given.grad if token == "grad" else given(token))
    return f"({text})" if text.startswith(("-", "−")) else text


def _text(array: Array) -> str:
    values = [float(array)] if array.ndim == 0 else array.tolist()
    text = values_text(values if array.ndim else values[0], _LONGEST_VALUE)
    if text is None:
        raise Lacking
    return text.replace("-", "−")


def _accumulation(index: TraceIndex, node: Node, step: BackwardStep | None) -> Formula:
    """``x.grad`` before, what arrives, and their sum, from the trace's own list of changes."""
    symbols = f"{node.leaf}.grad + grad"
    run = next(
        (run for run in index.trace.backwards if step is not None and any(one is step for one in run.steps)), None
    )
    changes = index.changes.get(index.origin_of(node.tensor), [])
    for place, change in enumerate(changes):
        if run is None or change.backward != run.id or change.added is None or change.total is None:
            continue
        before = changes[place - 1].total if place else None
        added, total = gradient_text(change.added), gradient_text(change.total)
        numbers = f"{gradient_text(before) if before is not None else 'None'} + {added} = {total}"
        return Formula(0, symbols, numbers if len(numbers) <= _LONGEST and change.added.values is not None else None)
    return Formula(0, symbols, None)
