"""What a program changes in place, said where it happens: it is what a version-counter error is about, later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ...trace import Node
from ..trace_tables import TraceTables


@dataclass
class InPlace:
    """Texts like ``y is changed in place (version 1)``: by the node that does it, or by step where none is recorded."""

    by_node: dict[str, str] = field(default_factory=dict)
    by_step: dict[int, str] = field(default_factory=dict)


def changes_in_place(index: TraceTables) -> InPlace:
    """Return every change of a variable's tensor that raised its version, with the node that had saved it before."""
    savers = _savers(index)
    found = InPlace()
    versions: dict[str, int] = {}
    for step in index.trace.steps:
        for name, value in step.variables.items():
            tensor = index.tensors.get(value)
            if tensor is None or tensor.version is None:
                continue
            before, now = versions.get(tensor.origin), tensor.version
            versions[tensor.origin] = now
            if before is None or now <= before:
                continue
            text = f"{name} is changed in place (version {now})"
            had = [one for one, version in savers[tensor.origin] if version < now and _is_before(one, step.index)]
            if had:
                text += f", after {had[-1].name} had saved it"
            if tensor.node is not None and index.nodes[tensor.node].step == step.index:
                found.by_node[tensor.node] = text
            else:
                found.by_step[step.index] = text
    return found


def _savers(index: TraceTables) -> defaultdict[str, list[tuple[Node, int]]]:
    """By origin of a tensor: the nodes that saved it, each with the version that it had then."""
    found = defaultdict[str, list[tuple[Node, int]]](list)
    for node in index.trace.nodes:
        for saved in node.saved:
            tensor = index.tensors.get(saved.tensor or "")
            if tensor is not None:
                found[tensor.origin].append((node, tensor.version or 0))
    return found


def _is_before(node: Node, step: int) -> bool:
    return node.step is not None and node.step < step
