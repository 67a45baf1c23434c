"""What each node does to a gradient, as a formula with this run's numbers put in.

PyTorch's own derivative of a node is code (``derivatives.yaml``); here the most common ones are written as one reads
them in a book, and computed again with NumPy from what the trace recorded, independently of PyTorch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...trace import BackwardStep, Gradient, Node
from ..index import TraceIndex
from ..text import values_text
from .elementwise import ACTIVATIONS, CHOICES, ELEMENTWISE
from .language import SUM, Array, Place, read
from .layers import NORMALISATIONS, WINDOWS
from .losses import LOSSES
from .moves import PLACES, SHAPES
from .naming import Named, free_letter, name_of
from .products import PRODUCTS
from .reductions import REDUCTIONS
from .rules import Given, Lacking, Letter, Rule, Rules, summed_dims, summed_to, template_for
from .seconds import SECONDS

__all__ = ["RULES", "SlotFormula", "computed_gradients", "known_nodes", "node_formulas"]

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
_TOKEN = re.compile(r"\{([^}]+)\}")
_APPLIED = re.compile(r"\b(sign|sin|cos|sinh|cosh|exp|ln) \((?!−)")
_EXPLAINED = " with "
_OPERATORS = ("·", "/", "−", "+", "@", "Σ")
_SUPERSCRIPT = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

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
    try:
        with np.errstate(all="ignore"):
            result = rule.evaluated(given)
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
    """Return the formula with the variables' names, and what its letters stand for."""
    explained: dict[str, str] = {}

    def name(token: str) -> Named:
        fact = rule.facts.get(token)
        if isinstance(fact, str | Letter):
            letter = free_letter(given, token)
            meaning = fact if isinstance(fact, str) else template_for(fact.meaning, given)
            if letter not in explained:
                explained[letter] = ""  # the formula comes before what its own letters mean
                explained[letter] = _filled(meaning, _brackets(fact) if isinstance(fact, str) else {}, name)
            return Named(letter)
        if token == "grad" or (fact is not None and not token.startswith("_")):
            return Named(token)
        if fact is not None:
            return Named(_array_text(rule.part(token, given)))
        if (text := given.written(token)) is not None:
            return Named(text)
        found = name_of(given, token)
        if found.explained:
            explained[found.text] = found.explained
        return found

    text = _whole(given, rule, name)
    told = ", ".join(f"{letter} = {meaning}" for letter, meaning in explained.items())
    return f"{text}{', ' if _EXPLAINED in text else _EXPLAINED}{told}" if told else text


def _numbers(given: Given, rule: Rule, result: Array) -> str | None:
    """Return the formula with numbers, and what it comes to; ``None`` where that is too long to read."""

    def value(token: str) -> Named:
        text = given.written(token) if token not in rule.facts else None
        return Named(text if text is not None else _array_text(rule.part(token, given)))

    try:
        if rule.compute is not None and _EXPLAINED in rule.text(given):
            return None
        text = f"{_whole(given, rule, value)} = {_array_text(result)}"
    except Lacking:
        return None
    return text if len(text) <= _LONGEST else None


def _array_text(array: Array) -> str:
    """Return a few numbers as text; ``Lacking`` where they are too many to read."""
    text = values_text(array.tolist(), _LONGEST_VALUE) if array.size <= _LONGEST_VALUE else None
    if text is None:
        raise Lacking
    return text.replace("-", "−")


def _whole(given: Given, rule: Rule, shown: Callable[[str], Named]) -> str:
    """The formula, what it is taken over, and, where the input was broadcast, the sum that undoes it."""
    template = rule.text(given)
    text = _filled(template, _brackets(template) if rule.compute is None else {}, shown)
    if rule.then is not None:
        text += _filled(template_for(rule.then.words, given), {}, shown)
    return text + _dims_words(given, rule, template) + _summed_words(given, rule, template)


def _dims_words(given: Given, rule: Rule, template: str) -> str:
    if rule.over is None or ("Σ" not in template and "mean" not in template):
        return ""
    try:
        rank, dims = len(given.incoming_shape), rule.over(given)
    except _DAMAGED:
        return ""
    word = "Σ" if "Σ" in template else "mean"
    if rank and not dims:
        return f", {word} over no dim"
    return f", {word} over {_dims_text(dims)}" if len(dims) < rank else ""


def _summed_words(given: Given, rule: Rule, template: str) -> str:
    if not rule.reduce or template == "0":
        return ""
    try:
        shape = given.shape
        dims = summed_dims(_wide(given, rule), shape)
    except Lacking:
        return ""
    if not dims:
        return ""
    over = "all elements" if math.prod(shape) == 1 else _dims_text(dims)
    return f"{'' if template == '{grad}' else ','} summed over {over}"


def _wide(given: Given, rule: Rule) -> tuple[int, ...]:
    """The shape before a broadcast is undone."""
    try:
        return rule.evaluated(given).shape
    except _DAMAGED:
        return given.incoming_shape


def _dims_text(dims: Sequence[int]) -> str:
    return f"dim{'s' * (len(dims) > 1)} {', '.join(map(str, dims))}"


def _brackets(template: str) -> dict[int, Place]:
    return {place.start: place for place in read(template).places}


def _filled(template: str, places: Mapping[int, Place], shown: Callable[[str], Named]) -> str:
    """Put texts in the places of a template, in brackets where they would be misread."""
    parts: list[str] = []
    done = 0
    for match in _TOKEN.finditer(template):
        before, named = template[done : match.start()], shown(match[1])
        text = named.text.replace("-", "−") if _is_number(named.text) else named.text
        place = places.get(match.start())
        if place is None:
            bare = not (text.startswith("−") and (before or "".join(parts)).rstrip().endswith(_OPERATORS))
        else:
            bare = _stands(text, named.whole, place)
        if before.endswith("^") and text.lstrip("−").isdigit():
            before, text, bare = before[:-1], "" if text == "1" else text.translate(_SUPERSCRIPT), True
        parts += [before, text if bare else f"({text})"]
        done = match.end()
    filled = "".join([*parts, template[done:]])
    return _APPLIED.sub(r"\1(", filled.replace(".Tᵀ", ""))


def _stands(text: str, whole: bool, place: Place) -> bool:
    """Whether a text can stand in a place without brackets."""
    if text.startswith("−"):
        return place.first
    if text[:1].isdigit() and "e" in text and place.raised:
        return False
    return whole or place.level == SUM


def _is_number(text: str) -> bool:
    try:
        float(text.replace("−", "-"))
    except ValueError:
        return False
    return True
