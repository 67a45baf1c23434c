"""What holds memory, and why: at a moment (the peak above all), for backward, and over each engine run.

A storage that several nodes saved is there once. An engine run that does not retain the graph releases what the nodes
that it visits have saved; the memory is free only if nothing else holds it: a variable, or another node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...trace import Backward, Node
from ..text import line_text, some_of
from . import CATEGORIES, MemoryIndex

MOST_HOLDERS = 1_000
_MOST_SAVERS = 2
_WHY = {
    "leaf": ("leaf", "a leaf of the graph"),
    "gradient": ("gradient", "a gradient"),
    "optimizer": ("optimizer state", "optimizer state"),
}
OUTSIDE = "outside of modules"


# --- at a moment


@dataclass(frozen=True)
class Holder:
    """A block that was alive at a moment: what it was, which line allocated it, and why it was still held."""

    category: str
    bytes: int
    name: str
    line: int | None
    code: str
    node: str
    operation: str
    why: str
    moment: int | None


@dataclass(frozen=True)
class Alive:
    """All that was alive at one event: bytes by category (largest first), and the blocks, the largest first.

    ``base`` are the bytes that no block of the record accounts for, as those from before the first line.
    """

    total: int
    line: int | None
    code: str
    during: str
    categories: tuple[tuple[str, int], ...]
    base: int
    holders: tuple[Holder, ...]


def alive_info(memory: MemoryIndex, event: int) -> Alive:
    """Return what was alive right after an event; of very many blocks, the largest ``MOST_HOLDERS``."""
    last = memory.events[event]
    # Of equal sizes the older one is first.
    blocks = sorted(memory.alive(event), key=lambda place: -memory.blocks[place].bytes)
    amounts = dict.fromkeys(CATEGORIES, 0)
    for place in blocks:
        amounts[memory.category(place, event)] += memory.blocks[place].bytes
    categories = sorted(((name, size) for name, size in amounts.items() if size), key=lambda pair: -pair[1])
    return Alive(
        last.total_bytes,
        last.line,
        memory.index.code(last.line),
        memory.run_labels.get(last.backward or "", ""),
        tuple(categories),
        last.total_bytes - sum(amounts.values()),
        tuple(_holder(memory, place, event) for place in blocks[:MOST_HOLDERS]),
    )


def _holder(memory: MemoryIndex, place: int, event: int) -> Holder:
    block, birth = memory.blocks[place], memory.birth(place)
    node = memory.index.nodes.get(birth.node or "")
    return Holder(
        memory.category(place, event),
        block.bytes,
        block.name or _short_operation(block.operation) or "not named",
        birth.line,
        memory.index.code(birth.line),
        node.name if node is not None else "",
        block.operation or "",
        why_held(memory, place, event),
        memory.numbers.of_memory(birth),
    )


def _short_operation(operation: str | None) -> str:
    """Return PyTorch's name of an operation without its namespace: ``sin`` for ``aten::sin``."""
    return (operation or "").rpartition("::")[2].partition("#")[0]


def why_held(memory: MemoryIndex, block: int, event: int) -> str:
    """Return why a block was still held after an event, in one plain sentence without a full stop."""
    allocation = memory.blocks[block]
    name, category = allocation.name, allocation.category
    if category in _WHY:
        word, nameless = _WHY[category]
        return f"{word} {name}" if name else nameless
    if category == "temporary":
        node = memory.index.nodes.get(memory.birth(block).node or "")
        inside = memory.birth(block).backward is not None and node is not None
        return f"temporary of {node.name}" if inside and node is not None else "temporary of this line's operation"
    if name and not name.endswith("]"):
        name = f"variable {name}"
    also = f"; also {name}" if name else ""
    keepers = [f"{node.name} ({line_text(node.line)})" for node in memory.keepers(block, event)]
    if keepers:
        return f"saved by {some_of(keepers, _MOST_SAVERS)}{also}"
    if category == "saved" and not allocation.saved_by:
        return f"{_unseen_saver(memory)}{also}"
    if allocation.saved_by:
        return f"{name}; what had saved it is freed" if name else "its node is freed; it goes next"
    return name or "held by PyTorch itself, or by a graph that no variable showed"


def _unseen_saver(memory: MemoryIndex) -> str:
    """Say what holds the blocks of category ``saved`` that no node of the record has saved."""
    calls = "checkpoint" in memory.index.trace.program.source
    return "kept by checkpoint" if calls else "kept by a graph that no variable showed"


# --- for backward


@dataclass(frozen=True)
class Saver:
    """What some nodes, or those of a module, saved for backward; ``extra`` of it are blocks of category ``saved``."""

    label: str
    module: str
    line: int | None
    code: str
    nodes: int
    bytes: int
    extra: int
    moment: int | None


@dataclass(frozen=True)
class Saved:
    """Bytes saved by node and by module, and their sum, in which a storage that several nodes saved counts once.

    Nodes of one name, line and module are one row. ``extra`` of ``total`` are of category ``saved``, and ``most`` is
    the largest sum of that category at one moment. ``shared`` is by how much the nodes, each by itself, add up to
    more than ``total``.
    """

    nodes: tuple[Saver, ...]
    modules: tuple[Saver, ...]
    total: int
    extra: int
    shared: int
    most: int


def saved_info(memory: MemoryIndex) -> Saved:
    """Return what was saved over the whole run, the most first.

    ``extra`` are the bytes of blocks of category ``saved``: weights, for one, are saved too but are there anyway. What
    no node has saved (the inputs that a checkpoint keeps) is a row of its own, of 0 nodes.
    """
    alike: defaultdict[tuple[str, str, int | None], list[Node]] = defaultdict(list)
    by_module: defaultdict[str, list[Node]] = defaultdict(list)
    alone = 0
    for name, blocks in memory.index.saved_blocks.items():
        node = memory.index.nodes.get(name)
        if node is not None:
            alike[node.name, node.module or OUTSIDE, node.line].append(node)
            by_module[node.module or OUTSIDE].append(node)
            alone += memory.bytes_of(blocks)
    of_nodes, extra = _sizes(memory, memory.index.saved_blocks)
    kept, label = int(memory.sizes[memory.unseen].sum()), _unseen_saver(memory)
    # One row for what no node of the record has saved.
    unseen = [Saver(label, label, None, "", 0, kept, kept, None)] if kept else []
    rows = [*(_row(memory, label, nodes) for (label, _, _), nodes in alike.items()), *unseen]
    modules = [*(_row(memory, module, nodes) for module, nodes in by_module.items()), *unseen]
    return Saved(
        tuple(sorted(rows, key=lambda row: -row.bytes)),
        tuple(sorted(modules, key=lambda row: -row.bytes)),
        of_nodes + kept,
        extra + kept,
        alone - of_nodes,
        int(memory.by_category[CATEGORIES.index("saved")].max(initial=0)),
    )


def _row(memory: MemoryIndex, label: str, nodes: Sequence[Node]) -> Saver:
    lines = {node.line for node in nodes}
    line = nodes[0].line if len(lines) == 1 else None
    size, extra = _sizes(memory, [node.id for node in nodes])
    births = (memory.numbers.of_birth(node.id) for node in nodes)
    moment = next((birth for birth in births if birth is not None), None)
    return Saver(label, nodes[0].module or OUTSIDE, line, memory.index.code(line), len(nodes), size, extra, moment)


def _sizes(memory: MemoryIndex, nodes: Iterable[str]) -> tuple[int, int]:
    """Return the bytes that some nodes saved, and those of category ``saved``: a leaf or a gradient is there anyway."""
    blocks = memory.saved_by(nodes)
    return memory.bytes_of(blocks), memory.bytes_of(b for b in blocks if memory.blocks[b].category == "saved")


# --- over each engine run


@dataclass(frozen=True)
class EngineMemory:
    """What one call of ``backward()`` or ``grad()`` did to memory.

    ``before``, ``top`` and ``after`` are totals. ``nodes`` are those it passed that had saved something,
    ``freed_nodes`` those of them that it freed. ``released`` are bytes that were saved by the nodes it freed, or kept
    by a checkpoint, and that it released; ``still`` those that a variable (or another node) held on to. ``kept`` is
    what ``retain_graph`` kept of the nodes it passed, and ``kept_until`` says when that was released.
    """

    label: str
    line: int | None
    code: str
    before: int
    top: int
    after: int
    freed_nodes: int
    nodes: int
    released: int
    still: int
    kept: int
    kept_until: str
    gradients: int


def engine_memory(memory: MemoryIndex) -> tuple[EngineMemory, ...]:
    """Return the engine runs in order; those that allocated and released nothing are left out."""
    return tuple(_engine_run(memory, run) for run in memory.index.trace.backwards if run.id in memory.spans)


def _engine_run(memory: MemoryIndex, run: Backward) -> EngineMemory:
    first, last = memory.spans[run.id]
    over = memory.step_ends[last]  # what the engine let go can be released behind it
    before = memory.events[first].total_bytes - memory.events[first].delta_bytes
    freed = memory.saved_by(run.freed)
    live = [place for place in freed if memory.gone[place] >= first]
    passed = [step.node for step in run.steps]
    savers = sum(node in memory.index.saved_blocks for node in set(passed))
    ending = {node for node in passed if not memory.was_freed(node, over)}
    kept = [place for place in memory.saved_by(ending) if memory.born[place] < first and memory.gone[place] > over]
    kept = [place for place in kept if memory.blocks[place].category == "saved"] if run.retain_graph else []
    return EngineMemory(
        memory.run_labels[run.id],
        run.line,
        memory.index.code(run.line),
        before,
        memory.highest(first, last),
        memory.events[last].total_bytes,
        len(run.freed),
        max(savers, len(run.freed)),
        memory.bytes_of(place for place in live if memory.gone[place] <= over) + _unseen_released(memory, first, over),
        memory.bytes_of(place for place in live if memory.gone[place] > over),
        memory.bytes_of(kept),
        _until(memory, kept) if kept else "",
        memory.new_gradients(first, last),
    )


def _unseen_released(memory: MemoryIndex, first: int, over: int) -> int:
    """Return the bytes that no node had saved (a checkpoint kept them) and that went while the engine ran."""
    begin, end = np.searchsorted(memory.gone[memory.unseen], (first, over + 1))
    released = memory.unseen[begin:end]
    return int(memory.sizes[released[memory.born[released] < first]].sum())


def _until(memory: MemoryIndex, kept: list[int]) -> str:
    """Say when what ``retain_graph`` kept was released, if ever."""
    never = memory.bytes_of(place for place in kept if memory.blocks[place].released is None)
    if never == memory.bytes_of(kept):
        return "never released: still held when the program ended"
    last = max(int(memory.gone[place]) for place in kept if memory.blocks[place].released is not None)
    event = memory.events[last]
    run = memory.run_labels.get(event.backward or "")
    by = f" by {run}" if run is not None else ""
    part = ", in part; the rest never" if never else ""
    return f"released{by} in {line_text(event.line)}{part}"
