"""A run that autograd recorded nothing of (``no_grad``, ``eval`` of frozen parameters), as its modules saw it.

The calls of modules become the nodes of a graph like any other, so that it is folded, searched and opened as others
are; each leads to the next one in time. What a program did outside of modules is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from msgspec.structs import replace

from ..trace import Edge, ModuleCall, Node
from .groups import Group
from .index import TraceIndex
from .text import shape_text

_MOST_SHAPES = 3
# What the ids of the nodes begin with; autograd's are n0, n1, ....
_CALL = "c"


@dataclass(frozen=True)
class Forward:
    """The tables of a graph of calls, and by node the call that it stands for."""

    index: TraceIndex
    calls: Mapping[str, ModuleCall]

    def shapes_of(self, group: Group) -> str:
        """Return what went into a group's first call and what came out of its last."""
        first, last = group.sequence[group.piece.first], group.sequence[group.piece.end - 1]
        around = self._around.get((first.id, last.id))
        return shapes_text(around or replace(self.calls[first.id], outputs=self.calls[last.id].outputs))

    @cached_property
    def _around(self) -> dict[tuple[str, str], ModuleCall]:
        """The calls that hold others, by the first and the last of those that hold none."""
        every = self.index.trace.calls or []
        ends: dict[int, tuple[str, str]] = {}
        for place in range(len(every) - 1, -1, -1):
            node = f"{_CALL}{place}"
            first, last = ends.get(place, (node, node))
            above = every[place].parent
            if above is not None:
                ends[above] = first, ends.get(above, (first, last))[1]
        return {found: every[place] for place, found in sorted(ends.items(), reverse=True)}


def forward(index: TraceIndex) -> Forward | None:
    """Return the calls of modules of a run that has no graph, ``None`` where it has one, or no such calls."""
    return index.once(_forward)


def _forward(index: TraceIndex) -> Forward | None:
    trace = index.trace
    calls = trace.calls or []
    if trace.nodes or not calls:
        return None
    holding = {call.parent for call in calls}
    innermost = {f"{_CALL}{place}": call for place, call in enumerate(calls) if place not in holding}
    nodes = [_node(name, call) for name, call in innermost.items()]
    edges = [Edge(source=one.id, target=other.id, input=0, slot=0) for one, other in pairwise(nodes)]
    return Forward(TraceIndex(replace(trace, nodes=nodes, edges=edges)), innermost)


def forward_call(index: TraceIndex, node: str) -> ModuleCall | None:
    """Return the call that a node of a graph of calls stands for, ``None`` for a node of autograd."""
    calls, place = index.trace.calls or [], node.removeprefix(_CALL)
    if not (calls and node.startswith(_CALL) and place.isdecimal() and int(place) < len(calls)):
        return None
    return calls[int(place)]


def _node(name: str, call: ModuleCall) -> Node:
    return Node(
        id=name,
        name=call.kind,
        line=call.line,
        module=call.path,
        order=1,
        leaf=None,
        tensor=None,
        saved=[],
        saved_bytes=0,
        formula=None,
        created_by=None,
    )


def shapes_text(call: ModuleCall) -> str:
    """``(2, 16) → (2, 16, 32)``; what did not come out is not written."""
    given, came = (
        ", ".join(map(shape_text, shapes[:_MOST_SHAPES])) + (", …" if len(shapes) > _MOST_SHAPES else "")
        for shapes in (call.inputs, call.outputs)
    )
    return f"{given} → {came}".removesuffix(" → ").removeprefix(" ")
