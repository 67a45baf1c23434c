"""Whatever fails in an observer, the program prints, computes and fails as in plain Python, and the trace says so."""

from __future__ import annotations

import contextlib
import io
from typing import Any, NoReturn

import pytest
import torch

from components.capture import capture_program
from components.capture.engine import EngineObserver
from components.capture.failures import Asides
from components.capture.gradients import GradientLog
from components.capture.modules import ModuleObserver
from components.capture.nodes import NodeLog
from components.capture.steps import StepObserver
from components.capture.tensors import TensorLog
from components.capture.values import ValueReader
from components.trace import Observer, Program, Trace, decode_trace, encode_trace

SOURCE = """\
import torch
from torch import nn
m = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
x = torch.ones(4, 2, requires_grad=True)
o = torch.optim.SGD(m.parameters(), lr=0.1)
for i in range(2):
    o.zero_grad()
    loss = m(x).pow(2).mean()
    loss.backward()
    o.step()
    print(i, loss.item(), [p.grad.sum().item() for p in m.parameters()])
g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
print(g.sum(), x.grad)
raise ValueError("the end")
"""


def plain() -> str:
    """What plain Python prints, up to the error."""
    torch.manual_seed(0)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(ValueError, match="the end"):
        exec(compile(SOURCE, "<plain>", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def breaks(*arguments: Any, **options: Any) -> NoReturn:
    raise RuntimeError("this observer is broken\nwith a second line")


@pytest.mark.parametrize(
    ("owner", "name", "observer", "missing"),
    [
        (ValueReader, "read", "values", "the numbers of some tensors"),
        (ValueReader, "passing", "backwards", "some gradients"),
        (ValueReader, "gradient", "gradients", "some changes of .grad"),
        (NodeLog, "_read_saved", "nodes", "what AddmmBackward0 saved"),
        (NodeLog, "reach", "nodes", "the graph of a backward pass"),
        (NodeLog, "register", "tensors", "the variable `loss`"),
        (GradientLog, "watch", "tensors", "the variable `x`"),
        (GradientLog, "_cause", "gradients", "some changes of .grad"),
        (GradientLog, "compare", "steps", "what some lines changed"),
        (GradientLog, "accumulated", "backwards", "what a backward pass released and added"),
        (ModuleObserver, "_enter", "nodes", "which module made some nodes"),
        (StepObserver, "_begin_step", "steps", "what some lines changed"),
        (StepObserver, "_changed", "steps", "what some lines changed"),
        (StepObserver, "_look_at", "tensors", "the variable `loss`"),
        (TensorLog, "observe", "tensors", "the variable `loss`"),
        (EngineObserver, "_draft", "backwards", "a backward pass"),
        (EngineObserver, "_hook", "backwards", "the steps of a backward pass"),
        ("components.capture.engine", "EngineStepDraft", "backwards", "some steps of a backward pass"),
        (EngineObserver, "_settle", "backwards", "what a backward pass released and added"),
        ("components.capture.torchviz_dot.torchviz", "make_dot", "torchviz", "torchviz's drawing, which"),
        ("components.capture.observers", "named_tensors", "torchviz", "torchviz's drawing"),
        ("components.capture.modules", "named_modules", "nodes", "which module made some nodes"),
        ("components.capture.nodes", "saved_by", "nodes", "what AddmmBackward0 saved"),
        ("components.capture.tensors", "_state", "tensors", "the variable `loss`"),
        ("components.capture.steps", "short_text", "tensors", "the variable `i`"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", "-"),
)
def test_the_program_is_that_of_plain_python(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, observer: Observer, missing: str
) -> None:
    with monkeypatch.context() as patched:
        if isinstance(owner, str):
            patched.setattr(f"{owner}.{name}", breaks)
        else:
            patched.setattr(owner, name, breaks)
        logged: list[str] = []
        trace = capture_program(Program(source=SOURCE), log=logged.append)
    assert trace.stdout == plain()
    assert trace.failure is not None
    assert (trace.failure.error_type, trace.failure.message, trace.failure.line) == ("ValueError", "the end", 14)
    said = [note for note in trace.notes if note.observer == observer and missing in note.message]
    assert said
    assert said[0].message.endswith("(RuntimeError: this observer is broken).")
    assert said[0].line is None or 1 <= said[0].line <= 14
    assert len({(note.observer, note.message) for note in trace.notes}) == len(trace.notes), "each thing is said once"
    assert logged
    assert all("this observer is broken" in text and "Traceback" in text for text in logged)
    assert decode_trace(encode_trace(trace)) == trace


def test_a_program_that_nothing_fails_in_has_no_notes() -> None:
    logged: list[str] = []
    assert capture_program(Program(source=SOURCE), log=logged.append).notes == []
    assert logged == []


def test_what_the_other_observers_saw_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = capture_program(Program(source=SOURCE))
    monkeypatch.setattr(ValueReader, "read", breaks)
    monkeypatch.setattr("components.capture.torchviz_dot.torchviz.make_dot", breaks)
    trace = capture_program(Program(source=SOURCE))

    def shape(trace: Trace) -> list[Any]:
        return [
            [(step.line, sorted(step.variables)) for step in trace.steps],
            [(node.name, node.line, node.module, node.number) for node in trace.nodes],
            trace.edges,
            [(run.line, [step.node for step in run.steps]) for run in trace.backwards],
            [(change.variable, change.cause, change.added) for change in trace.gradients],
        ]

    assert shape(trace) == shape(whole)
    assert {tensor.values is None for tensor in trace.tensors} == {True}


def test_notes_are_bounded() -> None:
    asides = Asides(most=3)
    for number in range(10):
        asides.note("steps", f"{number}", None)
    assert [note.message for note in asides.notes] == ["0", "1", "2"]


def test_what_has_no_words_is_no_reason_to_fail() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    asides = Asides(most=3)
    with asides.aside("steps", "something"):
        raise Mute


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_on_purpose_goes_through(error: type[BaseException]) -> None:
    asides = Asides(most=3)
    with pytest.raises(error), asides.aside("steps", "something"):
        raise error
    assert asides.notes == []


def test_lines_of_a_notebook_that_were_left_out_are_noted() -> None:
    trace = capture_program(Program(source="%matplotlib inline\nx = 1\n!pip install torch\nprint(x)\n"))
    assert trace.failure is None
    assert trace.stdout == "1\n"
    assert [(note.observer, note.line) for note in trace.notes] == [(None, 1), (None, 3)]
    assert "%matplotlib inline" in trace.notes[0].message
