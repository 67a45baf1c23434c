"""What is told about the one thing selected: a node, a leaf, an output, a fold of nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from components.figures.lab_records import LabGraph
from components.figures.text import bytes_text, gradient_text, number_text, plural, shape_text, tensor_text, values_text
from components.figures.trace_index import TraceIndex
from components.trace import Backward, Gradient, GradientChange, Node, SavedTensor, Tensor, Trace

_LONGEST = 60
_MOST_CARDS = 5_000
_MOST_ROWS = 8


@dataclass(frozen=True)
class Card:
    """``rows`` are pairs of a name and a text in monospace; ``note`` is a sentence about what follows from them.

    ``kind`` is a word for the style sheet: ``function``, ``leaf``, ``output``, ``untracked`` or ``folded``.
    """

    title: str
    subtitle: str
    formula: str | None
    rows: tuple[tuple[str, str], ...]
    note: str | None
    line: int | None
    kind: str = "function"


def node_cards(trace: Trace, graph: LabGraph | None = None) -> dict[str, Card]:
    """Return a card for every node, and for every named tensor under its id and under ``name:`` and its name.

    With ``graph``, there are cards for its boxes only, its folds included: less to make and to send.
    """
    index = TraceIndex(trace)
    if graph is not None:
        return {box.id: card for box in graph.boxes if (card := _box_card(index, graph, box.id)) is not None}
    cards = {node.id: _node_card(index, node) for node in trace.nodes[:_MOST_CARDS]}
    for tensor in index.latest.values():
        if tensor.name is not None and len(cards) < 2 * _MOST_CARDS:
            card = _tensor_card(index, tensor)
            cards[tensor.origin] = cards[tensor.id] = cards[f"name:{tensor.name}"] = card
    for node in trace.nodes[:_MOST_CARDS]:
        if node.tensor is not None:
            cards[f"{node.id}~leaf"] = cards.get(node.tensor, cards[node.id])
    return cards


def _box_card(index: TraceIndex, graph: LabGraph, box: str) -> Card | None:
    if box in graph.members:
        return _fold_card(index, [index.nodes[node] for node in graph.members[box]])
    if box in index.tensors:
        return _tensor_card(index, index.tensors[box])
    node = index.nodes.get(box.partition("~")[0])
    if node is None:
        return None
    tensor = index.value_now(node.tensor) if node.tensor is not None and "~" in box else None
    return _node_card(index, node) if tensor is None else _tensor_card(index, tensor)


# --- a node


def _node_card(index: TraceIndex, node: Node) -> Card:
    where = [f"line {node.line}" if node.line is not None else "line not recorded"]
    if node.leaf is not None:
        where = [f"adds to {node.leaf}.grad"]
    if node.module is not None:
        where.append(node.module)
    if node.order > 1:
        where.append(f"order {node.order}, built by create_graph")
    when = _when(index, node)
    if when:
        where.append(when)
    rows = [*_gradient_rows(index, node), *(row for saved in node.saved for row in _saved_rows(index, node, saved))]
    produced = index.produced(node.id)
    if produced is not None:
        rows.insert(0, (f"result {produced.name}", tensor_text(produced, _LONGEST)))
    return Card(node.name, " · ".join(where), node.formula, tuple(rows), _note(index, node), node.line)


def _when(index: TraceIndex, node: Node) -> str:
    """``step 2 of 6 of backward on line 9``: when the last engine run that passed the node did so."""
    if node.id not in index.last_pass:
        return ""
    run, place = index.last_pass[node.id]
    return f"step {place} of {len(run.steps)} of {_call(run)}"


def _call(run: Backward) -> str:
    return f"{run.call}() on line {run.line}" if run.line is not None else f"{run.call}()"


def _gradient_rows(index: TraceIndex, node: Node) -> list[tuple[str, str]]:
    step = index.last_step.get(node.id)
    if step is None:
        return []
    rows = [("gradient in", _gradient(gradient)) for gradient in step.grad_outputs]
    targets = {edge.slot: index.nodes[edge.target] for edge in index.edges_from.get(node.id, ())}
    for slot, gradient in enumerate(step.grad_inputs):
        if slot in targets:
            target = targets[slot]
            rows.append((f"gradient out to {target.leaf or target.name}", _gradient(gradient)))
    return rows


def _gradient(gradient: Gradient | None) -> str:
    """A gradient's numbers with its shape if it has one; else its shape and summary."""
    if gradient is None:
        return "none"
    text = values_text(gradient.values, _LONGEST)
    if text is None and gradient.summary is not None:
        s = gradient.summary
        bad = "".join(f", {count} {word}" for word, count in (("nan", s.nan), ("inf", s.inf)) if count)
        return f"{shape_text(gradient.shape)} from {_number(s.min)} to {_number(s.max)}, mean {_number(s.mean)}{bad}"
    return text or shape_text(gradient.shape)


def _number(value: object) -> str:
    return "-" if value is None else number_text(value)


def _saved_rows(index: TraceIndex, node: Node, saved: SavedTensor) -> list[tuple[str, str]]:
    if saved.shape is None:
        return [(saved.name, saved.value or "")]
    tensor = index.tensors.get(saved.tensor or "")
    name = f"saved: {saved.name}" + (f" ({tensor.name})" if tensor is not None and tensor.name else "")
    text = f"{bytes_text(saved.nbytes)}, {saved.dtype} {shape_text(saved.shape)}"
    values = values_text(tensor.values, _LONGEST) if tensor is not None and tensor.shape == saved.shape else None
    if node.id in index.freed_by:
        text += ", freed"
    return [
        (name, text),
        *([(f"value of {tensor.name or saved.name}", values)] if tensor is not None and values else []),
    ]


def _note(index: TraceIndex, node: Node) -> str | None:
    freed_by = index.freed_by.get(node.id)
    if node.id in index.stopped:
        freed = f" What it had saved was freed by {_call(freed_by)}." if freed_by is not None else ""
        return f"Backward stopped here.{freed}"
    if not any(saved.shape is not None for saved in node.saved):
        return None
    if freed_by is not None:
        again = "Another pass through this node needs retain_graph=True there."
        return f"{_call(freed_by)} had no retain_graph and freed what this node had saved. {again}"
    return "What this node saved is still in memory: the graph can be run backward again."


# --- a tensor


def _tensor_card(index: TraceIndex, tensor: Tensor) -> Card:
    changes = index.changes.get(tensor.origin, [])
    rows = [
        ("value", tensor_text(tensor, _LONGEST)),
        ("shape", shape_text(tensor.shape)),
        ("dtype", tensor.dtype),
        ("requires_grad", str(tensor.requires_grad)),
        ("bytes", bytes_text(tensor.nbytes)),
        ("version", _number(tensor.version)),
    ]
    base = index.tensors.get(tensor.view_of or "")
    if base is not None:
        rows.append(("view of", base.name or base.id))
    if tensor.node is not None and tensor.node in index.nodes:
        rows.append(("grad_fn", index.nodes[tensor.node].name))
    if tensor.summary is not None and values_text(tensor.values, _LONGEST) is None:
        summary = tensor.summary
        rows += [("min", _number(summary.min)), ("max", _number(summary.max)), ("mean", _number(summary.mean))]
    if changes:
        rows.append((".grad", gradient_text(changes[-1].total, _LONGEST)))
        rows += [_change_row(change) for change in changes[-_MOST_ROWS:]]
    line = index.first_line.get(tensor.origin)
    kind, word, note = _kind(index, tensor)
    where = f"{word} · line {line}" if line is not None else word
    return Card(tensor.name or tensor.id, where, None, tuple(rows), note, line, kind)


def _change_row(change: GradientChange) -> tuple[str, str]:
    where = f"line {change.line}" if change.line is not None else "line not recorded"
    if change.cause == "backward":
        return f"{where}: backward", f"+ {gradient_text(change.added, 28)} = {gradient_text(change.total, 28)}"
    word = {"zero": "zeroed", "none": "set to None", "assigned": "assigned"}[change.cause]
    return f"{where}: {word}", gradient_text(change.total, _LONGEST)


def _kind(index: TraceIndex, tensor: Tensor) -> tuple[str, str, str | None]:
    if tensor.node is not None:
        return "output", "result of an operation", None
    if tensor.requires_grad:
        unused = None if tensor.origin in index.accumulates else "Nothing was computed from this leaf in a graph."
        return "leaf", "leaf", unused
    return "untracked", "not tracked", "requires_grad is False: no gradient flows through this tensor."


# --- a fold


def _fold_card(index: TraceIndex, nodes: list[Node]) -> Card:
    lines = sorted({node.line for node in nodes if node.line is not None})
    names = Counter(node.name for node in nodes)
    shown = names.most_common(_MOST_ROWS)
    rows = [(name, f"{count:,}") for name, count in shown]
    if len(names) > _MOST_ROWS:
        rest = len(nodes) - sum(count for _, count in shown)
        rows.append((f"{len(names) - _MOST_ROWS} other kinds", f"{rest:,}"))
    saved = sum(node.saved_bytes for node in nodes)
    freed = sum(node.saved_bytes for node in nodes if node.id in index.freed_by)
    rows.append(("saved for backward", bytes_text(saved)))
    if saved:
        rows.append(("of that, freed", bytes_text(freed)))
    leaves = [node.leaf for node in nodes if node.leaf is not None]
    if leaves:
        rows.append(("leaves", ", ".join(leaves[:_MOST_ROWS]) + (", …" if len(leaves) > _MOST_ROWS else "")))
    where = "lines not recorded"
    if lines:
        where = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]}"
    code = index.code(lines[0]) if len(lines) == 1 else ""
    title = f"{plural(len(nodes), 'node')} in one box"
    note = "The whole graph has more boxes than can be read, so these nodes are drawn as one."
    return Card(title, where, code or None, tuple(rows), note, lines[0] if lines else None, "folded")
