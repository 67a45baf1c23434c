"""Bytes over the run, as few enough points to be drawn at once: of one run by category, or of two runs on one axis.

However many events there are, each bin of them gives its highest and its lowest event, with the categories at that
very event. So no peak is lost, and the layers add up to the total wherever something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...trace import Memory, Trace
from . import BASE, CATEGORIES, Integers, MemoryIndex

Axis = Literal["step", "time"]
PairAxis = Literal["line", "ms", "share"]
MOST_COLUMNS = 1_500
_MOST_POINTS = 4_002
Floats = npt.NDArray[np.float64]
_UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3))


@dataclass(frozen=True)
class BlockEvent:
    """What an event did to a block: the bytes that came or went, what the block is called, and the line that ran.

    ``run`` is like ``backward() 2``, empty outside of the engine.
    """

    delta: int
    category: str
    names: tuple[str, ...]
    line: int | None
    run: str
    code: str


@dataclass(frozen=True)
class Column:
    """One event that is drawn: where, the bytes in all and of each layer at that very event.

    ``count`` is how many events it stands for, itself included.
    """

    event: int
    x: float
    total: int
    parts: tuple[int, ...]
    count: int
    what: BlockEvent
    moment: int | None


@dataclass(frozen=True)
class Mark:
    """A place on the x axis and the line that begins there."""

    x: float
    line: int | None


@dataclass(frozen=True)
class Span:
    """From where to where a call of the engine ran; ``label`` is like ``backward 2``."""

    first: float
    last: float
    label: str
    line: int | None


@dataclass(frozen=True)
class CudaPoint:
    """What CUDA's allocator said at the end of a step."""

    x: float
    allocated: int
    reserved: int
    peak: int


@dataclass(frozen=True)
class Timeline:
    """Bytes over the run. ``layers`` are from the bottom up, as are the ``parts`` of a column.

    ``unit`` is that of ``x`` (``step``, ``µs``, ``ms`` or ``s``), ``base`` the bytes before the first event,
    ``start`` and ``end`` the ends of the axis. ``peak`` is the place of the peak among the columns.
    """

    axis: Axis
    unit: str
    layers: tuple[str, ...]
    columns: tuple[Column, ...]
    base: int
    start: float
    end: float
    peak: int | None
    lines: tuple[Mark, ...]
    spans: tuple[Span, ...]
    cuda: tuple[CudaPoint, ...]
    events: int


def timeline_info(memory: MemoryIndex, axis: Axis, window: tuple[int, int] | None = None) -> Timeline:
    """Return the picture of the events ``first`` to ``last`` of ``window``, of all of them without one.

    On the axis ``step`` every step of the program and every visit of a node by the engine is 1 wide, and its events
    stand in it at equal distances. A line that goes on after the functions it called gets another place for that. On
    the axis ``time`` they stand where the clock saw them.
    """
    count = len(memory.events)
    first, last = window or (0, count - 1)
    if not count:
        return Timeline(axis, "step", (), (), memory.record.baseline_bytes, 0.0, 1.0, None, (), (), (), 0)
    slots = slots_of(memory)
    if axis == "step":
        unit, x = "step", _spread(slots)
        end = float(slots[-1] + 1)
    else:
        unit, scale = _clock(memory.events[last].t_ns - memory.events[first].t_ns if window else memory.events[-1].t_ns)
        x = np.fromiter((event.t_ns for event in memory.events), np.float64, count) / scale
        end = max(memory.record.duration_ns / scale, float(x[-1]))
    drawn = thinned(memory.totals, first, last, MOST_COLUMNS)
    rest = memory.totals - memory.by_category.sum(axis=0)
    kinds = [place for place in range(len(CATEGORIES)) if memory.by_category[place, drawn].any()]
    based = bool(rest[drawn].any())
    columns = _columns(memory, drawn, x, [*([rest] if based else []), *(memory.by_category[k] for k in kinds)])
    peak = memory.record.peak_event
    shown = [place for place, column in enumerate(columns) if column.event == peak]
    start = float(slots[first]) if axis == "step" else 0.0 if first == 0 else float(x[first])
    end = end if last == count - 1 else float(x[last])
    return Timeline(
        axis,
        unit,
        (*((BASE,) if based else ()), *(CATEGORIES[place] for place in kinds)),
        columns,
        memory.record.baseline_bytes if first == 0 else int(memory.totals[first - 1]),
        start,
        end,
        shown[0] if shown else None,
        _line_marks(memory, slots, x, axis, first, last),
        _spans(memory, x, first, last, end),
        _cuda(memory, x, first, last),
        last - first + 1,
    )


def thinned(totals: Integers, first: int, last: int, most: int) -> list[int]:
    """Return the places to draw of ``first`` to ``last``, at most so many, in order.

    All, or of each of many bins the highest and the lowest, and both ends. ``totals`` has the shape (events,).
    """
    if last - first < most:
        return list(range(first, last + 1))
    chosen = {first, last}
    for begin, end in pairwise(np.linspace(first, last + 1, most // 2).astype(np.int64).tolist()):
        chosen.add(begin + int(np.argmax(totals[begin:end])))
        chosen.add(begin + int(np.argmin(totals[begin:end])))
    return sorted(chosen)


def _columns(memory: MemoryIndex, drawn: Sequence[int], x: Floats, layers: Sequence[Integers]) -> tuple[Column, ...]:
    """Each stands for the events since the one before it."""
    before = [drawn[0] - 1, *drawn[:-1]]
    parts = [layer[list(drawn)].tolist() for layer in layers]
    return tuple(
        Column(
            event,
            float(x[event]),
            int(memory.totals[event]),
            tuple(layer[place] for layer in parts),
            event - earlier,
            _what(memory, event),
            memory.numbers.of_memory(memory.events[event]),
        )
        for place, (earlier, event) in enumerate(zip(before, drawn, strict=True))
    )


def _what(memory: MemoryIndex, place: int) -> BlockEvent:
    event = memory.events[place]
    block, node = memory.blocks[event.allocation], memory.index.nodes.get(event.node or "")
    names = [block.name] if block.name is not None else []
    names += [block.operation] if block.operation else []
    names += [node.name] if node is not None and node.name != block.operation else []
    run = memory.run_labels.get(event.backward or "", "")
    code = memory.index.code(event.line)
    return BlockEvent(event.delta_bytes, event.category, tuple(names), event.line, run, code)


# --- where events stand


def slots_of(memory: MemoryIndex) -> Integers:
    """Return the place of each event on the axis of steps: whole numbers that never fall.

    A step of the program takes one place, a step without events too; the visit of a node by the engine takes another.
    """
    steps = _steps(memory)
    further = np.diff(np.maximum.accumulate(steps))
    moved = np.where(np.diff(steps) != 0, np.maximum(further, 1), (np.diff(_visits(memory)) != 0).astype(np.int64))
    return np.concatenate(([steps[0]], steps[0] + np.cumsum(moved))).astype(np.int64)


def _visits(memory: MemoryIndex) -> Integers:
    """Return a number for the engine's visit in which each event took place, 0 outside of the engine."""
    numbers: dict[tuple[str, str], int] = {}
    found, now, run = [], 0, ""
    for event in memory.events:
        if event.backward is None:
            now, run = 0, ""
        elif event.node is not None or event.backward != run:
            run = event.backward
            now = numbers.setdefault((run, event.node or ""), len(numbers) + 1)
        found.append(now)
    return np.array(found, np.int64)


def _steps(memory: MemoryIndex) -> Integers:
    """Return the step of each event; what belongs to none stands with what came before it."""
    steps = np.fromiter((-1 if event.step is None else event.step for event in memory.events), np.int64)
    known = np.maximum.accumulate(np.where(steps >= 0, np.arange(len(steps)), 0))
    return np.asarray(np.maximum(steps[known], 0), np.int64)


def _spread(slots: Integers) -> Floats:
    """Return where events stand whose places are ``slots``: at equal distances inside of each."""
    starts = np.flatnonzero(np.concatenate(([True], np.diff(slots) != 0)))
    counts = np.diff(np.concatenate((starts, [len(slots)])))
    number = np.arange(len(slots)) - np.repeat(starts, counts)
    return np.asarray(slots + (number + 0.5) / np.repeat(counts, counts), np.float64)


def _clock(nanoseconds: int) -> tuple[str, float]:
    return next(((unit, size) for unit, size in _UNITS if nanoseconds >= 2 * size), _UNITS[-1])


# --- marks


def _line_marks(memory: MemoryIndex, slots: Integers, x: Floats, axis: Axis, first: int, last: int) -> tuple[Mark, ...]:
    """Where each line begins that allocates or releases something."""
    begins = first + np.flatnonzero(np.concatenate(([True], np.diff(_steps(memory)[first : last + 1]) != 0)))
    return tuple(
        Mark(float(slots[place]) if axis == "step" else float(x[place]), memory.events[place].line)
        for place in begins.tolist()
    )


def _spans(memory: MemoryIndex, x: Floats, first: int, last: int, end: float) -> tuple[Span, ...]:
    """A call of the engine lasts from its first event to the one that comes after its last."""
    found = []
    for run, (begin, over) in memory.spans.items():
        if over >= first and begin <= last:
            until = end if over + 1 >= len(x) else float(x[over + 1])
            line = memory.runs[run].line if run in memory.runs else memory.events[begin].line
            found.append(Span(float(x[begin]), until, memory.run_labels.get(run, ""), line))
    return tuple(found)


def _cuda(memory: MemoryIndex, x: Floats, first: int, last: int) -> tuple[CudaPoint, ...]:
    """Samples were taken at the end of a step: they stand at its last event, or at that of the step before it."""
    highest = np.maximum.accumulate(_steps(memory))
    found = []
    for sample in memory.record.cuda or ():
        place = max(int(np.searchsorted(highest, sample.step, side="right")) - 1, 0)
        if first <= place <= last:
            known = (sample.allocated_bytes, sample.reserved_bytes, sample.peak_bytes)
            found.append(CudaPoint(float(x[place]), *known))
    return tuple(found)


# --- two runs on one axis


@dataclass(frozen=True)
class SideTimeline:
    """One run: ``total`` bytes and those ``saved`` for backward from each ``x`` on; ``lines`` of the program there.

    ``peak`` is the place of the largest total among them, ``None`` where nothing was allocated.
    """

    side: Literal["left", "right"]
    x: tuple[float, ...]
    total: tuple[int, ...]
    saved: tuple[int, ...]
    lines: tuple[int | None, ...]
    peak: int | None


@dataclass(frozen=True)
class Timelines:
    """Both runs on the same axis; a side whose memory was not recorded is missing, and ``notes`` say why."""

    by: PairAxis
    sides: tuple[SideTimeline, ...]
    notes: tuple[str, ...] = ()


def timelines_info(left: Trace, right: Trace, by: PairAxis = "line") -> Timelines:
    """Return the memory of two runs over the lines executed, the milliseconds, or the percent of each run's time."""
    sides, notes = [], []
    pairs: tuple[tuple[Literal["left", "right"], Trace], ...] = ("left", left), ("right", right)
    for side, trace in pairs:
        if trace.memory is not None:
            try:
                sides.append(_timeline(side, trace, trace.memory, by))
            except OverflowError:  # a file can say anything
                notes.append(f"On the {side}: a number in this memory is beyond what can be drawn")
        note = trace.memory_note if isinstance(trace.memory_note, str) else ""
        if trace.memory is None or note:
            notes.append(f"On the {side}: {note or 'no memory was recorded in this trace'}")
    return Timelines(by, tuple(sides), tuple(notes))


def _timeline(side: Literal["left", "right"], trace: Trace, memory: Memory, by: PairAxis) -> SideTimeline:
    events = memory.events
    total = np.array([memory.baseline_bytes, *(event.total_bytes for event in events), memory.final_bytes], np.int64)
    kept = [0 if event.category != "saved" else event.delta_bytes for event in events]
    saved = np.cumsum(np.array([0, *kept, 0], np.int64))
    x = _over_lines(trace, memory) if by == "line" else _over_time(memory, by)
    lines = [None, *(event.line for event in events), None]
    at = thinned(total, 0, len(total) - 1, _MOST_POINTS)
    total = total[at]
    return SideTimeline(
        side,
        tuple(float(x[place]) for place in at),
        tuple(total.tolist()),
        tuple(saved[at].tolist()),
        tuple(lines[place] for place in at),
        int(np.argmax(total)) if events else None,
    )


def _over_time(memory: Memory, by: PairAxis) -> Floats:
    last = max([memory.duration_ns, *(event.t_ns for event in memory.events[-1:])])
    nanoseconds = np.array([0, *(event.t_ns for event in memory.events), last], np.float64)
    return nanoseconds / 1e6 if by == "ms" else 100 * nanoseconds / max(last, 1)


def _over_lines(trace: Trace, memory: Memory) -> Floats:
    """Give each executed line a unit of the axis and its events even places inside it."""
    x, begun = [0.0], 0
    steps = []
    for event in memory.events:
        begun = event.step if event.step is not None else begun
        steps.append(begun)
    for step, group in groupby(steps):
        count = len(list(group))
        x += [step + (place + 1) / (count + 1) for place in range(count)]
    end = max([len(trace.steps), *(int(last) + 1 for last in x[-1:])])
    return np.array([*x, end], np.float64)
