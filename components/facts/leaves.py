"""The leaves and their ``.grad``, as they are at the end of the program."""

from __future__ import annotations

from dataclasses import dataclass

from ..trace import Trace
from .index import TraceIndex
from .text import gradient_text, shape_text, tensor_text


@dataclass(frozen=True)
class LeafRow:
    """One leaf; ``grad`` is ``None`` as PyTorch would print it, ``added`` what the last backward added."""

    name: str
    value: str
    shape: str
    grad: str
    added: str


def leaf_rows(trace: Trace) -> list[LeafRow]:
    """Return the tensors that require a gradient and are leaves, in order of birth."""
    index = TraceIndex(trace)
    rows = []
    for origin, tensor in index.latest.items():
        if not (tensor.is_leaf and tensor.requires_grad):
            continue
        change = index.last_change.get(origin)
        added = [c for c in trace.gradients if c.tensor == origin and c.cause == "backward"]
        rows.append(
            LeafRow(
                name=tensor.name or f"leaf {origin}",
                value=tensor_text(tensor),
                shape=shape_text(tensor.shape),
                grad=gradient_text(change.total) if change is not None and change.total is not None else "None",
                added=gradient_text(added[-1].added) if added else "",
            )
        )
    return rows
