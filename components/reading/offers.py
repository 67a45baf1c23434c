"""What if: what can be asked on the cards and edges of a picture, and the program that a question stands for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from ..facts import TraceIndex
from ..facts.text import number_text, some_of
from ..facts.words import Expression, Words
from ..figures import LabGraph
from ..source.form import FormError
from ..source.what_if import Along, Hook, Kind, Span, detached, with_hook, with_leaf_hook, with_value
from ..trace import Edge, Node
from ..widgets.player.page import PlayerChange

_GRADIENT: tuple[Kind, ...] = ("zero", "scale", "clip")
_MOST_OFFERED = 300
_LONGEST = 60


class Offer(NamedTuple):
    """What can be asked of one place. ``hooked`` and ``other`` make the program, ``None`` where it has no room."""

    told: PlayerChange
    hooked: Callable[[Hook], str | None]
    other: Callable[[str], str | None] = lambda _: None
    """By another value of a leaf; of a function's result, without what flows back from there."""
    often: str = ""
    """Says that its line runs more than once, and so that is changed each time."""


class Place(NamedTuple):
    """A place of a picture that can be asked about: a box or, with a ``slot``, the edge of that node's gradient."""

    told: PlayerChange
    of: str
    slot: int | None = None


class Change(NamedTuple):
    """The changed program and the question in words, or what is wrong with the question."""

    after: str = ""
    says: str = ""
    problem: str = ""


def places(index: TraceIndex, boxes: Iterable[str], graph: LabGraph | None) -> dict[str, Place]:
    """Return what can be asked of the boxes and edges of a picture, by the names that ``PlayerMount`` has for them."""
    found: dict[str, Place] = {}
    for box in boxes:
        if len(found) < _MOST_OFFERED and (offer := index.once(_of_box, box)) is not None:
            found[box] = Place(offer.told, box)
    for number, link in enumerate(graph.links if graph is not None else ()):
        if link.carries is None or len(found) >= 2 * _MOST_OFFERED:
            continue
        node, slot = link.carries
        of = (node, slot) if slot >= 0 else (f"{node}~leaf", None)
        offer = offer_of(index, *of)
        if offer is not None:
            found[f"link-{number}"] = Place(offer.told, *of)
    return found


def offer_of(index: TraceIndex, of: str, slot: int | None = None) -> Offer | None:
    """Return what can be asked of a place, ``None`` if nothing."""
    return index.once(_of_box, of) if slot is None else index.once(_of_edge, of, slot)


def change_of(index: TraceIndex, of: str, slot: int | None, kind: str, amount: str) -> Change:
    """Return the program that a question stands for: ``amount`` is what was typed, a number or a leaf's value."""
    offer = offer_of(index, of, slot)
    if offer is None or kind not in offer.told.kinds:
        return Change()
    try:
        after, says = changed(offer, kind, amount)
    except (FormError, ValueError) as error:
        return Change(problem=str(error))
    if after is None or after == index.trace.program.source:
        return Change(problem="Nothing would be different.")
    return Change(after, says)


def changed(offer: Offer, kind: str, amount: str) -> tuple[str | None, str]:
    """The changed program, and the question in words. Raises ValueError with what is wrong with a number."""
    of, often = offer.told.of, offer.often
    match kind:
        case "value":
            return offer.other(amount), f"What if {of} is {amount[:_LONGEST]}{often}?"
        case "detach":
            return offer.other(""), f"What if {of} is detached{often}?"
        case "zero":
            return offer.hooked(Hook("zero")), f"What if the gradient of {of} is zero{often}?"
        case "scale":
            number = _number(amount)
            return offer.hooked(Hook("scale", number)), f"What if the gradient of {of} is scaled by {number:g}{often}?"
    number = _number(amount)
    if number <= 0:
        raise ValueError(
            "A bound is a number above zero: the gradient is clipped to what lies between minus it and it."
        )
    text = f"What if the gradient of {of} is clipped to numbers from {-number:g} to {number:g}{often}?"
    return offer.hooked(Hook("clip", number)), text


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"“{text[:_LONGEST]}” is not a number. Write it like 2, 0.5 or -1e3.")
    return number


# --- what can be asked


def _of_box(index: TraceIndex, box: str) -> Offer | None:
    name, _, part = box.partition("~")
    node = index.nodes.get(name)
    if node is None or part not in ("", "leaf"):
        return None
    return _of_leaf(index, node, with_its_value=part == "leaf") if node.leaf is not None else _of_result(index, node)


def _of_result(index: TraceIndex, node: Node) -> Offer | None:
    """What a function computed: its gradient, and what flows back from it."""
    expression = index.once(Words).expression(node.id)
    if expression is None:
        return None
    source, span = index.trace.program.source, _span(expression)
    hooked = partial(with_hook, source, span)
    if hooked(Hook("zero")) is None:
        return None
    told = PlayerChange(_called(index, node, expression), (*_GRADIENT, "detach"))
    return Offer(told, hooked, lambda _: detached(source, span), _often(index, expression.line))


def _of_leaf(index: TraceIndex, node: Node, *, with_its_value: bool) -> Offer | None:
    name, source = node.leaf or "", index.trace.program.source
    origin = index.origin_of(node.tensor)
    tensor, line = index.tensors.get(origin), index.first_line.get(origin)
    if not name or tensor is None:
        return None

    def hooked(hook: Hook) -> str | None:
        return with_leaf_hook(source, name, line, hook)

    def valued(value: str) -> str | None:
        if not tensor.shape and value.lstrip().startswith(("[", "(")):
            raise ValueError(f"{name} is a single number: give one number in its place.")
        return with_value(source, name, line, tensor.dtype, value)

    kinds: list[str] = list(_GRADIENT) if hooked(Hook("zero")) is not None else []
    if with_its_value and _is_made(valued):
        kinds.append("value")
    told = PlayerChange(name, tuple(kinds), _value(tensor.values))
    return Offer(told, hooked, valued, _often(index, line)) if kinds else None


def _is_made(valued: Callable[[str], str | None]) -> bool:
    try:
        return valued("0.0") is not None
    except FormError:
        return False


def _value(values: object) -> str:
    """A leaf's value as it can be typed, where it is short."""
    text = number_text(values) if isinstance(values, int | float) else str(values)
    return text if len(text) <= _LONGEST and values is not None else ""


def _of_edge(index: TraceIndex, name: str, slot: int) -> Offer | None:
    """The gradient that flows along one edge; where no other edge leads to that tensor it is simply its gradient."""
    edge = next((one for one in index.edges_from.get(name, ()) if one.slot == slot), None)
    if edge is None:
        return None
    target = index.nodes[edge.target]
    if len(index.edges_to.get(target.id, ())) == 1:
        return _of_leaf(index, target, with_its_value=False) if target.leaf is not None else _of_result(index, target)
    return _of_one_use(index, edge)


def _of_one_use(index: TraceIndex, edge: Edge) -> Offer | None:
    words, slots = index.once(Words), _slots(index, edge.source)
    user, given = words.expression(edge.source), words.argument(edge.source, edge.slot)
    if user is None or given is None or edge.slot >= slots:
        return None
    source, span, often = index.trace.program.source, _span(user), _often(index, user.line)
    sometimes = bool(often) or len(index.trace.backwards) > 1

    def hooked(hook: Hook) -> str | None:
        return with_hook(source, span, hook, Along(edge.slot, slots, sometimes))

    if hooked(Hook("zero")) is None:
        return None
    told = PlayerChange(f"{_short(given)} that comes from {_short(user.text)}", _GRADIENT)
    return Offer(told, hooked, often=often)


def _often(index: TraceIndex, line: int | None) -> str:
    return f", each time line {line} runs" if index.once(_runs)[line] > 1 else ""


def _runs(index: TraceIndex) -> Counter[int | None]:
    return Counter(step.line for step in index.trace.steps)


def _slots(index: TraceIndex, node: str) -> int:
    """How many gradients a node hands on, as its last visit had them; 0 where there was none."""
    step = index.last_step.get(node)
    return len(step.grad_inputs) if step is not None else 0


def _called(index: TraceIndex, node: Node, expression: Expression) -> str:
    names = list(dict.fromkeys(tensor.name for tensor in index.made.get(node.id, ()) if tensor.name))
    return some_of(names, 2) if names else _short(expression.text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _span(expression: Expression) -> Span:
    return Span(expression.line, expression.column, expression.end_line, expression.end_column)
