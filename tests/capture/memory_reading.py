"""What the tests of memory read from a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import UNSET

from components.trace import Allocation, Memory, Trace


def memory_of(trace: Trace) -> Memory:
    assert trace.memory is not None
    assert trace.memory_note is UNSET
    return trace.memory


def named(memory: Memory, name: str) -> Allocation:
    (block,) = (each for each in memory.allocations if each.name == name)
    return block


def held_at_the_end(memory: Memory) -> Counter[str]:
    held: Counter[str] = Counter()
    for block in memory.allocations:
        if block.released is None:
            held[block.category] += block.bytes
    return held


def in_portions(deltas: Iterable[int]) -> list[list[int]]:
    """Return the changes with each row of releases as one: a tuple of arguments lets go of its tensors in any order."""
    portions: list[list[int]] = []
    for delta in deltas:
        if delta < 0 and portions and portions[-1][0] < 0:
            portions[-1] = sorted([*portions[-1], delta])
        else:
            portions.append([delta])
    return portions
