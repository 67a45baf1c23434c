"""What is told about the one thing selected: a node, a leaf, an output."""

from __future__ import annotations

from dataclasses import dataclass

from components.figures.text import bytes_text, gradient_text, number_text, shape_text, tensor_text
from components.figures.trace_index import TraceIndex
from components.trace import Node, SavedTensor, Tensor, Trace

_LONGEST = 60
_MOST_CARDS = 5_000


@dataclass(frozen=True)
class Card:
    """``rows`` are pairs of a name and a text in monospace; ``note`` is a sentence about what follows from them."""

    title: str
    subtitle: str
    formula: str | None
    rows: tuple[tuple[str, str], ...]
    note: str | None
    line: int | None


def node_cards(trace: Trace) -> dict[str, Card]:
    """Return a card for every node, and for every named tensor under its id and under its name."""
    index = TraceIndex(trace)
    cards = {node.id: _node_card(index, node) for node in trace.nodes[:_MOST_CARDS]}
    for tensor in index.latest.values():
        if tensor.name is not None and len(cards) < 2 * _MOST_CARDS:
            card = _tensor_card(index, tensor)
            cards[tensor.origin] = cards[tensor.id] = cards[f"name:{tensor.name}"] = card
    for node in trace.nodes[:_MOST_CARDS]:
        if node.tensor is not None:
            cards[f"{node.id}~leaf"] = cards.get(node.tensor, cards[node.id])
    return cards


def _node_card(index: TraceIndex, node: Node) -> Card:
    where = [f"line {node.line}" if node.line is not None else "line not recorded"]
    if node.module is not None:
        where.append(node.module)
    if node.order > 1:
        where.append(f"order {node.order}, built by create_graph")
    if node.leaf is not None:
        where = [f"adds to {node.leaf}.grad"]
    rows = [*_gradient_rows(index, node), *(_saved_row(index, node, saved) for saved in node.saved)]
    return Card(node.name, " · ".join(where), node.formula, tuple(rows), _note(index, node), node.line)


def _gradient_rows(index: TraceIndex, node: Node) -> list[tuple[str, str]]:
    step = index.last_step.get(node.id)
    if step is None:
        return []
    rows = [("gradient in", gradient_text(gradient, _LONGEST)) for gradient in step.grad_outputs]
    targets = {edge.slot: index.nodes[edge.target] for edge in index.edges_from[node.id]}
    for slot, gradient in enumerate(step.grad_inputs):
        if slot in targets:
            target = targets[slot]
            rows.append((f"gradient out to {target.leaf or target.name}", gradient_text(gradient, _LONGEST)))
    return rows


def _saved_row(index: TraceIndex, node: Node, saved: SavedTensor) -> tuple[str, str]:
    if saved.shape is None:
        return saved.name, saved.value or ""
    tensor = index.tensors.get(saved.tensor or "")
    name = f"saved: {saved.name}" + (f" ({tensor.name})" if tensor is not None and tensor.name else "")
    text = f"{saved.dtype} {shape_text(saved.shape)} {bytes_text(saved.nbytes)}"
    return name, text + (", freed" if node.id in index.freed_by else "")


def _note(index: TraceIndex, node: Node) -> str | None:
    failure = index.trace.failure
    freed_by = index.freed_by.get(node.id)
    call = f"{freed_by.call} on line {freed_by.line}" if freed_by is not None else ""
    if failure is not None and failure.node == node.id:
        return f"Backward stopped here. {f'What this node had saved was freed by {call}.' if call else ''}".strip()
    if call:
        return f"The {call} freed what this node had saved. Another pass through it needs retain_graph=True there."
    if any(saved.shape is not None for saved in node.saved):
        return "What this node saved is still in memory: the graph can be run backward again."
    return None


def _tensor_card(index: TraceIndex, tensor: Tensor) -> Card:
    kind = "leaf" if tensor.is_leaf else "result of an operation"
    rows = [
        ("value", tensor_text(tensor, _LONGEST)),
        ("shape", shape_text(tensor.shape)),
        ("dtype", tensor.dtype),
        ("requires_grad", str(tensor.requires_grad)),
        ("bytes", bytes_text(tensor.nbytes)),
        ("version", "-" if tensor.version is None else str(tensor.version)),
    ]
    if tensor.node is not None:
        rows.append(("grad_fn", index.nodes[tensor.node].name))
    if tensor.summary is not None and tensor.values is None:
        rows += [(name, number_text(value)) for name, value in _summary(tensor)]
    change = index.last_change.get(tensor.origin)
    if change is not None:
        rows.append((".grad", gradient_text(change.total, _LONGEST)))
    return Card(tensor.name or tensor.id, kind, None, tuple(rows), None, _first_line(index, tensor))


def _summary(tensor: Tensor) -> list[tuple[str, object]]:
    summary = tensor.summary
    assert summary is not None
    return [("min", summary.min or 0.0), ("max", summary.max or 0.0), ("mean", summary.mean or 0.0)]


def _first_line(index: TraceIndex, tensor: Tensor) -> int | None:
    for step in index.trace.steps:
        if tensor.origin in step.variables.values() or tensor.id in step.variables.values():
            return step.line
    return None
