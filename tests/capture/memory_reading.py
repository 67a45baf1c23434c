"""How the tests of memory get a program's memory, and what they read of it."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable

import torch
from msgspec import UNSET

from components.capture import measure_program
from components.source import SourceLimits
from components.trace import Allocation, Caps, MeasuredRun, Memory, Trace, observed_run, why_not_measured, with_measured


def measured(trace: Trace, caps: Caps = Caps()) -> Trace:
    """Return the trace with its program's memory, as the worker does it: not every program is run once more."""
    why_not = why_not_measured(trace)
    if why_not is not None:
        return with_measured(trace, MeasuredRun(memory=None, note=why_not))
    # The worker measures in a process of its own, where nothing that the observed run has switched on holds.
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    run = measure_program(trace.program, observed_run(trace), caps, SourceLimits())
    gc.freeze()  # it has thawed what the tests themselves have loaded, which every collection would look through
    return with_measured(trace, run)


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
