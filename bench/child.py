"""What the processes behind a run cost: the child of a lesson, the fork that makes it, and what a child ahead saves.

Processor time, as the system counts it for each child and for the zygote, whatever else the machine does.
"""

from __future__ import annotations

import statistics
import sys

import msgspec

from bench.programs import LESSON
from bench.timing import Row, medians
from components.trace import Program
from components.worker import Pool
from components.worker.limits import Limits
from components.worker.line import Line
from components.worker.machine import Shape
from components.worker.messages import Request, encode
from components.worker.process_use import use_of
from components.worker.supervisor import ZygoteOptions, ZygoteProcess

ROUNDS = 30
PATIENCE = 60.0


def child_seconds(zygote: ZygoteProcess, source: str) -> float:
    """Return the processor time of a child, from its fork to its end, that runs a program and hands over the trace."""
    line = Line(zygote, Limits())
    line.request.write(encode(Request(Program(source=source))))
    line.request.close()
    said = line.result.read()
    line.close()
    assert line.child.ended.wait(PATIENCE)
    assert b'"type":"result"' in said, said[-500:]
    return line.child.cpu_seconds


def of_children() -> list[Row]:
    """Measure children by themselves."""
    zygote = ZygoteProcess(ZygoteOptions())
    zygote.wait_warm(PATIENCE)
    for source in ("", LESSON):
        child_seconds(zygote, source)
    before = use_of(zygote.pid).processor_seconds
    taken = [(child_seconds(zygote, LESSON), child_seconds(zygote, "")) for _ in range(ROUNDS)]
    forking = (use_of(zygote.pid).processor_seconds - before) / (2 * ROUNDS)
    zygote.close()
    lesson, empty = (statistics.median(seconds) for seconds in zip(*taken, strict=True))
    return [
        Row("lesson 4: its child's processor time", lesson, "that of an empty program", empty, "12 ms"),
        Row("a fork: the zygote's processor time", forking, "the child of an empty program", empty),
    ]


def of_a_child_ahead() -> list[Row]:
    """Measure how long a run takes with and without a child that waits for it."""
    ahead, without = (Pool(shape=Shape(short=2, spare_child=spare)) for spare in (True, False))

    def run(pool: Pool) -> None:
        trace = pool.run(Program(source=LESSON))
        assert trace.failure is None, trace.failure

    for pool in (ahead, without):
        pool.wait_warm()
    with_one, alone = medians([lambda: run(ahead), lambda: run(without)], ROUNDS)
    ahead.close()
    without.close()
    return [Row("round trip of lesson 4, a child waiting", with_one, "with none waiting", alone, "0.8")]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode([*of_children(), *of_a_child_ahead()]))
