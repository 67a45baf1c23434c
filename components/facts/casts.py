"""Copies in another dtype: where autograd recorded one, and which weights are there in two dtypes because of it.

Under autocast each product makes its inputs small first, without a line of the program that says so; the copy of a
weight is memory beside the weight, for as long as a node keeps it for backward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from msgspec import UNSET

from ..trace import Node
from .index import TraceIndex

_BYTES = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "complex128": 16,
    "complex64": 8,
    "complex32": 4,
}


def cast_text(node: Node) -> str:
    """Return ``cast float32 → bfloat16, under autocast``, empty for a node that is of no such copy."""
    if node.cast is UNSET:
        return ""
    under = ", under autocast" if node.cast.autocast else ""
    return f"cast {node.cast.source} → {node.cast.target}{under}"


@dataclass(frozen=True)
class WeightCopy:
    """A leaf of which a copy in another dtype was made.

    ``bytes`` are those of the leaf and ``copy_bytes`` those of one copy, ``None`` where the dtype's size is not known.
    ``times`` is how often it was made, ``node`` the first node of one, ``autocast`` whether that was on.
    """

    name: str
    shape: tuple[int, ...]
    source: str
    target: str
    bytes: int
    copy_bytes: int | None
    times: int
    node: str
    line: int | None
    autocast: bool


def weight_copies(index: TraceIndex) -> tuple[WeightCopy, ...]:
    """Return the leaves that were copied into another dtype, in the order in which that happened first."""
    found: dict[tuple[str, str], list[Node]] = {}
    for node in index.trace.nodes:
        edges = index.edges_from.get(node.id, ()) if node.cast is not UNSET else ()
        if len(edges) == 1 and node.cast is not UNSET and index.nodes[edges[0].target].leaf is not None:
            found.setdefault((edges[0].target, node.cast.target), []).append(node)
    return tuple(
        copy for (leaf, _), nodes in found.items() if (copy := _copy(index, index.nodes[leaf], nodes)) is not None
    )


def _copy(index: TraceIndex, leaf: Node, nodes: list[Node]) -> WeightCopy | None:
    tensor, cast = index.tensors.get(leaf.tensor or ""), nodes[0].cast
    if tensor is None or cast is UNSET:
        return None
    each = _BYTES.get(cast.target)
    return WeightCopy(
        name=leaf.leaf or "",
        shape=tuple(tensor.shape),
        source=cast.source,
        target=cast.target,
        bytes=tensor.nbytes,
        copy_bytes=each * math.prod(tensor.shape) if each is not None else None,
        times=len(nodes),
        node=nodes[0].id,
        line=nodes[0].line,
        autocast=any(node.cast is not UNSET and node.cast.autocast for node in nodes),
    )
