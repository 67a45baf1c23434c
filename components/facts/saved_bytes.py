"""How many bytes are saved for backward: the one number that the player, the Memory page and Compare all show.

A storage that several nodes saved is there once. Only the record of memory knows which storages these are; without it
each node counts by itself, which says more than was held.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ..trace import Allocation, Memory, Trace


class SavedBytes(NamedTuple):
    """``size`` in bytes; ``once`` says whether each storage counts once, or else each node by itself."""

    size: int
    once: bool


def saved_bytes(trace: Trace, nodes: Collection[str] | None = None) -> SavedBytes:
    """Return the bytes that some nodes saved, or all that was saved for backward over the whole run.

    The latter includes what no node saved: the inputs that ``torch.utils.checkpoint`` keeps.
    """
    memory = whole_memory(trace)
    if memory is None:
        return SavedBytes(sum(one.saved_bytes for one in trace.nodes if nodes is None or one.id in nodes), False)
    blocks = memory.allocations
    if nodes is None:
        return SavedBytes(sum(one.bytes for one in blocks if is_saved(one)), True)
    wanted = frozenset(nodes)
    return SavedBytes(sum(one.bytes for one in blocks if not wanted.isdisjoint(one.saved_by)), True)


def is_saved(block: Allocation) -> bool:
    """Return whether a block was saved for backward: by a node, or by something that kept it for one."""
    return block.category == "saved" or bool(block.saved_by)


def whole_memory(trace: Trace) -> Memory | None:
    """Return the memory of a trace, ``None`` where it has none or where its record was cut."""
    cut = any(one.observer == "memory" for one in trace.truncations)
    return None if cut else trace.memory
