"""What each call of ``backward()`` or ``grad()`` did to memory: what it released, what it left, what was kept.

A call that does not retain the graph releases what the nodes it passes have saved. The memory is free only if nothing
else holds it: a variable, or another node.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...facts.events import EventNumbers
from ...facts.text import line_text
from ...trace import Backward
from .records import EngineMemory
from .tables import MemoryTables


def engine_memory(tables: MemoryTables, moments: EventNumbers) -> tuple[EngineMemory, ...]:
    """Return the calls in order; those that allocated and released nothing are left out."""
    runs = tables.index.trace.backwards
    return tuple(_call(tables, moments, number, run) for number, run in enumerate(runs, 1) if run.id in tables.spans)


def _call(tables: MemoryTables, moments: EventNumbers, number: int, run: Backward) -> EngineMemory:
    first, last = tables.spans[run.id]
    over = tables.step_ends[last]  # what the engine let go can be released behind it
    before = tables.events[first].total_bytes - tables.events[first].delta_bytes
    freed = _blocks(tables, run.freed)
    live = [place for place in freed if tables.gone[place] >= first]
    passed = [step.node for step in run.steps]
    savers = sum(node in tables.saved_blocks for node in set(passed))
    ending = {node for node in passed if not tables.was_freed(node, over)}
    kept = [place for place in _blocks(tables, ending) if tables.born[place] < first and tables.gone[place] > over]
    kept = [place for place in kept if tables.blocks[place].category == "saved"] if run.retain_graph else []
    return EngineMemory(
        number,
        f"{run.call}() {number}",
        run.line,
        tables.index.code(run.line),
        before,
        tables.highest(first, last),
        tables.events[last].total_bytes,
        len(run.freed),
        max(savers, len(run.freed)),
        _bytes(tables, (place for place in live if tables.gone[place] <= over)) + _unseen(tables, first, over),
        _bytes(tables, (place for place in live if tables.gone[place] > over)),
        _bytes(tables, kept),
        _until(tables, kept) if kept else "",
        tables.new_gradients(first, last),
        moments.of_end(run.id),
    )


def _unseen(tables: MemoryTables, first: int, over: int) -> int:
    """Return the bytes that no node had saved (a checkpoint kept them) and that went while the engine ran."""
    begin, end = np.searchsorted(tables.gone[tables.unseen], (first, over + 1))
    released = tables.unseen[begin:end]
    return int(tables.sizes[released[tables.born[released] < first]].sum())


def _blocks(tables: MemoryTables, nodes: Iterable[str]) -> list[int]:
    """Return what some nodes have saved, each block once."""
    return list(dict.fromkeys(place for node in nodes for place in tables.saved_blocks.get(node, ())))


def _bytes(tables: MemoryTables, places: Iterable[int]) -> int:
    return sum(tables.blocks[place].bytes for place in places)


def _until(tables: MemoryTables, kept: list[int]) -> str:
    """Say when what ``retain_graph`` kept was released, if ever."""
    never = _bytes(tables, (place for place in kept if tables.blocks[place].released is None))
    if never == _bytes(tables, kept):
        return "never released: still held when the program ended"
    last = max(int(tables.gone[place]) for place in kept if tables.blocks[place].released is not None)
    event = tables.events[last]
    run = tables.runs.get(event.backward or "")
    by = f" by {run.call}() {tables.run_number(run.id)}" if run is not None else ""
    part = ", in part; the rest never" if never else ""
    return f"released{by} in {line_text(event.line)}{part}"
