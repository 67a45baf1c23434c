"""A trace's memory fits together, or the trace is refused in words: a file may come from anybody."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from components.trace import CudaSample, DamagedTrace, Memory, Trace, decode_trace, encode_trace
from tests.facts.memory.made import Tape, steps
from tests.figures import traces as t


def whole() -> Trace:
    """Two blocks, of 8 and 4 bytes; the first goes again."""
    tape = Tape()
    first = tape.new(8, "saved", step=0)
    tape.new(4, "other", step=1)
    tape.free(first, step=1)
    memory = tape.memory([CudaSample(step=1, allocated_bytes=4, reserved_bytes=9, peak_bytes=12)])
    return replace(t.make_trace("x = 1\n", steps=steps(1, 2)), memory=replace(memory, cuda_snapshot='{"segments": []}'))


def memory_of(trace: Trace) -> Memory:
    assert trace.memory is not None
    return trace.memory


def test_a_whole_one_is_read() -> None:
    assert decode_trace(encode_trace(whole())) == whole()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baseline_bytes": 1}, "not the sum"),
        ({"baseline_bytes": 2**70}, "number of bytes"),
        ({"final_bytes": 10**400}, "number of bytes"),
        ({"duration_ns": -1}, "number of bytes"),
        ({"peak_event": 7}, "peak is at an event"),
        ({"peak_event": 0}, "peak is not what there was"),
        ({"peak_bytes": 11}, "peak is not what there was"),
        ({"cuda_snapshot": "!!!"}, "snapshot"),
        ({"cuda_snapshot": "[" * 100_000}, "snapshot"),
        ({"cuda": [CudaSample(step=9, allocated_bytes=4, reserved_bytes=9, peak_bytes=12)]}, "sample"),
        ({"cuda": [CudaSample(step=1, allocated_bytes=4, reserved_bytes=9, peak_bytes=10**40)]}, "number of bytes"),
    ],
)
def test_numbers_of_the_whole(changes: dict[str, Any], words: str) -> None:
    refuse(replace(memory_of(whole()), **changes), words)


@pytest.mark.parametrize(
    ("place", "changes", "words"),
    [
        (0, {"allocation": 5}, "block that the memory does not have"),
        (0, {"delta_bytes": 9}, "another size"),
        (0, {"category": "leaf"}, "another size or category"),
        (1, {"total_bytes": 13}, "not the sum"),
        (1, {"step": 2}, "step that the trace does not have"),
        (1, {"step": -1}, "step that the trace does not have"),
        (1, {"t_ns": 10**40}, "too large"),
        (1, {"node": "n9"}, "node 'n9'"),
        (1, {"backward": "b9"}, "backward 'b9'"),
    ],
)
def test_events(place: int, changes: dict[str, Any], words: str) -> None:
    events = list(memory_of(whole()).events)
    events[place] = replace(events[place], **changes)
    refuse(replace(memory_of(whole()), events=events), words)


@pytest.mark.parametrize(
    ("place", "changes", "words"),
    [
        (0, {"allocated": 1}, "events that it names"),
        (0, {"allocated": 9}, "events that it names"),
        (0, {"released": 0}, "events that it names"),
        (0, {"released": 9}, "events that it names"),
        (1, {"released": 2}, "events that it names"),
        (0, {"saved_by": ["n9"]}, "node 'n9'"),
    ],
)
def test_blocks(place: int, changes: dict[str, Any], words: str) -> None:
    blocks = list(memory_of(whole()).allocations)
    blocks[place] = replace(blocks[place], **changes)
    refuse(replace(memory_of(whole()), allocations=blocks), words)


def refuse(memory: Memory, words: str) -> None:
    with pytest.raises(DamagedTrace, match=words):
        decode_trace(encode_trace(replace(whole(), memory=memory)))
