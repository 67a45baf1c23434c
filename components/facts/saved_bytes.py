"""How many bytes are saved for backward: the one number that the player, the Memory page and Compare all show.

A storage that several nodes saved is there once. Where memory was measured its blocks are counted, else the storages as
the graph names them; a trace that was made before it named them counts each node by itself, which says too much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from msgspec import UNSET

from ..trace import Allocation, Memory, Node, Trace


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
        counted = [one for one in trace.nodes if nodes is None or one.id in nodes]
        known = all(map(_is_named, counted))
        size = sum(storages(counted).values()) if known else sum(one.saved_bytes for one in counted)
        return SavedBytes(size, known)
    blocks = memory.allocations
    if nodes is None:
        return SavedBytes(sum(one.bytes for one in blocks if is_saved(one)), True)
    wanted = frozenset(nodes)
    return SavedBytes(sum(one.bytes for one in blocks if not wanted.isdisjoint(one.saved_by)), True)


def storages(nodes: Iterable[Node]) -> dict[int, int]:
    """Return the bytes of the storages that some nodes saved, by the storage's number: each is there once."""
    found: dict[int, int] = {}
    for node in nodes:  # of which there can be very many
        for saved in node.saved:
            if saved.storage is not UNSET:
                found[saved.storage[0]] = saved.storage[1]
    return found


def _is_named(node: Node) -> bool:
    """Whether the storages that a node names are all that it saved."""
    return sum(storages((node,)).values()) == node.saved_bytes if node.saved else not node.saved_bytes


def stored_bytes(nodes: Iterable[Node]) -> int:
    """Return how many bytes some nodes saved: each storage once, what has none named node by node."""
    named, unnamed = [], 0
    for one in nodes:
        if _is_named(one):
            named.append(one)
        else:
            unnamed += one.saved_bytes
    return sum(storages(named).values()) + unnamed


def is_saved(block: Allocation) -> bool:
    """Return whether a block was saved for backward: by a node, or by something that kept it for one."""
    return block.category == "saved" or bool(block.saved_by)


def whole_memory(trace: Trace) -> Memory | None:
    """Return the memory of a trace, ``None`` where it has none or where its record was cut."""
    cut = any(one.observer == "memory" for one in trace.truncations)
    return None if cut else trace.memory
