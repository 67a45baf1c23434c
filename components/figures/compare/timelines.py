"""The memory of two runs over time, on one axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ...facts.text import bytes_text
from ...trace import Memory, Trace
from ..charts.style import COLOURS, FAINT, SIZE, charted, quiet_axis

Axis = Literal["line", "ms", "share"]
AXES: dict[Axis, str] = {"line": "lines executed", "share": "share of the run", "ms": "milliseconds"}
_TITLES: dict[Axis, str] = {
    "line": "lines executed, the allocations of each spread over it",
    "ms": "milliseconds since the run began, under the profiler",
    "share": "percent of the run's time, under the profiler",
}
_MOST_POINTS = 4_000
_HEIGHT = 310


@dataclass(frozen=True)
class Timeline:
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

    by: Axis
    sides: tuple[Timeline, ...]
    notes: tuple[str, ...] = ()


def timelines_info(left: Trace, right: Trace, by: Axis = "line") -> Timelines:
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


def _timeline(side: Literal["left", "right"], trace: Trace, memory: Memory, by: Axis) -> Timeline:
    events = memory.events
    total = np.array([memory.baseline_bytes, *(event.total_bytes for event in events), memory.final_bytes], np.int64)
    kept = [0 if event.category != "saved" else event.delta_bytes for event in events]
    saved = np.cumsum(np.array([0, *kept, 0], np.int64))
    x = _over_lines(trace, memory) if by == "line" else _over_time(memory, by)
    lines = [None, *(event.line for event in events), None]
    at = _thinned(total)
    total = total[at]
    return Timeline(
        side,
        tuple(float(x[place]) for place in at),
        tuple(total.tolist()),
        tuple(saved[at].tolist()),
        tuple(lines[place] for place in at),
        int(np.argmax(total)) if events else None,
    )


def _over_time(memory: Memory, by: Axis) -> NDArray[np.float64]:
    last = max([memory.duration_ns, *(event.t_ns for event in memory.events[-1:])])
    nanoseconds = np.array([0, *(event.t_ns for event in memory.events), last], np.float64)
    return nanoseconds / 1e6 if by == "ms" else 100 * nanoseconds / max(last, 1)


def _over_lines(trace: Trace, memory: Memory) -> NDArray[np.float64]:
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


def _thinned(total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which points to draw: all, or the lowest and the highest of each of many stretches."""
    count = len(total)
    if count <= _MOST_POINTS:
        return np.arange(count)
    bounds = np.linspace(0, count, _MOST_POINTS // 2 + 1).astype(int)
    ends = [0, count - 1]
    for first, last in pairwise(bounds.tolist()):
        ends += [first + int(np.argmin(total[first:last])), first + int(np.argmax(total[first:last]))]
    return np.unique(np.array(ends))


def timelines_figure(info: Timelines, *, saved: bool = True) -> go.Figure:
    """Draw both runs; with ``saved`` also the bytes that are kept for backward, as thin dotted lines."""
    data = [trace for side in info.sides for trace in _drawn(side, saved)]
    largest = max((max(side.total) for side in info.sides), default=0)
    return charted(
        data,
        _HEIGHT,
        margin={"l": 8, "r": 14, "t": 44, "b": 8},
        showlegend=True,
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": SIZE}},
        xaxis=quiet_axis(
            title={"text": _TITLES[info.by], "font": {"size": SIZE}, "standoff": 6},
            rangemode="tozero",
            ticklabelstandoff=7,
        ),
        yaxis=quiet_axis(showgrid=True, gridcolor=FAINT, range=[0, 1.14 * max(largest, 1)], **_ticks(largest)),
    )


def _drawn(side: Timeline, with_saved: bool) -> list[dict[str, Any]]:
    colour = COLOURS[0] if side.side == "left" else COLOURS[5]
    # Where both are the same, the left one still shows on both sides of the right one.
    width = 4.5 if side.side == "left" else 1.8
    told = [f"{bytes_text(total)}{_in_line(line)}" for total, line in zip(side.total, side.lines, strict=True)]
    line = {"type": "scatter", "mode": "lines", "x": side.x, "legendgroup": side.side}
    made: list[dict[str, Any]] = [
        {
            **line,
            "y": side.total,
            "name": f"{side.side}: all memory",
            "line": {"shape": "hv", "color": colour, "width": width},
            "text": told,
            "hovertemplate": f"{side.side}: %{{text}}<extra></extra>",
        }
    ]
    if with_saved:
        told = [f"{bytes_text(kept)} saved{_in_line(at)}" for kept, at in zip(side.saved, side.lines, strict=True)]
        made.append(
            {
                **line,
                "y": side.saved,
                "name": f"{side.side}: saved for backward",
                "line": {"shape": "hv", "color": colour, "width": width / 2, "dash": "dot"},
                "text": told,
                "hovertemplate": f"{side.side}: %{{text}}<extra></extra>",
            }
        )
    if side.peak is not None:
        made.append(_peak(side, side.peak, colour))
    return made


def _peak(side: Timeline, place: int, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [side.x[place]],
        "y": [side.total[place]],
        "text": [f"{side.side} peak {bytes_text(side.total[place])}"],
        "textposition": _beside(side, side.x[place] / max(side.x[-1], 1e-9)),
        "textfont": {"size": SIZE},
        "marker": {"size": 10, "color": colour, "symbol": "circle" if side.side == "left" else "diamond"},
        "hoverinfo": "text",
        "showlegend": False,
        "legendgroup": side.side,
        "cliponaxis": False,
    }


def _beside(side: Timeline, part: float) -> str:
    """Where the words of a peak stand that is at that part of the axis: those of two peaks at one place stay apart."""
    if side.side == "left":
        return "top left" if part > 0.15 else "top right"
    if part > 0.8:
        return "bottom left"
    return "top right" if part > 0.15 else "bottom right"


def _in_line(line: int | None) -> str:
    return f", line {line}" if line is not None else ""


def _ticks(largest: int) -> dict[str, Any]:
    """At most six ticks at round numbers of bytes: powers of two, because units of bytes are."""
    step = 1
    while largest / step > 5:
        step *= 2
    values = list(range(0, largest + step, step))
    return {"tickmode": "array", "tickvals": values, "ticktext": [bytes_text(value) for value in values]}
