"""What is known of memory: each truth with its arithmetic. A float32 has 4 bytes."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from msgspec import UNSET

from components.trace import Allocation, Caps, Memory, Trace
from tests.capture.conftest import Capture


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in the worker


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


# --- what autograd keeps


def test_a_chain_of_sines_saves_its_inputs(capture: Capture) -> None:
    n, elements = 7, 100
    memory = memory_of(
        capture(f"""
        import torch
        x = torch.zeros({elements}, requires_grad=True)
        y = x
        for _ in range({n}):
            y = torch.sin(y)
        """)
    )
    # sin saves its input: x itself, which is a leaf, and the 6 results in between; the last result is only held by y.
    assert held_at_the_end(memory) == {"leaf": 400, "saved": 6 * 400, "other": 400}
    assert memory.peak_bytes == memory.final_bytes == (1 + n) * 4 * elements
    assert sum(bool(block.saved_by) for block in memory.allocations) == n


def test_no_grad_keeps_nothing(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        x = torch.zeros(100, requires_grad=True)
        with torch.no_grad():
            y = x
            for _ in range(7):
                y = torch.sin(y)
        """)
    )
    # x and the last y; at the peak one result more: the new y exists before the old one goes.
    assert held_at_the_end(memory) == {"leaf": 400, "other": 400}
    assert memory.peak_bytes == 3 * 400
    assert not any(block.saved_by for block in memory.allocations)


def test_backward_releases_what_was_saved_and_retain_graph_keeps_it(capture: Capture) -> None:
    source = """
        import torch
        x = torch.zeros(100, requires_grad=True)
        y = torch.sin(torch.cos(torch.exp(x))).sum()
        y.backward(retain_graph=RETAIN)
        """
    released = memory_of(capture(source.replace("RETAIN", "False")))
    kept = memory_of(capture(source.replace("RETAIN", "True")))
    # exp saves its result, which is what cos saves: its input. sin saves the result of cos. Two results of 400 bytes.
    assert held_at_the_end(kept) == {"leaf": 400, "gradient": 400, "saved": 2 * 400, "other": 4}
    assert held_at_the_end(released) == {"leaf": 400, "gradient": 400, "other": 4}
    assert kept.final_bytes - released.final_bytes == 2 * 400


def test_a_release_in_backward_is_tied_to_its_node_and_run(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.zeros(100, requires_grad=True)
        h = torch.exp(x)
        y = torch.sin(h).sum()
        del h
        y.backward()
        """)
    memory = memory_of(trace)
    names = {node.id: node.name for node in trace.nodes}
    block = named(memory, "h")
    assert block.released is not None
    released = memory.events[block.released]
    # sin and exp both keep h; backward comes to exp last, in line 6.
    assert [names[node] for node in block.saved_by] == ["ExpBackward0", "SinBackward0"]
    assert (names[released.node or ""], released.backward, released.line) == ("ExpBackward0", "b0", 6)
    assert memory.events[block.allocated].line == 3
    assert names[memory.events[block.allocated].node or ""] == "ExpBackward0"


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoint_keeps_the_inputs_of_segments(capture: Capture, reentrant: bool) -> None:
    source = """
        import torch
        from torch.utils.checkpoint import checkpoint
        def block(v):
            return torch.sin(torch.cos(torch.tan(v)))
        x = torch.zeros(100, requires_grad=True)
        h = torch.exp(x)
        a = CALL1
        b = CALL2
        """
    options = f"use_reentrant={reentrant}, preserve_rng_state=False"
    plain = memory_of(capture(source.replace("CALL1", "block(h)").replace("CALL2", "block(a)")))
    segments = memory_of(
        capture(
            source.replace("CALL1", f"checkpoint(block, h, {options})").replace(
                "CALL2", f"checkpoint(block, a, {options})"
            )
        )
    )
    # Plain: exp saves its result h; tan its result, which cos saves too, as its input; sin saves the result of cos: two
    # in each block. a and b, the results of sin, are saved by none and only held by their variables.
    assert held_at_the_end(plain) == {"leaf": 400, "saved": (1 + 2 + 2) * 400, "other": 2 * 400}
    # With segments only their inputs: h and a.
    assert held_at_the_end(segments) == {"leaf": 400, "saved": 2 * 400, "other": 400}
    assert {block.name for block in segments.allocations if block.category == "saved"} == {"h", "a"}


def test_a_view_costs_nothing_and_one_storage_counts_once(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        x = torch.zeros(10, 10, requires_grad=True)
        a = x.view(100)
        b = x.T
        y = (a * a).sum() + (b * b).sum()
        """)
    )
    saving = [block for block in memory.allocations if block.saved_by]
    # Both products save views of x, whose 400 bytes are there once: as the leaf that they are.
    assert [(block.bytes, block.category, block.name, len(block.saved_by)) for block in saving] == [
        (400, "leaf", "x", 2)
    ]


# --- gradients and optimizers


def test_the_state_of_adam_is_twice_the_parameters(capture: Capture) -> None:
    memory = memory_of(
        capture("""
        import torch
        model = torch.nn.Linear(30, 20)
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(5, 30)).sum().backward()
            optimizer.step()
        """)
    )
    parameters = (30 * 20 + 20) * 4
    held = held_at_the_end(memory)
    # exp_avg and exp_avg_sq of each parameter, and its count of steps: one float32.
    assert held["optimizer"] == 2 * parameters + 2 * 4
    assert held["leaf"] == held["gradient"] == parameters
    names = {block.name for block in memory.allocations if block.category == "optimizer"}
    assert {"exp_avg of model.weight", "exp_avg_sq of model.bias", "step of model.bias"} <= names
    gradients = {block.name for block in memory.allocations if block.category == "gradient"}
    assert gradients == {"model.weight.grad", "model.bias.grad"}


def test_zero_grad_to_zeros_keeps_the_gradients(capture: Capture) -> None:
    source = """
        import torch
        w = torch.zeros(1000, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        (w * 1.0).sum().backward()
        optimizer.zero_grad(set_to_none=NONE)
        """
    kept = memory_of(capture(source.replace("NONE", "False")))
    let_go = memory_of(capture(source.replace("NONE", "True")))
    assert kept.final_bytes - let_go.final_bytes == 4000
    assert held_at_the_end(let_go)["gradient"] == 0


def test_an_operation_in_place_allocates_nothing(capture: Capture) -> None:
    source = """
        import torch
        a = torch.zeros(1000)
        LINE
        """
    memory = memory_of(capture(source.replace("LINE", "a.sin_()")))
    assert (memory.peak_bytes, len(memory.allocations)) == (4000, 1)
    assert memory_of(capture(source.replace("LINE", "a = a.sin()"))).peak_bytes == 2 * 4000


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
    monkeypatch.setattr("components.capture.memory_moments._MOST_SECONDS", 0.0)
    assert "took too long" in str(capture(source).memory_note)
