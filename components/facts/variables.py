"""A program's variables: its leaves with their ``.grad``, and those between which a derivative can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from ..trace import Tensor, Trace
from .index import TraceIndex
from .text import gradient_text, shape_text, tensor_text


@dataclass(frozen=True)
class Variables:
    """Names that the program bound at its top level, the latest output first, the leaves in order."""

    outputs: tuple[str, ...]
    inputs: tuple[str, ...]


def differentiable_variables(trace: Trace) -> Variables:
    """Return results with a ``grad_fn`` and leaves that require a gradient."""
    tensors: dict[str, Tensor] = {tensor.id: tensor for tensor in trace.tensors}
    bound: dict[str, Tensor] = {}
    for step in trace.steps:
        if step.function is None:
            for name, value in step.variables.items():
                if value in tensors and name.isidentifier():
                    bound.pop(name, None)
                    bound[name] = tensors[value]
    outputs = [name for name, tensor in bound.items() if tensor.node is not None]
    inputs = [name for name, tensor in bound.items() if tensor.is_leaf and tensor.requires_grad]
    return Variables(tuple(reversed(outputs)), tuple(inputs))


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
