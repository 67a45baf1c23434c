"""What the Memory page asks of a trace, each in one answer."""

from __future__ import annotations

from msgspec import UNSET, Struct

from ..facts import TraceIndex
from ..facts.compare.outcomes import Outcome, outcome
from ..facts.memory import MemoryIndex, memory_index
from ..facts.memory.held import Alive, EngineMemory, Saved, alive_info, engine_memory, saved_info
from ..facts.memory.leaks import Leak, leaks
from ..facts.memory.stacks import Stacks, stacks_info
from ..facts.memory.timeline import Axis, Timeline, timeline_info
from ..figures.charts.spreadsheets import blocks_csv, events_csv
from ..trace import ObservedRun, observed_run, why_not_measured


class MemoryAbout(Struct, frozen=True, kw_only=True):
    """The memory of a run in a few figures: bytes, its ``events`` and where they are cut, who measured it and on what.

    ``peak`` is the event of the peak, or of the most that was recorded where the peak came after that.
    """

    device: str
    device_name: str
    source: str
    peak_bytes: int
    peak_line: int | None
    final_bytes: int
    events: int
    peak: int | None
    peak_recorded: bool
    cuts: tuple[int, ...]
    has_snapshot: bool
    has_stacks: bool


class MemoryTold(Struct, frozen=True):
    """The memory of a run, if it was measured; a note on it, and whether another try would say the same."""

    about: MemoryAbout | None
    note: str | None
    final: bool


def memory_told(index: TraceIndex) -> MemoryTold:
    """Return what is known of a run's memory."""
    trace = index.trace
    note = trace.memory_note if trace.memory_note is not UNSET else None
    return MemoryTold(_about(index), note, note == why_not_measured(trace))


def to_measure(index: TraceIndex, stacks: bool = False) -> ObservedRun | str:
    """Return what the run that measures memory is told, with ``stacks`` or without, or why there is to be none."""
    return why_not_measured(index.trace) or observed_run(index.trace, stacks)


def _about(index: TraceIndex) -> MemoryAbout | None:
    memory = index.once(memory_index)
    if memory is None:
        return None
    record, trace = memory.record, index.trace
    return MemoryAbout(
        device=record.device,
        device_name=trace.environment.device_name,
        source=record.source,
        peak_bytes=record.peak_bytes,
        peak_line=record.peak_line,
        final_bytes=record.final_bytes,
        events=len(record.events),
        peak=memory.peak,
        peak_recorded=record.peak_event is not None,
        cuts=tuple(cut.cap for cut in trace.truncations if cut.observer == "memory"),
        has_snapshot=record.cuda_snapshot is not None,
        has_stacks=record.frames is not UNSET,
    )


def _of(index: TraceIndex) -> MemoryIndex:
    memory = index.once(memory_index)
    if memory is None:
        raise ValueError("the memory of this trace was not measured")
    return memory


def timeline(index: TraceIndex, axis: Axis, window: tuple[int, int] | None) -> Timeline:
    """Return the memory over the run."""
    return _of(index).once(timeline_info, axis, window)


def alive(index: TraceIndex, event: int) -> Alive:
    """Return what was alive after an event."""
    return _of(index).once(alive_info, event)


def stacks(index: TraceIndex, event: int) -> Stacks:
    """Return which Python calls allocated what was alive after an event."""
    return _of(index).once(stacks_info, event)


def saved(index: TraceIndex) -> Saved:
    """Return what was saved for backward."""
    return _of(index).once(saved_info)


def calls(index: TraceIndex) -> tuple[EngineMemory, ...]:
    """Return what each run of the engine did to the memory."""
    return _of(index).once(engine_memory)


def kept_graphs(index: TraceIndex) -> tuple[Leak, ...]:
    """Return which lines keep graphs from iteration to iteration."""
    return _of(index).once(leaks)


def all_events(index: TraceIndex) -> str:
    """Return all events as CSV."""
    return events_csv(_of(index))


def all_blocks(index: TraceIndex) -> str:
    """Return all blocks as CSV."""
    return blocks_csv(_of(index))


def snapshot(index: TraceIndex) -> str:
    """Return what a GPU's allocator wrote down, as JSON."""
    return _of(index).record.cuda_snapshot or "null"


def outcome_of(before: TraceIndex, after: TraceIndex, title: str, line: int | None, what: str) -> Outcome:
    """Return what became of a program by a change: ``outcome`` of both traces."""
    return outcome(before.trace, after.trace, title, line, what)
