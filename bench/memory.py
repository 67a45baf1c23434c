"""What measuring memory costs: the program while it is measured, and with the reading of the record, beside itself."""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from dataclasses import dataclass

import msgspec
import torch

from bench.observing import STACK_BYTES, plain
from bench.programs import TRANSFORMER, chain
from bench.timing import Row, medians
from components.capture import capture_program, measure_program, warm_up
from components.facts import TraceIndex
from components.facts.memory import MemoryIndex
from components.facts.memory.timeline import timeline_info
from components.figures.charts.memory import timeline_figure
from components.source import SourceLimits
from components.trace import Allocation, Caps, Memory, MemoryEvent, Program, Trace, observed_run

EVENTS = 100_000


@dataclass(frozen=True)
class Costs:
    """Medians in seconds: the plain run, the run while it is measured, and all of the run that measures."""

    plain: float
    measured: float
    whole: float


def costs(source: str, rounds: int) -> Costs:
    """Measure a program in turns."""
    bare, program = plain(source), Program(source=source)
    observed = observed_run(capture_program(program))
    taken: list[tuple[float, float, float]] = []
    for turn in range(rounds + 1):
        gc.collect()
        began = time.perf_counter()
        bare()
        done = time.perf_counter()
        memory = measure_program(program, observed, Caps(), SourceLimits()).memory
        ended = time.perf_counter()
        assert memory is not None
        if turn:
            taken.append((done - began, memory.duration_ns / 1e9, ended - done))
    return Costs(*(statistics.median(column) for column in zip(*taken, strict=True)))


def large_trace() -> Trace:
    """Return a trace with ``EVENTS`` events of memory: blocks that come and go, one of them very large for a moment."""
    events: list[MemoryEvent] = []
    blocks: list[Allocation] = []
    total = 0
    for number in range(EVENTS // 2):
        size = 1 << 30 if number == EVENTS // 5 else 64 + number % 1000
        place = 2 * number
        blocks.append(
            Allocation(
                bytes=size,
                category="temporary" if number % 2 else "other",
                operation="aten::mul",
                name=None,
                saved_by=[],
                allocated=place,
                released=place + 1,
            )
        )
        for delta in (size, -size):
            total += delta
            events.append(
                MemoryEvent(
                    t_ns=1_000 * len(events),
                    line=1 + number % 9,
                    node=None,
                    delta_bytes=delta,
                    category=blocks[-1].category,
                    total_bytes=total,
                    allocation=number,
                    step=None,
                )
            )
    memory = Memory(
        source="made for this measurement",
        device="cpu",
        baseline_bytes=0,
        peak_bytes=1 << 30,
        peak_line=1,
        peak_event=2 * (EVENTS // 5),
        final_bytes=0,
        duration_ns=1_000 * EVENTS,
        events=events,
        allocations=blocks,
        cuda=None,
    )
    return msgspec.structs.replace(capture_program(Program(source="x = 1\n" * 9)), memory=memory)


def draw(trace: Trace) -> object:
    """Work out and draw the timeline of a trace that nobody has looked at before."""
    index = TraceIndex(trace)
    assert trace.memory is not None
    return timeline_figure(timeline_info(MemoryIndex(index, trace.memory), "step"))


def rows() -> list[Row]:
    """Measure programs of about 1,300 nodes, and a timeline of 100,000 events."""
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    torch.set_num_threads(1)
    warm_up()
    gc.collect()
    gc.freeze()  # as the worker does: what is there before a run is never looked at again
    found = []
    for what, source, target in (
        ("nn.Transformer step, 1,300 nodes", TRANSFORMER, "1.5 times"),
        ("1,300 operations on one number", chain(1_300), ""),
    ):
        cost = costs(source, 9)
        found.append(Row(f"memory: {what}, while it is measured", cost.measured, "the plain run", cost.plain, target))
        found.append(Row("... with starting and reading", cost.whole, "the plain run", cost.plain))
    trace = large_trace()
    (drawn,) = medians([lambda: draw(trace)], 3)
    found.append(Row(f"memory: a timeline of {EVENTS:,} events, worked out and drawn", drawn, "", None))
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
