"""A large trace in the process of the pages: what it costs there, how long others stand still, what is left for good.

Beside it stands the same with everything read in that process. A clock that ticks in another thread sees how much
processor time passes while it gets no turn: the lock was held, whatever else the machine does.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from bench.programs import chain
from bench.timing import Row
from components.reading import Traces
from components.reading.account import account
from components.reading.graph_view import GraphAsked, graph_view
from components.trace import Program
from components.widgets.player.page import PlayerMount, message
from components.worker import Limits, Pool
from components.worker.sent import Sent

NODES = 100_000
_TICK = 0.002
_MIB = 1 << 20


@dataclass
class Ticks:
    """What a clock saw: processor seconds of the process, and the most of them between two ticks."""

    seconds: float = 0.0
    longest: float = 0.0
    own: float = 0.0
    """What the clock took itself, which is in none of the others."""
    _over: threading.Event = field(default_factory=threading.Event)

    def count(self) -> None:
        """Tick until it is over."""
        before = time.process_time()
        while not self._over.wait(_TICK):
            now = time.process_time()
            self.longest, before = max(self.longest, now - before), now
        self.own = time.thread_time()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count meanwhile."""
        began, thread = time.process_time(), threading.Thread(target=self.count)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            self.seconds = time.process_time() - began - self.own


def shown(traces: Traces, result: Sent) -> None:
    """Do what a page does with a run: keep it, draw it, send the player its data, say what is to be said."""
    kept = traces.keep(result)
    traces.shelf.hold("session", "page", kept)
    data = traces.look(kept, graph_view, GraphAsked(asks=True)).data
    msgspec.json.encode(message(data, PlayerMount(key="page", show_code=True, can_fold=True)))
    traces.look(kept, account)


def processor_seconds(pid: int) -> float:
    """Return how much processor time a process has taken."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        words = file.read().rpartition(b")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def resident() -> int:
    """Return how many bytes of memory this process holds."""
    gc.collect()
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def counted(act: Callable[[], object]) -> tuple[Ticks, float]:
    """Return what a clock saw while something was done, and how many MiB of memory it left."""
    before, ticks = resident(), Ticks()
    with ticks.counting():
        act()
    return ticks, (resident() - before) / _MIB


def rows() -> list[Row]:
    """Measure one large trace, apart and here."""
    pool = Pool()
    pool.wait_warm()
    results: list[Sent] = []

    took: list[float] = []

    def run() -> None:
        began = time.monotonic()
        result = pool.submit(Program(source=chain(NODES)), Limits(wall_seconds=120.0)).result()
        assert isinstance(result, Sent)
        results.append(result)
        took.append(time.monotonic() - began)

    taking, taken = counted(run)
    (result,) = results
    pool.close()
    apart, here = Traces(), Traces(small=1 << 40)
    shown(apart, Sent(result.packed, Program(source="pass"), result.limits))  # starts the reader
    process = apart.reader._process
    assert process is not None
    began, asked = processor_seconds(process.pid), time.monotonic()
    beside, left = counted(lambda: shown(apart, result))
    took.append(time.monotonic() - asked)
    reading = processor_seconds(process.pid) - began
    apart.close()
    alone, stays = counted(lambda: shown(here, result))
    size = f"{result.packed.size / 1e6:.0f} MB of JSON, {len(result.packed.data) / 1e6:.1f} MB as they are kept"
    return [
        Row(f"{NODES:,} nodes: from Run to the picture, by the clock", sum(took), "the run alone", took[0], "5 s"),
        Row(
            f"{NODES:,} nodes: processor time in the process of the pages",
            taking.seconds + beside.seconds,
            "all read there",
            taking.seconds + alone.seconds,
            "0.3 s",
            f"{size}; the reader took {reading:.2f} s, taking over what came {taking.seconds:.2f} s",
        ),
        Row(
            f"{NODES:,} nodes: longest time that others stand still",
            max(beside.longest, taking.longest),
            "all read there",
            alone.longest,
            "0.1 s",
        ),
        Row(
            f"{NODES:,} nodes: what is left for good",
            None,
            "all read there",
            None,
            "30 MiB",
            f"{max(0.0, taken) + max(0.0, left):.0f} MiB, {max(0.0, taken) + stays:.0f} where all is read there",
        ),
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
