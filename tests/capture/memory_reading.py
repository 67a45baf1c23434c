"""What the tests of memory read from a trace."""

from __future__ import annotations

from collections import Counter

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
