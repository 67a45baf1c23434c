"""Runs whose memory is measured that do not end well, not the same way twice, or not soon."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from msgspec import UNSET

from components.capture.memory.blocks import ProfilerRecord
from components.trace import Caps
from tests.capture.conftest import Capture
from tests.capture.memory_reading import in_portions, memory_of, named
from tests.capture.plain import plain_memory


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in the worker


# --- lines, peaks, categories


def test_a_program_that_fails_is_measured_until_then(measure: Capture) -> None:
    memory = memory_of(
        measure("import torch\na = torch.zeros(100)\nb = a + torch.zeros(3)\n", fails=True),
    )
    assert memory.peak_bytes == 400 + 12
    assert memory.peak_line == 3


def test_a_program_that_was_refused_has_no_memory(measure: Capture) -> None:
    trace = measure("import torch\na = (\n", fails=True)
    assert trace.memory is None
    assert trace.memory_note == "The program did not run, so it used no memory."


def test_the_same_random_numbers_come_in_both_runs(measure: Capture) -> None:
    trace = measure("""
        import random, numpy, torch
        n = int(torch.randint(100, 200, ()).item()) + random.randrange(100) + numpy.random.randint(100)
        a = torch.zeros(n)
        print(n)
        """)
    assert named(memory_of(trace), "a").bytes == 4 * int(trace.stdout)


def test_a_program_that_does_not_do_the_same_twice_is_said_to(measure: Capture) -> None:
    source = """
        import time, torch
        x = torch.zeros(3, requires_grad=True)
        y = x
        for _ in range(int(time.perf_counter() * 1e9) % 1000 + 1):
            y = y * 2
        """
    notes = [str(note) for note in (measure(source).memory_note for _ in range(3)) if note is not UNSET]
    # Both runs of a program take as many rounds once in a thousand times.
    assert notes
    assert "did not do the same in the second run" in notes[0]


def test_a_graph_past_the_limit_is_not_measured(measure: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.trace.memory_run.MOST_NODES", 5)
    trace = measure("""
        import torch
        x = torch.zeros(3, requires_grad=True)
        y = x
        for _ in range(6):
            y = y.sin()
        y.sum().backward()
        """)
    assert trace.memory is None
    assert "in one backward pass" in str(trace.memory_note)


def test_past_the_cap_later_events_are_missing_and_the_peak_is_not(measure: Capture) -> None:
    trace = measure(
        """
        import torch
        held = [torch.zeros(100) for _ in range(10)]
        """,
        caps=Caps(memory_events=4),
    )
    memory = memory_of(trace)
    assert [cut.observer for cut in trace.truncations] == ["memory"]
    assert (len(memory.events), len(memory.allocations)) == (4, 4)
    assert (memory.peak_bytes, memory.final_bytes, memory.peak_event) == (4000, 4000, None)


def test_a_long_run_is_read_in_portions_and_ended_in_time(measure: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.capture.memory.profiler._PORTION_SECONDS", 0.0)
    source = """
        import torch
        held = []
        for i in range(20):
            held.append(torch.zeros(100))
            if i % 2:
                held.pop(0)
        """
    memory = memory_of(measure(source))
    # 20 of 400 bytes, of which 10 are let go again; the 20th is there before the last one goes: 11.
    assert (memory.final_bytes, memory.peak_bytes) == (10 * 400, 11 * 400)
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr("components.capture.memory.second_run._LEAST_SECONDS", 0.0)
    monkeypatch.setattr("components.capture.memory.notes.time.monotonic", lambda: next(hours))
    assert "took too long" in str(measure(source).memory_note)


def test_memory_that_runs_out_is_measured_until_then(measure: Capture) -> None:
    trace = measure(
        """
        import torch
        a = torch.zeros(1000)
        b = torch.empty(1 << 50, dtype=torch.uint8)
        """,
        fails=True,
    )
    assert trace.failure is not None
    assert trace.failure.kind == "out_of_memory"
    assert (memory_of(trace).peak_bytes, memory_of(trace).peak_line) == (4000, 2)


def test_checks_of_what_was_unpacked_allocate_nothing_of_the_programs(measure: Capture) -> None:
    source = """
        import torch
        from torch.autograd.graph import saved_tensors_hooks
        x = torch.ones(6, 6, requires_grad=True)
        with saved_tensors_hooks(lambda t: t, lambda t: t):
            a, b, c = (x * 1.0).chunk(3, 1)
            y = (a * b * c).sum()
        y.backward()
        """
    (deltas,) = (plain.deltas for plain in plain_memory({"hooks": textwrap.dedent(source)}).values())
    assert in_portions(event.delta_bytes for event in memory_of(measure(source)).events) == in_portions(deltas)


def test_a_long_comprehension_is_read_in_portions(measure: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    portions: list[int] = []
    read = ProfilerRecord.read

    def counting(record: ProfilerRecord, tree: Sequence[Any]) -> None:
        portions.append(1)
        read(record, tree)

    monkeypatch.setattr("components.capture.memory.profiler._PORTION_SECONDS", 0.0)
    monkeypatch.setattr(ProfilerRecord, "read", counting)
    memory = memory_of(measure("import torch\nx = torch.zeros(10)\ny = [x.sin() for _ in range(20)]\n"))
    assert len(portions) > 20
    # x and twenty sines of 10 numbers.
    assert (memory.final_bytes, len(memory.allocations)) == (21 * 40, 21)
