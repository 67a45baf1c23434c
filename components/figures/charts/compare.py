"""Draws the memory of two runs on one axis."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from ...facts.memory.timeline import PairAxis, SideTimeline, Timelines
from ...facts.text import bytes_text
from .style import COLOURS, FAINT, SIZE, charted, quiet_axis

AXES: dict[PairAxis, str] = {"line": "lines executed", "share": "share of the run", "ms": "milliseconds"}
_TITLES: dict[PairAxis, str] = {
    "line": "lines executed, the allocations of each spread over it",
    "ms": "milliseconds since the run began, under the profiler",
    "share": "percent of the run's time, under the profiler",
}
_HEIGHT = 310


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


def _drawn(side: SideTimeline, with_saved: bool) -> list[dict[str, Any]]:
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


def _peak(side: SideTimeline, place: int, colour: str) -> dict[str, Any]:
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


def _beside(side: SideTimeline, part: float) -> str:
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
