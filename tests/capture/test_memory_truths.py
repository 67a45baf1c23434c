"""What is known of memory: each truth with its arithmetic. A float32 has 4 bytes."""

from __future__ import annotations

import pytest
import torch

from tests.capture.conftest import Capture
from tests.capture.memory_reading import held_at_the_end, memory_of, named


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in the worker


# --- what autograd keeps


def test_a_chain_of_sines_saves_its_inputs(measure: Capture) -> None:
    n, elements = 7, 100
    memory = memory_of(
        measure(f"""
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


def test_no_grad_keeps_nothing(measure: Capture) -> None:
    memory = memory_of(
        measure("""
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


def test_backward_releases_what_was_saved_and_retain_graph_keeps_it(measure: Capture) -> None:
    source = """
        import torch
        x = torch.zeros(100, requires_grad=True)
        y = torch.sin(torch.cos(torch.exp(x))).sum()
        y.backward(retain_graph=RETAIN)
        """
    released = memory_of(measure(source.replace("RETAIN", "False")))
    kept = memory_of(measure(source.replace("RETAIN", "True")))
    # exp saves its result, which is what cos saves: its input. sin saves the result of cos. Two results of 400 bytes.
    assert held_at_the_end(kept) == {"leaf": 400, "gradient": 400, "saved": 2 * 400, "other": 4}
    assert held_at_the_end(released) == {"leaf": 400, "gradient": 400, "other": 4}
    assert kept.final_bytes - released.final_bytes == 2 * 400


def test_a_release_in_backward_is_tied_to_its_node_and_run(measure: Capture) -> None:
    trace = measure("""
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
def test_checkpoint_keeps_the_inputs_of_segments(measure: Capture, reentrant: bool) -> None:
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
    plain = memory_of(measure(source.replace("CALL1", "block(h)").replace("CALL2", "block(a)")))
    segments = memory_of(
        measure(
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


def test_a_view_costs_nothing_and_one_storage_counts_once(measure: Capture) -> None:
    memory = memory_of(
        measure("""
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


def test_the_state_of_adam_is_twice_the_parameters(measure: Capture) -> None:
    memory = memory_of(
        measure("""
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


def test_zero_grad_to_zeros_keeps_the_gradients(measure: Capture) -> None:
    source = """
        import torch
        w = torch.zeros(1000, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        (w * 1.0).sum().backward()
        optimizer.zero_grad(set_to_none=NONE)
        """
    kept = memory_of(measure(source.replace("NONE", "False")))
    let_go = memory_of(measure(source.replace("NONE", "True")))
    assert kept.final_bytes - let_go.final_bytes == 4000
    assert held_at_the_end(let_go)["gradient"] == 0


def test_an_operation_in_place_allocates_nothing(measure: Capture) -> None:
    source = """
        import torch
        a = torch.zeros(1000)
        LINE
        """
    memory = memory_of(measure(source.replace("LINE", "a.sin_()")))
    assert (memory.peak_bytes, len(memory.allocations)) == (4000, 1)
    assert memory_of(measure(source.replace("LINE", "a = a.sin()"))).peak_bytes == 2 * 4000
