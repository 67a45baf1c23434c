"""What is said of a run beside its program, in one answer: what surprises, its leaves, its output, figures of it."""

from __future__ import annotations

from msgspec import Struct

from ..explanations import Remark, remarks
from ..facts import LeafRow, TraceIndex, leaf_rows
from ..facts.events import EventTable
from ..facts.output import Output, output_of
from ..facts.text import plural
from ..source.form import Form, Written
from ..source.form.fixes import Fix, fix_of
from ..trace import Trace

_MOST_REMARKS = 6
_MOST_NOTES, _MOST_CUTS = 5, 3


class Account(Struct, frozen=True):
    """``remarks`` are what surprises in a program that ran to its end; ``figures`` are short lines about the run."""

    remarks: tuple[Remark, ...]
    leaves: tuple[LeafRow, ...]
    output: Output
    figures: tuple[str, ...]


def account(index: TraceIndex) -> Account:
    """Return what is said of a run."""
    return index.once(_account)


def _account(index: TraceIndex) -> Account:
    trace = index.trace
    return Account(remarks(trace)[:_MOST_REMARKS], tuple(leaf_rows(trace)), output_of(trace), tuple(_figures(trace)))


def _figures(trace: Trace) -> list[str]:
    lines = [note.message for note in trace.notes[:_MOST_NOTES]]
    if not trace.steps:
        return lines  # it ended before its first line
    text = f"{plural(len(trace.nodes), 'node')} · {plural(len(trace.backwards), 'backward pass')}"
    text += f" · torch {trace.environment.torch.partition('+')[0]} on {trace.program.device}"
    lines.append(f"{text} · observed run took {trace.duration_ns / 1e6:.1f} ms")
    cuts = trace.truncations[:_MOST_CUTS]
    return lines + [f"Recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}." for cut in cuts]


def mended(index: TraceIndex, form: Form, written: Written) -> Fix | None:
    """Return what to say and to change where the form's program raised an error: ``fix_of`` of its trace."""
    return fix_of(form, written, index.trace)


def first_moment(index: TraceIndex, line: int) -> int | None:
    """Return the moment of the story at which a line, or one after it, was the first to run; ``None`` if none was."""
    steps = index.trace.steps
    for place, event in enumerate(index.once(EventTable).all):
        if event.step is not None and event.step < len(steps) and steps[event.step].line >= line:
            return place + 1
    return None
