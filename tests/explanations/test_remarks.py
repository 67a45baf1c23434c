"""Programs that run to their end and surprise: what is remarked is what a person wrote down first, and no more.

``remarks.txt`` has for each the line to blame, ``culprit``, and what must hold after the hint, both written by hand;
``RECORD_GOLDENS=1`` writes the words. ``silent.txt`` has programs much like them that do what they mean.
"""

from __future__ import annotations

import os
import time
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.explanations import Remark, apply_hint, remarks
from components.trace import Program, Trace
from tests.explanations.catalogue import NONE, Entry, read, traced, write
from tests.explanations.proof import refuted, run
from tests.program_texts import LESSONS, PROGRAMS

HERE = Path(__file__).parent
FILE = HERE / "remarks.txt"
ENTRIES = read(FILE)
SILENT = read(HERE / "silent.txt")
OURS = PROGRAMS | LESSONS


def told(entry: Entry) -> tuple[Remark, ...]:
    trace = traced(entry.source)
    assert trace.failure is None, trace.failure
    return remarks(trace)


def seen(entry: Entry) -> Entry:
    (remark,) = told(entry)
    return replace(entry, explanation=remark.explanation, hint=remark.hint or NONE)


@pytest.mark.parametrize("name", ENTRIES)
def test_one_remark_is_made_of_the_line_that_a_person_wrote_down(name: str) -> None:
    assert [remark.line for remark in told(ENTRIES[name])] == [int(ENTRIES[name].culprit)]


@pytest.mark.parametrize("name", ENTRIES)
def test_it_is_told_as_written(name: str) -> None:
    if os.environ.get("RECORD_GOLDENS") == "1":
        ENTRIES[name] = seen(ENTRIES[name])
        write(list(ENTRIES.values()), FILE)
    entry = ENTRIES[name]
    assert seen(entry) == entry
    assert entry.explanation[-1] in ".?)"
    assert entry.explanation.count("`") % 2 == 0
    assert len(entry.explanation) < 480


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.hint != NONE])
def test_the_hint_makes_the_program_do_what_was_meant(name: str) -> None:
    entry = ENTRIES[name]
    mended = apply_hint(entry.source, entry.hint)
    assert mended is not None
    against = refuted(mended, entry.holds)
    assert against is None, f"{against}\n{mended}"
    assert remarks(traced(mended)) == (), mended


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.holds and entry.hint != NONE])
def test_what_must_hold_does_not_hold_before(name: str) -> None:
    entry = ENTRIES[name]
    assert refuted(entry.source, entry.holds) is not None


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_remarked_where_the_program_does_what_it_means(name: str) -> None:
    with suppress(SystemExit):
        assert run(SILENT[name].source).error is None
    assert told(SILENT[name]) == ()


@pytest.mark.parametrize("name", OURS)
def test_of_lessons_and_test_programs_only_one_surprises_and_means_to(name: str) -> None:
    lines = [remark.line for remark in remarks(traced(OURS[name]))]
    assert lines == ([15] if name == "broadcasting" else [])


def test_a_run_that_failed_gets_none() -> None:
    source = ENTRIES["step_not_called"].source + "raise ValueError\n"
    assert remarks(traced(source)) == ()


def test_they_cost_little() -> None:
    traces = [traced(entry.source) for entry in ENTRIES.values()]
    began = time.process_time()
    for trace in traces:
        remarks(trace)
    assert (time.process_time() - began) / len(traces) < 0.02


LINES = sorted({line for entry in ENTRIES.values() for line in entry.source.splitlines()})


@st.composite
def damaged(draw: st.DrawFn) -> Trace:
    """A trace whose source was mixed with others', and with records missing."""
    trace = traced(draw(st.sampled_from(sorted(ENTRIES.values(), key=lambda entry: entry.name))).source)
    lines = trace.program.source.splitlines()
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 2))] = [draw(st.sampled_from(LINES) | st.text(max_size=40))]
    parts = ("steps", "tensors", "nodes", "edges", "backwards", "gradients", "warnings")
    cut = {name: getattr(trace, name)[: draw(st.sampled_from([0, 3, None]))] for name in parts}
    program = Program(source="\n".join(lines).encode("utf-8", "replace").decode())
    return msgspec.structs.replace(trace, program=program, **cut)


@given(damaged())
@settings(max_examples=150)
def test_a_damaged_trace_gets_some_or_none_and_their_hints_fit(trace: Trace) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the parser's own words on strangers' escapes
        for remark in remarks(trace):
            assert remark.hint is None or apply_hint(trace.program.source, remark.hint) is not None
