"""Where and when memory is used: lines, steps, peaks, and runs that do not end well or not the same way."""

from __future__ import annotations

import itertools

import pytest
import torch
from msgspec import UNSET

from components.trace import Caps
from tests.capture.conftest import Capture
from tests.capture.memory_reading import memory_of, named


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in the worker


# --- lines, peaks, categories


def test_temporary_is_what_a_line_lets_go_of_again(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        a = torch.zeros(1000)
        b = (a.sin() * a.cos()).sum()
        """)
    )
    big = [block for block in memory.allocations if block.bytes == 4000]
    assert [block.category for block in big] == ["other", "temporary", "temporary", "temporary"]
    # a, its sine, its cosine and their product are there together.
    assert (memory.peak_bytes, memory.peak_line, memory.final_bytes) == (4 * 4000, 3, 4000 + 4)
    assert memory.peak_event is not None
    assert memory.events[memory.peak_event].total_bytes == memory.peak_bytes


def test_lines_of_functions_loops_and_continued_statements(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        def double(v):
            w = v * 2
            return w
        rows = []
        for i in range(3):
            if i == 1:
                continue
            rows.append(
                double(torch.zeros(100))
            )
        total = rows[0] + torch.ones(
            100
        )
        """)
    )
    lines = [memory.events[block.allocated].line for block in memory.allocations if block.bytes == 400]
    # Twice zeros in lines 9 to 10 and the product in line 3; then ones and the sum in lines 12 to 13.
    assert len(lines) == 6
    assert (lines[1], lines[3]) == (3, 3)
    assert {lines[0], lines[2]} <= {9, 10}
    assert {lines[4], lines[5]} <= {12, 13}
    released = [memory.events[block.released].line for block in memory.allocations if block.released is not None]
    assert all(line is not None for line in released)


def test_each_event_belongs_to_the_observed_step(capture: Capture) -> None:
    trace = capture("""
        import torch
        def f(v):
            return v.sin()
        a = torch.zeros(10)
        for _ in range(3):
            a = f(a)
        """)
    for event in memory_of(trace).events:
        assert event.step is not None
        assert trace.steps[event.step].line == event.line
    made = [event.step for event in memory_of(trace).events if event.delta_bytes == 40]
    assert made == sorted(made, key=lambda step: step or 0)
    assert len(set(made)) == 4


def test_a_variable_that_is_deleted_in_a_function_goes_at_once(capture: Capture) -> None:
    # A trace function of Python's would keep it until the next line.
    memory = memory_of(
        capture("""
        import torch
        def f():
            a = torch.zeros(1000)
            del a; b = torch.zeros(1000)
            return b
        f()
        """)
    )
    assert memory.peak_bytes == 4000


# --- runs that do not end well, or not the same way


def test_a_program_that_fails_is_measured_until_then(capture: Capture) -> None:
    memory = memory_of(
        capture("import torch\na = torch.zeros(100)\nb = a + torch.zeros(3)\n", fails=True),
    )
    assert memory.peak_bytes == 400 + 12
    assert memory.peak_line == 3


def test_a_program_that_was_refused_has_no_memory(capture: Capture) -> None:
    trace = capture("import torch\na = (\n", fails=True)
    assert trace.memory is None


def test_switches_are_put_back_between_the_runs(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        a = torch.zeros(100)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        b = torch.zeros(100)
        """)
    )
    assert [block.bytes for block in memory.allocations] == [400, 800]
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()


def test_the_same_random_numbers_come_in_both_runs(capture: Capture) -> None:
    trace = capture("""
        import random, numpy, torch
        n = int(torch.randint(100, 200, ()).item()) + random.randrange(100) + numpy.random.randint(100)
        a = torch.zeros(n)
        print(n)
        """)
    assert named(memory_of(trace), "a").bytes == 4 * int(trace.stdout)


def test_a_program_that_does_not_do_the_same_twice_is_said_to(capture: Capture) -> None:
    source = """
        import time, torch
        x = torch.zeros(3, requires_grad=True)
        y = x
        for _ in range(int(time.perf_counter() * 1e9) % 1000 + 1):
            y = y * 2
        """
    notes = [str(note) for note in (capture(source).memory_note for _ in range(3)) if note is not UNSET]
    # Both runs of a program take as many rounds once in a thousand times.
    assert notes
    assert "did not do the same in the second run" in notes[0]


def test_a_graph_past_the_limit_is_not_measured(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.capture.memory_pass.MOST_NODES", 5)
    trace = capture("""
        import torch
        x = torch.zeros(3, requires_grad=True)
        y = x
        for _ in range(6):
            y = y.sin()
        y.sum().backward()
        """)
    assert trace.memory is None
    assert "in one backward pass" in str(trace.memory_note)


def test_past_the_cap_later_events_are_missing_and_the_peak_is_not(capture: Capture) -> None:
    trace = capture(
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


def test_a_long_run_is_read_in_portions_and_ended_in_time(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.capture.memory_profiler._PORTION_SECONDS", 0.0)
    source = """
        import torch
        held = []
        for i in range(20):
            held.append(torch.zeros(100))
            if i % 2:
                held.pop(0)
        """
    memory = memory_of(capture(source))
    # 20 of 400 bytes, of which 10 are let go again; the 20th is there before the last one goes: 11.
    assert (memory.final_bytes, memory.peak_bytes) == (10 * 400, 11 * 400)
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr("components.capture.memory._LEAST_SECONDS", 0.0)
    monkeypatch.setattr("components.capture.memory_moments.time.monotonic", lambda: next(hours))
    assert "took too long" in str(capture(source).memory_note)
