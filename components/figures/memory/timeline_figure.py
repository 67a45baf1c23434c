"""Draws the timeline: stacked areas in steps, the calls of the engine behind them, the peak with its bytes.

A click or a hover finds the nearest event along the axis, wherever the pointer is in the picture: Plotly reports none
on an area, so invisible points stand on the upper edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.text import bytes_text
from ..charts.style import CLEAR, GREY, NOW, SIZE, charted, quiet_axis
from .records import Timeline
from .style import COLOURS, NAMES, byte_axis

HEIGHT = 390
_MOST_LABELS, _MOST_BANDS, _MOST_THIN = 8, 120, 60
# In CSS pixels: how wide the picture is at least on a desk, a digit, and the room between two numbers.
_WIDTH, _DIGIT, _ROOM = 450, 8, 9
_LINES = {"allocated": ("#1b9e77", "solid"), "reserved": (GREY, "dash"), "peak": (NOW, "dot")}


def timeline_figure(info: Timeline) -> go.Figure:
    """Draw the timeline; ``customdata`` of a point is ``[event, moment or -1, text]``.

    The clicked point is marked by the browser alone: another figure would forget how it was zoomed.
    """
    x = np.array([column.x for column in info.columns] + [info.end])
    data: list[dict[str, Any]] = [_area(info, place, x) for place in range(len(info.layers))]
    data += _cuda_lines(info)
    data.append(_points(info))
    top = max([column.total for column in info.columns] + [point.reserved for point in info.cuda] + [info.base, 1])
    return charted(
        data,
        HEIGHT,
        hovermode="x",
        hoverdistance=-1,
        uirevision=info.axis,
        clickmode="event+select",
        dragmode="zoom",
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "traceorder": "normal",
            "bgcolor": CLEAR,
        },
        margin={"l": 8, "r": 14, "t": 34, "b": 74, "pad": 4},
        xaxis=_x_axis(info),
        yaxis=byte_axis(top, fixedrange=True),
        shapes=[*_bands(info), *_thin_lines(info)],
        annotations=[*_band_labels(info), *_peak_label(info)],
    )


def _area(info: Timeline, place: int, x: Any) -> dict[str, Any]:
    heights = [column.parts[place] for column in info.columns]
    name = info.layers[place]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": np.array([*heights, heights[-1]], dtype=np.float64),
        "stackgroup": "bytes",
        "name": NAMES.get(name, name),
        "fillcolor": COLOURS[name],
        "line": {"shape": "hv", "width": 0},  # where a layer has no height, its outline would still be seen
        "hoverinfo": "skip",
    }


def _points(info: Timeline) -> dict[str, Any]:
    custom = np.empty((len(info.columns), 3), dtype=object)
    for place, column in enumerate(info.columns):
        custom[place] = [column.event, -1 if column.moment is None else column.moment, column.text]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array([column.x for column in info.columns]),
        "y": np.array([column.total for column in info.columns], dtype=np.float64),
        "customdata": custom,
        "hovertemplate": "%{customdata[2]}<extra></extra>",
        "hoverlabel": {"bgcolor": "#232b3a", "bordercolor": GREY, "font": {"color": "#ffffff"}},
        "marker": {"size": 11, "opacity": 0, "color": NOW, "line": {"width": 2, "color": "#ffffff"}},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 0}},
        "showlegend": False,
        "name": "",
    }


def _cuda_lines(info: Timeline) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(info.cuda) == 1 else "lines",
            "x": np.array([point.x for point in info.cuda]),
            "y": np.array([getattr(point, name) for point in info.cuda], dtype=np.float64),
            "name": f"CUDA {name}",
            "line": {"shape": "hv", "width": 2, "color": colour, "dash": dash},
            "hoverinfo": "skip",
        }
        for name, (colour, dash) in _LINES.items()
        if info.cuda
    ]


# --- axes and marks


def _x_axis(info: Timeline) -> dict[str, Any]:
    ends = {"range": [info.start, info.end], "minallowed": info.start, "maxallowed": info.end}
    title = {"text": f"time in {info.unit}" if info.axis == "time" else "line of code, in the order of the run"}
    shared = {"title": title | {"standoff": 6, "font": {"size": SIZE}}} | ends
    if info.axis == "time":
        return quiet_axis(**shared)
    middles, words = _line_ticks(info)
    return quiet_axis(tickvals=middles, ticktext=words, tickangle=0, **shared)


def _line_ticks(info: Timeline) -> tuple[list[float], list[str]]:
    """Return the middle of each line's place and its number, of as many lines as have room for one."""
    longest = max((len(str(mark.line)) for mark in info.lines if mark.line is not None), default=1)
    least = (info.end - info.start) * (longest * _DIGIT + _ROOM) / _WIDTH
    middles: list[float] = []
    words: list[str] = []
    ends = [*(mark.x for mark in info.lines[1:]), info.end][: len(info.lines)]
    for mark, end in zip(info.lines, ends, strict=True):
        middle = (mark.x + end) / 2
        if mark.line is not None and (not middles or middle - middles[-1] >= least):
            middles.append(middle)
            words.append(str(mark.line))
    return middles, words


def _bands(info: Timeline) -> list[dict[str, Any]]:
    """Where the engine ran, as a breath of grey behind the areas."""
    if len(info.spans) > _MOST_BANDS:
        return []
    shared = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "line": {"width": 0}}
    return [
        {"x0": span.first, "x1": span.last, "fillcolor": "rgba(134, 141, 153, 0.16)"} | shared for span in info.spans
    ]


def _band_labels(info: Timeline) -> list[dict[str, Any]]:
    if not 0 < len(info.spans) <= _MOST_LABELS:
        return []
    long = len(info.spans) <= 3
    return [
        {
            "x": span.last if _is_late(info, span.first) else span.first,
            "y": 1,
            "yref": "paper",
            "xanchor": "right" if _is_late(info, span.first) else "left",
            "yanchor": "bottom",
            "text": span.label if long else span.label.rpartition(" ")[2],
            "showarrow": False,
            "opacity": 0.75,
            "font": {"size": SIZE - 1},
        }
        for span in info.spans
    ]


def _is_late(info: Timeline, x: float) -> bool:
    return x - info.start > 0.75 * (info.end - info.start)


def _thin_lines(info: Timeline) -> list[dict[str, Any]]:
    if len(info.lines) > _MOST_THIN:
        return []
    line = {"width": 1, "color": "rgba(134, 141, 153, 0.35)", "dash": "dot"}
    shared = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "layer": "above", "line": line}
    return [{"x0": mark.x, "x1": mark.x} | shared for mark in info.lines[1:]]


def _peak_label(info: Timeline) -> list[dict[str, Any]]:
    if info.peak is None:
        return []
    column = info.columns[info.peak]
    late = column.x - info.start > (info.end - info.start) / 2
    return [
        {
            "x": column.x,
            "y": column.total,
            "text": f"<b>peak {bytes_text(column.total)}</b>",
            "showarrow": True,
            "arrowhead": 2,
            "arrowsize": 0.9,
            "arrowcolor": NOW,
            "ax": -34 if late else 34,
            "ay": -20,
            "xanchor": "right" if late else "left",
            "font": {"size": SIZE},
        }
    ]
