"""Short ways to write down two runs by hand, and to see a comparison from the other side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec.structs import replace as changed

from components.facts import TraceIndex
from components.facts.compare import Printed, RunQuantity
from components.facts.compare.graphs import ChangedNodes, GraphComparison
from components.facts.compare.results import Compared, Results
from components.trace import Allocation, Memory, MemoryEvent, Node, Trace
from tests.figures import traces as t

_OTHER = {"only left": "only right", "only right": "only left"}


def event(t_ns: int, delta: int, total: int, allocation: int, **fields: Any) -> MemoryEvent:
    known: dict[str, Any] = {"line": None, "node": None, "category": "other"}
    return MemoryEvent(t_ns=t_ns, delta_bytes=delta, total_bytes=total, allocation=allocation, **(known | fields))


def block(size: int, allocated: int, released: int | None = None, **fields: Any) -> Allocation:
    known: dict[str, Any] = {"category": "other", "operation": None, "name": None, "saved_by": []}
    return Allocation(bytes=size, allocated=allocated, released=released, **(known | fields))


def memory(events: list[MemoryEvent], blocks: list[Allocation], **fields: Any) -> Memory:
    """Return the memory of a run that begins with nothing."""
    totals = [0, *(one.total_bytes for one in events)]
    known: dict[str, Any] = {
        "source": "allocator",
        "device": "cpu",
        "baseline_bytes": 0,
        "peak_bytes": max(totals),
        "peak_line": None,
        "peak_event": None,
        "final_bytes": totals[-1],
        "duration_ns": 100,
        "cuda": None,
    }
    return Memory(events=events, allocations=blocks, **(known | fields))


def with_memory(trace: Trace, kept: Memory | None, **fields: Any) -> Trace:
    return changed(trace, memory=kept, **fields)


def functions(*names: str, line: int = 1) -> list[Node]:
    """Return nodes ``n0``, ``n1``, … of these names, all made by one line."""
    return [t.node(f"n{place}", name, line) for place, name in enumerate(names)]


def graph(nodes: list[Node], *edges: str, source: str = "y = f(x)\n", **parts: Any) -> TraceIndex:
    return TraceIndex(t.make_trace(source, nodes=nodes, edges=t.edges(*edges), **parts))


# --- from the other side


def mirrored_graphs(one: GraphComparison) -> GraphComparison:
    return replace(
        one,
        only_left=one.only_right,
        only_right=one.only_left,
        left=one.right,
        right=one.left,
        left_edges=one.right_edges,
        right_edges=one.left_edges,
        changed=tuple(_mirrored_change(change) for change in one.changed),
    )


def _mirrored_change(one: ChangedNodes) -> ChangedNodes:
    return replace(one, left=one.right, right=one.left, lines=(one.lines[1], one.lines[0]))


def mirrored_rows(rows: tuple[Compared, ...]) -> dict[str, tuple[Any, ...]]:
    """What rows say by their name, seen from the other side; notes name sides and are left out."""
    return {row.name: (row.right, row.left, _OTHER.get(row.state, row.state), row.largest) for row in rows}


def said(rows: tuple[Compared, ...]) -> dict[str, tuple[Any, ...]]:
    return {row.name: (row.left, row.right, row.state, row.largest) for row in rows}


def mirrored_quantities(rows: tuple[RunQuantity, ...]) -> tuple[RunQuantity, ...]:
    return tuple(replace(row, left=row.right, right=row.left) for row in rows)


def mirrored_printed(one: Printed) -> Printed:
    return replace(one, left=one.right, right=one.left)


def rows_of(results: Results) -> tuple[Compared, ...]:
    return (*results.tensors, *results.gradients)
