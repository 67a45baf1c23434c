"""The calls of modules that a trace has: those that autograd recorded nothing of, and those that an error ended."""

from __future__ import annotations

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from components.capture import capture_program
from components.trace import Caps, DamagedTrace, ModuleCall, Program, Trace, decode_trace, encode_trace

HEAD = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
"""


def traced(source: str) -> Trace:
    return capture_program(Program(source=HEAD + source))


def calls(source: str) -> list[tuple[str, str, int | None, int | None, list[list[int]], list[list[int]], bool]]:
    found = traced(source).calls or []
    return [(c.path, c.kind, c.line, c.parent, c.inputs, c.outputs, c.failed) for c in found]


def test_calls_without_a_graph_are_there_in_order_with_their_shapes() -> None:
    assert calls("with torch.no_grad():\n    y = model(torch.ones(2, 3))\n") == [
        ("model", "Sequential", 6, None, [[2, 3]], [[2, 4]], False),
        ("model.0", "Linear", 6, 0, [[2, 3]], [[2, 4]], False),
        ("model.1", "ReLU", 6, 0, [[2, 4]], [[2, 4]], False),
    ]


def test_what_autograd_recorded_is_not_told_twice() -> None:
    assert traced("y = model(torch.ones(2, 3))\n").calls is UNSET


def test_a_call_that_an_error_ended_says_what_it_got() -> None:
    assert calls("y = model(torch.ones(2, 5))\n") == [
        ("model", "Sequential", 5, None, [[2, 5]], [], True),
        ("model.0", "Linear", 5, 0, [[2, 5]], [], True),
    ]


def test_a_module_that_returns_nothing_while_an_error_is_handled_did_not_fail() -> None:
    source = """\
class Quiet(nn.Module):
    def forward(self, x):
        return x

try:
    raise ValueError
except ValueError:
    y = Quiet()(torch.ones(2))
"""
    assert [(path, failed) for path, _, _, _, _, _, failed in calls(source)] == [("Quiet", False)]


def test_too_many_calls_are_cut_and_the_trace_says_so() -> None:
    many = "with torch.no_grad():\n    for _ in range(20):\n        y = model(torch.ones(1, 3))\n"
    trace = capture_program(Program(source=HEAD + many), caps=Caps(calls=10))
    assert len(trace.calls or []) == 10
    assert [one.missing for one in trace.truncations] == ["later calls of modules that autograd did not record"]


def test_a_call_inside_of_a_later_one_is_no_trace() -> None:
    trace = traced("with torch.no_grad():\n    y = model(torch.ones(2, 3))\n")
    assert decode_trace(encode_trace(trace)) == trace
    call = ModuleCall(path="m", kind="M", line=1, parent=0, inputs=[], outputs=[])
    with pytest.raises(DamagedTrace, match="inside of one that did not come before it"):
        decode_trace(encode_trace(replace(trace, calls=[call])))
