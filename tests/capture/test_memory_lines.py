"""Where and when memory is used: lines, steps, peaks, categories."""

from __future__ import annotations

import pytest
import torch

from tests.capture.conftest import Capture
from tests.capture.memory_reading import memory_of


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in the worker


# --- lines, peaks, categories


def test_temporary_is_what_a_line_lets_go_of_again(measure: Capture) -> None:
    memory = memory_of(
        measure("""
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


def test_lines_of_functions_loops_and_continued_statements(measure: Capture) -> None:
    memory = memory_of(
        measure("""
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


def test_each_event_belongs_to_the_observed_step(measure: Capture) -> None:
    trace = measure("""
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


def test_a_variable_that_is_deleted_in_a_function_goes_at_once(measure: Capture) -> None:
    # A trace function of Python's would keep it until the next line.
    memory = memory_of(
        measure("""
        import torch
        def f():
            a = torch.zeros(1000)
            del a; b = torch.zeros(1000)
            return b
        f()
        """)
    )
    assert memory.peak_bytes == 4000


def test_a_generator_gives_the_line_back_when_it_pauses(measure: Capture) -> None:
    trace = measure("""
        import torch
        def rows():
            for _ in range(2):
                yield torch.ones(100)
        it = rows()
        a = next(it) + torch.ones(50, 100)
        b = torch.stack(list(rows()))
        del it
        """)
    memory = memory_of(trace)
    lines = [(block.bytes, memory.events[block.allocated].line) for block in memory.allocations]
    # A row is made in line 4; the ones and the sum of 50 * 100 numbers in line 6, the stack of two rows in line 7.
    assert lines == [(400, 4), (20_000, 6), (20_000, 6), (400, 4), (400, 4), (800, 7)]


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(3): w = z * i; v = w",
        "for i in range(4):\n    if i % 2: continue\n    w = z * i",
        "for i in range(4):\n    if i % 2: w = z * i\n    else: w = z",
        "i = 0\nwhile i < 3: i += 1; w = z * i",
        "with torch.no_grad(): w = z * 2",
        "try: w = z * 2\nfinally: v = z * 3",
        "try: z @ z[:2]\nexcept RuntimeError: w = z * 2",
        "def f(v): return v * 2\nclass A: x = f(z)\nw = f(z)",
        "match 1:\n    case 1: w = z * 2",
        "w = [z * i for i in range(3)]; v = w",
    ],
)
def test_statements_on_the_line_of_their_head_are_followed(measure: Capture, source: str) -> None:
    memory = memory_of(measure(f"import torch\nz = torch.ones(3)\n{source}\nu = z + 1\n"))  # no word of another way
    assert all(event.step is not None for event in memory.events)
