"""The card of a tensor: its value, what it is to autograd, and every change of its ``.grad`` as the story tells it."""

from __future__ import annotations

from ...facts import TraceIndex
from ...facts.story import Story
from ...facts.text import bytes_text, gradient_text, number_text, shape_text, tensor_text, values_text
from ...trace import GradientChange, Tensor
from .records import Card

_LONGEST = 60
_MOST_CHANGES = 200


def tensor_card(index: TraceIndex, story: Story, tensor: Tensor) -> Card:
    """Return the card of a leaf, an output or a tensor that autograd does not know."""
    rows = [
        ("value", tensor_text(tensor, _LONGEST)),
        ("shape", shape_text(tensor.shape)),
        ("dtype", tensor.dtype),
        ("requires_grad", str(tensor.requires_grad)),
        ("bytes", bytes_text(tensor.nbytes)),
        ("version", "-" if tensor.version is None else str(tensor.version)),
    ]
    base = index.tensors.get(tensor.view_of or "")
    if base is not None:
        rows.append(("view of", base.name or base.id))
    if tensor.node is not None and tensor.node in index.nodes:
        rows.append(("grad_fn", index.nodes[tensor.node].name))
    if tensor.summary is not None and values_text(tensor.values, _LONGEST) is None:
        summary = tensor.summary
        named = (("min", summary.min), ("max", summary.max), ("mean", summary.mean))
        rows += [(name, "-" if value is None else number_text(value)) for name, value in named]
    line = index.first_line.get(tensor.origin)
    kind, word, note = _kind(index, tensor)
    return Card(
        title=tensor.name or tensor.id,
        subtitle=f"{word} · line {line}" if line is not None else word,
        formula=None,
        rows=tuple(rows),
        note=note,
        kind=kind,
        changes=tuple(
            (moment, *_change_row(change))
            for moment, number in story.changes
            if (change := index.trace.gradients[number]).tensor == tensor.origin
        )[-_MOST_CHANGES:],
    )


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
