"""Leaks that loops make, in programs that are really run; and programs that look like one and are none."""

from __future__ import annotations

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.memory import MemoryIndex
from components.facts.memory import leaks as leaks_module
from components.facts.memory.leaks import Leak, keeping_lines, leaks
from components.trace import Program
from tests.capture.memory_reading import measured

BEGIN = """\
import torch
w = torch.ones(1000, requires_grad=True)
data = torch.ones(1000)
"""
LOSS = "    loss = (w * data).pow(2).sum()\n"


def found(source: str) -> tuple[Leak, ...]:
    trace = measured(capture_program(Program(source=BEGIN + source)))
    assert trace.failure is None
    assert trace.memory is not None
    return leaks(MemoryIndex(TraceIndex(trace), trace.memory))


def test_a_running_sum_of_losses_keeps_every_graph() -> None:
    (leak,) = found(f"total = 0\nfor i in range(4):\n{LOSS}    total += loss\n")
    assert (leak.kind, leak.name, leak.line, leak.fix) == ("sum", "total", 7, "total += loss.item()")
    # Of each iteration w * data, 1000 float32; and data itself, which MulBackward0 keeps: 5 * 4,000 bytes.
    # Nodes: Mul, Pow, Sum and the Add of the running sum, four times.
    assert (leak.iterations, leak.bytes, leak.nodes) == (4, 20_000, 16)


def test_after_backward_the_nodes_are_kept_but_not_their_tensors() -> None:
    (leak,) = found(f"total = 0\nfor i in range(4):\n{LOSS}    loss.backward()\n    total = total + loss\n")
    assert (leak.line, leak.code, leak.fix) == (8, "total = total + loss", "total = total + loss.item()")
    assert (leak.iterations, leak.nodes, leak.bytes) == (4, 16, 0)


def test_a_list_of_losses_keeps_every_graph() -> None:
    (leak,) = found(f"losses = []\nfor i in range(4):\n{LOSS}    losses.append(loss)\n")
    assert (leak.kind, leak.name, leak.fix) == ("list", "losses", "losses.append(loss.detach())")
    assert (leak.iterations, leak.bytes) == (4, 20_000)


def test_a_list_of_results_that_had_no_name() -> None:
    (leak,) = found("losses = []\nfor i in range(3):\n    losses.append((w * data).pow(2).sum())\n")
    assert (leak.iterations, leak.bytes) == (3, 16_000)  # w * data, three times, and data
    assert leak.fix == "losses.append((w * data).pow(2).sum().detach())"


def test_a_state_that_is_carried_on_under_retain_graph() -> None:
    (leak,) = found(
        "h = torch.zeros(1000)\nfor i in range(4):\n    h = torch.tanh(h * w)\n"
        "    loss = h.sum()\n    loss.backward(retain_graph=True)\n"
    )
    assert (leak.kind, leak.name, leak.line, leak.fix) == ("retained", "h", 8, "h = h.detach()")
    assert leak.bytes > 4 * 4_000


def test_a_sum_that_is_differentiated_in_every_iteration_is_one_leak_not_two() -> None:
    (leak,) = found(f"total = 0\nfor i in range(4):\n{LOSS}    total += loss\n    total.backward(retain_graph=True)\n")
    assert (leak.kind, leak.line, leak.fix) == ("retained", 8, "total = total.detach()")


@pytest.mark.parametrize(
    "source",
    [
        f"total = 0\nfor i in range(4):\n{LOSS}    loss.backward()\n    total += loss.item()\n",
        f"total = 0\nfor i in range(4):\n{LOSS}    total += loss\ntotal.backward()\n",
        f"total = 0\nfor i in range(4):\n{LOSS}    loss.backward()\n    total += loss.detach()\n",
        "losses = []\nfor i in range(4):\n    losses.append((w * data).sum())\ntorch.stack(losses).mean().backward()\n",
        "losses = []\nfor i in range(4):\n    losses.append((w * data).sum().detach())\n",
        f"losses = []\nfor i in range(4):\n{LOSS}    losses.append(loss.item())\n",
        "h = torch.zeros(1000)\nfor i in range(4):\n    h = torch.tanh(h * w + data)\nh.sum().backward()\n",
        "h = data\nfor i in range(4):\n    h = torch.tanh(h * w)\n",
        "h = data\nfor i in range(4):\n    h = h + torch.tanh(h * w)\n",
        "h, states = data, []\nfor i in range(4):\n    h = torch.tanh(h * w)\n    states.append(h)\n"
        "torch.stack(states).sum().backward()\n",
        "h, states = data, []\nfor i in range(4):\n    h = torch.tanh(h * w)\n    states.append(h)\n",
        "for i in range(4):\n    loss = (w * data).pow(2).sum() / 4\n    loss.backward()\n",
        "y = (w * data).sum()\nfor i in range(4):\n    y.backward(retain_graph=True)\n",
        "h = data\nfor i in range(4):\n    h = torch.tanh(h.detach() * w)\n    h.sum().backward(retain_graph=True)\n",
        f"total = 0\nfor i in range(8):\n{LOSS}    total = total + loss\n"
        "    if i % 4 == 3:\n        total.backward()\n        total = 0\n",
        "with torch.no_grad():\n    total = 0\n    for i in range(4):\n        total += (w * data).sum()\n",
        f"total = 0\nfor i in range(2):\n{LOSS}    total += loss\n",
    ],
)
def test_no_false_alarm(source: str) -> None:
    assert found(source) == ()


def test_lines_that_keep_are_found_in_the_innermost_loop() -> None:
    source = (
        "for a in x:\n    while b:\n        t += loss * 2\n    l.append(f(a))\nt += 1\n"
        "for a in x:\n    def f():\n        t += 1\n    t = t - 1\n    t += [a]\n"
    )
    kept = [(one.line, one.kind, one.name, one.variable, one.fix) for one in keeping_lines(source)]
    assert kept == [
        (3, "sum", "t", None, "t += (loss * 2).item()"),
        (4, "list", "l", None, "l.append(f(a).detach())"),
    ]


def test_a_text_that_is_no_program_keeps_nothing() -> None:
    assert keeping_lines("for :") == []


def test_a_walk_that_would_take_too_long_accuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks_module, "MOST_WALKED", 10)
    assert found(f"total = 0\nfor i in range(9):\n{LOSS}    total += loss\n") == ()
