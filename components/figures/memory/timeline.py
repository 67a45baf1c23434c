"""Bytes over the run, by category, as few enough columns to be drawn at once: which events, where, with which marks.

However many events there are, each bin of them gives its highest and its lowest event, with the categories at that
very event. So no peak is lost, and the layers add up to the total wherever something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...facts.events import EventNumbers
from .records import Axis, Column, CudaPoint, Mark, Span, Timeline
from .tables import CATEGORIES, Integers, MemoryTables
from .words import BASE, event_words, run_label

MOST_COLUMNS = 1_500
Floats = npt.NDArray[np.float64]
_UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3))


def timeline_info(
    tables: MemoryTables, moments: EventNumbers, axis: Axis, window: tuple[int, int] | None = None
) -> Timeline:
    """Return the picture of the events ``first`` to ``last`` of ``window``, of all of them without one.

    On the axis ``step`` every step of the program and every visit of a node by the engine is 1 wide, and its events
    stand in it at equal distances. A line that goes on after the functions it called gets another place for that. On
    the axis ``time`` they stand where the clock saw them.
    """
    count = len(tables.events)
    first, last = window or (0, count - 1)
    if not count:
        return Timeline(axis, "step", (), (), tables.memory.baseline_bytes, 0.0, 1.0, None, (), (), (), 0)
    slots = slots_of(tables)
    if axis == "step":
        unit, x = "step", _spread(slots)
        end = float(slots[-1] + 1)
    else:
        unit, scale = _clock(tables.events[last].t_ns - tables.events[first].t_ns if window else tables.events[-1].t_ns)
        x = np.fromiter((event.t_ns for event in tables.events), np.float64, count) / scale
        end = max(tables.memory.duration_ns / scale, float(x[-1]))
    drawn = chosen(tables.totals, first, last)
    rest = tables.totals - tables.by_category.sum(axis=0)
    kinds = [place for place in range(len(CATEGORIES)) if tables.by_category[place, drawn].any()]
    based = bool(rest[drawn].any())
    columns = _columns(tables, moments, drawn, x, [*([rest] if based else []), *(tables.by_category[k] for k in kinds)])
    peak = tables.memory.peak_event
    shown = [place for place, column in enumerate(columns) if column.event == peak]
    start = float(slots[first]) if axis == "step" else 0.0 if first == 0 else float(x[first])
    end = end if last == count - 1 else float(x[last])
    return Timeline(
        axis,
        unit,
        (*((BASE,) if based else ()), *(CATEGORIES[place] for place in kinds)),
        columns,
        tables.memory.baseline_bytes if first == 0 else int(tables.totals[first - 1]),
        start,
        end,
        shown[0] if shown else None,
        _line_marks(tables, slots, x, axis, first, last),
        _spans(tables, x, first, last, end),
        _cuda(tables, x, first, last),
        last - first + 1,
    )


def chosen(totals: Integers, first: int, last: int) -> list[int]:
    """Return the events to draw, in order: all, or of each bin the highest and the lowest, and both ends."""
    count = last - first + 1
    if count <= MOST_COLUMNS:
        return list(range(first, last + 1))
    edges = np.linspace(first, last + 1, MOST_COLUMNS // 2).astype(np.int64)
    found = {first, last}
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        found.add(begin + int(np.argmax(totals[begin:end])))
        found.add(begin + int(np.argmin(totals[begin:end])))
    return sorted(found)


def _columns(
    tables: MemoryTables, moments: EventNumbers, drawn: Sequence[int], x: Floats, layers: Sequence[Integers]
) -> tuple[Column, ...]:
    """Each stands for the events since the one before it."""
    before = [drawn[0] - 1, *drawn[:-1]]
    parts = [layer[list(drawn)].tolist() for layer in layers]
    return tuple(
        Column(
            event,
            float(x[event]),
            int(tables.totals[event]),
            tuple(layer[place] for layer in parts),
            event - earlier,
            event_words(tables, event, event - earlier),
            moments.of_memory(tables.events[event]),
        )
        for place, (earlier, event) in enumerate(zip(before, drawn, strict=True))
    )


# --- where events stand


def slots_of(tables: MemoryTables) -> Integers:
    """Return the place of each event on the axis of steps: whole numbers that never fall.

    A step of the program takes one place, a step without events too; the visit of a node by the engine takes another.
    """
    steps = _steps(tables)
    further = np.diff(np.maximum.accumulate(steps))
    moved = np.where(np.diff(steps) != 0, np.maximum(further, 1), (np.diff(_visits(tables)) != 0).astype(np.int64))
    return np.concatenate(([steps[0]], steps[0] + np.cumsum(moved))).astype(np.int64)


def _visits(tables: MemoryTables) -> Integers:
    """Return a number for the engine's visit in which each event took place, 0 outside of the engine."""
    numbers: dict[tuple[str, str], int] = {}
    found, now, run = [], 0, ""
    for event in tables.events:
        if event.backward is None:
            now, run = 0, ""
        elif event.node is not None or event.backward != run:
            run = event.backward
            now = numbers.setdefault((run, event.node or ""), len(numbers) + 1)
        found.append(now)
    return np.array(found, np.int64)


def _steps(tables: MemoryTables) -> Integers:
    """Return the step of each event; what belongs to none stands with what came before it."""
    steps = np.fromiter((-1 if event.step is None else event.step for event in tables.events), np.int64)
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


def _line_marks(
    tables: MemoryTables, slots: Integers, x: Floats, axis: Axis, first: int, last: int
) -> tuple[Mark, ...]:
    """Where each line begins that allocates or releases something."""
    begins = first + np.flatnonzero(np.concatenate(([True], np.diff(_steps(tables)[first : last + 1]) != 0)))
    return tuple(
        Mark(float(slots[place]) if axis == "step" else float(x[place]), tables.events[place].line)
        for place in begins.tolist()
    )


def _spans(tables: MemoryTables, x: Floats, first: int, last: int, end: float) -> tuple[Span, ...]:
    """A call of the engine lasts from its first event to the one that comes after its last."""
    found = []
    for run, (begin, over) in tables.spans.items():
        if over >= first and begin <= last:
            until = end if over + 1 >= len(x) else float(x[over + 1])
            line = tables.runs[run].line if run in tables.runs else tables.events[begin].line
            found.append(Span(float(x[begin]), until, run_label(tables, run), line))
    return tuple(found)


def _cuda(tables: MemoryTables, x: Floats, first: int, last: int) -> tuple[CudaPoint, ...]:
    """Samples were taken at the end of a step: they stand at its last event, or at that of the step before it."""
    highest = np.maximum.accumulate(_steps(tables))
    found = []
    for sample in tables.memory.cuda or ():
        place = max(int(np.searchsorted(highest, sample.step, side="right")) - 1, 0)
        if first <= place <= last:
            known = (sample.allocated_bytes, sample.reserved_bytes, sample.peak_bytes)
            found.append(CudaPoint(float(x[place]), *known))
    return tuple(found)
