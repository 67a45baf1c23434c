"""A run that is stopped while an observer is at work: what was recorded until then is whole and kept."""

from __future__ import annotations

import textwrap

from components.capture import RunInterrupted, capture_program, interrupt_soon
from components.trace import Program, Trace


def stopped_at_print(source: str) -> Trace:
    """Run a program and ask for its end when it prints something."""

    def ask(text: str) -> None:
        interrupt_soon(RunInterrupted("timeout", "time is over"))

    return capture_program(Program(source=textwrap.dedent(source).strip()), on_output=ask)


def test_backward_is_stopped_between_two_nodes() -> None:
    trace = stopped_at_print("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        h = x * 3
        h.register_hook(lambda grad: print("here"))
        y = h ** 2
        y.backward()
        print("never")
    """)
    names = {node.id: node.name for node in trace.nodes}
    assert trace.failure is not None
    assert (trace.failure.kind, trace.failure.message, trace.failure.line) == ("timeout", "time is over", 6)
    assert names[trace.failure.node or ""] == "MulBackward0"
    (run,) = trace.backwards
    # d/dh h**2 = 2 * 6 = 12
    assert [(names[step.node], step.grad_inputs[0].values) for step in run.steps if step.grad_inputs[0]] == [
        ("PowBackward0", 12.0)
    ]
    assert sorted(names.values()) == ["AccumulateGrad", "MulBackward0", "PowBackward0"]
    assert trace.stdout == "here\n"


def test_a_stop_at_a_node_that_was_freed_before_is_not_blamed_on_that() -> None:
    trace = stopped_at_print("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        h = x.sin()
        h.register_hook(lambda grad: print("here") if done else None)
        done = []
        y = h * 2
        torch.autograd.grad(h, x)
        done.append(1)
        y.backward()
    """)
    assert trace.failure is not None
    failure = trace.backwards[-1].failure
    assert failure is not None
    assert (failure.node, failure.message, failure.freed_by) == (trace.failure.node, "time is over", None)
    assert trace.backwards[0].freed == [failure.node]


def test_backward_is_stopped_before_it_begins() -> None:
    trace = stopped_at_print("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = (x * 3) ** 2
        print("here")
        y.backward()
    """)
    assert trace.failure is not None
    assert (trace.failure.kind, trace.failure.line) == ("timeout", 5)
    assert {node.name for node in trace.nodes} == {"AccumulateGrad", "MulBackward0", "PowBackward0"}
    assert trace.backwards == []


def test_what_was_asked_of_one_run_does_not_stop_the_next() -> None:
    assert stopped_at_print("print('here')").failure is None
    source = "import torch\nx = torch.ones(1, requires_grad=True)\n(x * 2).backward()"
    assert capture_program(Program(source=source)).failure is None
