"""What is asked of a trace is answered alike here and in a reader, which is bounded and believed in records only."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from components.capture import capture_program, measure_program
from components.facts.compare.graphs import GraphMarks
from components.facts.gradients.flow import intermediate_gradients
from components.reading import KeptTrace, LetGo, ReaderFailed, Traces, sections
from components.reading import memory_sections as memory
from components.reading import reader as reader_module
from components.reading.account import account, first_moment
from components.reading.graph_view import GraphAsked, graph_view
from components.reading.kept import Own, head_of
from components.reading.offers import change_of
from components.reading.records import Told, from_bytes, to_bytes
from components.source import SourceLimits
from components.trace import Caps, MeasuredRun, Program, Trace, encode_trace, observed_run, pack, with_measured
from components.worker import Limits
from components.worker.sent import Sent, SentMemory
from tests.figures import traces as t

PROGRAM = Program(source="x = 1\nprint(x)")
TRAINING = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters())
for step in range(3):
    loss = (model(torch.ones(5, 3)) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
EMPTY = t.make_trace("pass")


@pytest.fixture(scope="module")
def afar() -> Iterator[Traces]:
    """Traces that are all read in a reader."""
    made = Traces(small=0)
    yield made
    made.close()


def reader_pid(traces: Traces) -> int:
    process = traces.reader._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("trace", [t.chain(3), t.chain(400), EMPTY], ids=["small", "folded", "empty"])
def test_a_reader_says_what_is_said_here(afar: Traces, trace: Trace) -> None:
    here = Traces()
    near, far = here.keep(trace), afar.keep(trace)
    assert far.head == near.head == head_of(here.index(near))
    marks = GraphMarks(frozenset({"n1"}), frozenset({("n1", "n0")}))
    for asked in (GraphAsked(asks=True), GraphAsked(opened=(), saved=False), GraphAsked(only=marks)):
        assert afar.look(far, graph_view, asked) == here.look(near, graph_view, asked)
    assert afar.look(far, account) == here.look(near, account)
    assert afar.look(far, first_moment, 1) == here.look(near, first_moment, 1)
    assert afar.look(far, change_of, "n0~leaf", None, "scale", "two") == here.look(
        near, change_of, "n0~leaf", None, "scale", "two"
    )
    assert afar.json(far) == here.json(near) == encode_trace(trace)


@pytest.fixture(scope="module")
def training() -> Trace:
    """A program of a few steps, with its memory."""
    program = Program(source=TRAINING)
    observed = capture_program(program)
    measured = measure_program(program, observed_run(observed), Caps(), SourceLimits())
    return with_measured(observed, measured)


def test_a_reader_says_of_gradients_what_is_said_here(afar: Traces, training: Trace) -> None:
    here = Traces(small=1 << 30)
    near, far = here.keep(training), afar.keep(training)
    assert here.look(near, sections.history_of).calls
    for function in (sections.history_of, sections.to_look_at, sections.layer_trends, sections.engine_runs):
        assert afar.look(far, function) == here.look(near, function)
    for run in here.look(near, sections.engine_runs):
        assert afar.look(far, intermediate_gradients, run) == here.look(near, intermediate_gradients, run)
    other, there = here.keep(t.chain(3)), afar.keep(t.chain(3))
    timelines = here.look_at_both(near, other, sections.both_timelines, "line")
    assert timelines.sides
    assert afar.look_at_both(far, there, sections.both_timelines, "line") == timelines


def test_a_reader_says_of_memory_what_is_said_here(afar: Traces, training: Trace) -> None:
    here = Traces(small=1 << 30)
    near, far = here.keep(training), afar.keep(training)
    about = here.look(near, memory.memory_told).about
    assert about is not None
    assert about.events > 10
    alone = (memory.memory_told, memory.saved, memory.calls, memory.kept_graphs, memory.all_events, memory.all_blocks)
    for function in (*alone, memory.snapshot):
        assert afar.look(far, function) == here.look(near, function)
    assert afar.look(far, memory.timeline, "step", None) == here.look(near, memory.timeline, "step", None)
    assert afar.look(far, memory.alive, about.peak or 0) == here.look(near, memory.alive, about.peak or 0)
    change = "a change", 3, "what it does"
    found = here.look_at_both(near, near, memory.outcome_of, *change)
    assert found.same
    assert afar.look_at_both(far, far, memory.outcome_of, *change) == found


def test_a_reader_keeps_what_it_has_read(afar: Traces) -> None:
    kept = afar.keep(t.chain(3))
    pid = reader_pid(afar)
    afar.shelf.hold("", "x", kept)
    kept.source = Own(PROGRAM, pack(b"what would be no trace"))
    assert afar.look(kept, head_of).nodes == 4
    assert reader_pid(afar) == pid


def test_two_traces_are_asked_about_together(afar: Traces) -> None:
    here, sides = Traces(), (t.chain(3), t.chain(5))
    (one, other), (near, far) = ([traces.keep(trace) for trace in sides] for traces in (here, afar))
    assert afar.look_at_both(near, far, sections.comparison) == here.look_at_both(one, other, sections.comparison)


def test_which_program_ran_is_not_for_the_bytes_to_say(afar: Traces) -> None:
    packed = pack(encode_trace(t.chain(3)))
    for traces in (Traces(), afar):
        kept = traces.keep(Sent(packed, PROGRAM, Limits()))
        assert (kept.program, kept.head.nodes) == (PROGRAM, 4)


@pytest.mark.parametrize("data", [b"", b"[" * 10_000, b"\xff\xfe", b'{"version": 1}'])
def test_damaged_bytes_are_a_run_that_failed(afar: Traces, data: bytes) -> None:
    for traces in (Traces(), afar):
        kept = traces.keep(Sent(pack(data), PROGRAM, Limits(), stdout="printed"))
        assert kept.failure is not None
        assert kept.failure.kind == "crashed"
        assert "damaged trace" in kept.failure.message
        assert traces.index(kept).trace.stdout == "printed"


def test_too_many_values_are_not_even_read(afar: Traces) -> None:
    sent = Sent(pack(encode_trace(t.chain(30))), PROGRAM, Limits(trace_values=20))
    for traces in (Traces(), afar):
        kept = traces.keep(sent)
        assert kept.failure is not None
        assert kept.failure.kind == "too_large"


# --- the process


def test_a_reader_has_nothing_of_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_SERVER", "word")
    traces = Traces(small=0)
    try:
        traces.keep(EMPTY)
        with open(f"/proc/{reader_pid(traces)}/environ", "rb") as file:
            names = {entry.partition(b"=")[0].decode() for entry in file.read().split(b"\0") if entry}
        assert names <= {*reader_module._KEPT_VARIABLES, *reader_module._FIXED}
        with open(f"/proc/{reader_pid(traces)}/limits", encoding="ascii") as limits:
            (line,) = [line for line in limits if line.startswith("Max address space")]
        assert int(line.split()[3]) <= 4 << 30
        with open(f"/proc/{reader_pid(traces)}/maps", encoding="utf-8") as maps:
            assert "torch" not in maps.read()
    finally:
        traces.close()


def test_a_reader_that_was_killed_is_replaced() -> None:
    traces = Traces(small=0)
    try:
        kept = traces.keep(t.chain(3))
        pid = reader_pid(traces)
        os.kill(pid, signal.SIGKILL)
        assert traces.look(kept, head_of).nodes == 4
        assert reader_pid(traces) != pid
    finally:
        traces.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_takes_too_long_is_a_run_that_is_too_large() -> None:
    traces = Traces(small=2_000)
    traces.reader = reader_module.Reader(seconds=0)
    try:
        kept = traces.keep(Sent(pack(encode_trace(t.chain(30))), PROGRAM, Limits()))
        assert (kept.program, kept.head.nodes) == (PROGRAM, 0)
        assert kept.failure is not None
        assert kept.failure.kind == "too_large"
        with pytest.raises(ReaderFailed, match="too large to be shown"):
            traces.reader.call([(1, Own.of(EMPTY))], head_of)
        with pytest.raises(ProcessLookupError):
            os.kill(reader_pid(traces), 0)
    finally:
        traces.close()


def test_a_reader_calls_functions_of_ours_only(afar: Traces) -> None:
    kept = afar.keep(t.chain(3))
    shout: Callable[..., Any] = os.path.basename
    with pytest.raises(ReaderFailed, match="log"):
        afar.look(kept, shout)


def test_a_reader_that_has_grown_is_replaced_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = Traces(small=0)
    try:
        kept = traces.keep(t.chain(3))
        pid = reader_pid(traces)
        traces.reader.rest()
        assert reader_pid(traces) == pid  # it is small
        monkeypatch.setattr(reader_module, "_GROWN", 0)
        traces.reader.rest()
        assert reader_pid(traces) == pid  # somebody has just asked
        monkeypatch.setattr(reader_module, "_RESTS_AFTER", 0.0)
        traces.reader.rest()
        assert traces.reader._process is None
        assert traces.look(kept, head_of).nodes == 4
        monkeypatch.setattr(reader_module, "_TOO_LARGE", 0)
        pid = reader_pid(traces)
        traces.look(kept, head_of)
        assert traces.reader._process is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        traces.close()


# --- what comes back


def test_records_come_back_as_they_were() -> None:
    told = Told((PROGRAM, GraphMarks(frozenset({"a"})), UNSET, {1}, Counter("aab"), b"x", None), "", 7)
    assert from_bytes(to_bytes(told)) == told


class _Calls:
    def __init__(self, function: Callable[..., Any], *args: object) -> None:
        self.called = function, args

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.called


@pytest.mark.parametrize(
    "forged",
    [
        _Calls(os.getpid),
        _Calls(builtins.eval, "1"),
        _Calls(getattr, PROGRAM, "source"),
        _Calls(io.StringIO, "x"),
        _Calls(encode_trace, EMPTY),
        _Calls(Traces),
        _Calls(msgspec.json.encode, 1),
    ],
)
def test_nothing_else_comes_back(forged: _Calls) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no record"):
        from_bytes(pickle.dumps(forged))


# --- what is kept


def kept_of(traces: Traces, length: int) -> KeptTrace:
    return traces.keep(t.chain(length))


def test_what_was_looked_at_least_lately_is_let_go_and_the_last_two_stay() -> None:
    traces = Traces()
    first, second, third = (kept_of(traces, length) for length in (3, 4, 5))
    traces = Traces(most_bytes=first.bytes + second.bytes)
    for name, kept in enumerate((first, second)):
        traces.shelf.hold("s", name, kept)
    traces.look(first, head_of)
    traces.shelf.hold("s", 3, third)
    assert [kept.gone for kept in (first, second, third)] == [False, True, False]
    assert traces.shelf.bytes == first.bytes + third.bytes
    with pytest.raises(LetGo):
        traces.look(second, head_of)
    narrow = Traces(most_bytes=1)
    for name, length in enumerate((6, 7, 8)):
        narrow.shelf.hold("s", name, kept := kept_of(narrow, length))
        assert not kept.gone
    assert narrow.shelf.bytes > 1


def test_a_trace_stays_as_long_as_one_place_holds_it() -> None:
    traces = Traces()
    kept, other = kept_of(traces, 3), kept_of(traces, 4)
    for owner in "ab":
        traces.shelf.hold(owner, "page", kept)
    assert traces.shelf.bytes == kept.bytes
    traces.shelf.hold("a", "page", other)
    assert not kept.gone
    traces.shelf.hold("b", "page", kept)  # again, in the same place
    assert not kept.gone
    traces.shelf.release("b")
    assert kept.gone
    assert traces.shelf.owners == {"a"}
    traces.shelf.hold("a", "page", None)
    assert (other.gone, traces.shelf.bytes, traces.shelf.owners) == (True, 0, set())


# --- memory, which another run measures


def sent_memory(training: Trace) -> bytes:
    measured = measure_program(training.program, observed_run(training), Caps(), SourceLimits())
    return msgspec.json.encode(measured)


def test_memory_that_was_measured_later_belongs_to_its_trace(afar: Traces, training: Trace) -> None:
    data = sent_memory(training)
    observed = msgspec.structs.replace(training, memory=None)
    for traces in (Traces(small=1 << 30), afar):
        kept = traces.keep(observed)
        assert not kept.head.measured
        assert traces.look(kept, memory.to_measure) == observed_run(training)
        whole = traces.with_memory(kept, SentMemory(pack(data), Limits()))
        assert whole.head.measured
        assert whole.bytes == kept.bytes + len(pack(data).data)
        assert traces.index(whole).trace == msgspec.structs.replace(
            observed, memory=msgspec.json.decode(data, type=MeasuredRun).memory
        )


@pytest.mark.parametrize(
    ("data", "limits"),
    [(b"[]", Limits()), (b'{"memory": 1}', Limits()), (b"", Limits()), (None, Limits(trace_values=9))],
)
def test_memory_that_is_damaged_or_too_large_is_a_note(
    afar: Traces, training: Trace, data: bytes | None, limits: Limits
) -> None:
    for traces in (Traces(small=1 << 30), afar):
        kept = traces.keep(msgspec.structs.replace(training, memory=None))
        whole = traces.with_memory(kept, SentMemory(pack(sent_memory(training) if data is None else data), limits))
        told = traces.look(whole, memory.memory_told)
        assert told.about is None
        assert told.note is not None
        assert "did not end well" in told.note
        assert not told.final
        assert traces.look(whole, account) == traces.look(kept, account)
