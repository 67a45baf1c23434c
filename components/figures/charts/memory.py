"""Draws the memory of a run: the timeline as stacked areas, the biggest holders and savers as bars.

The hues of the categories keep torchviz's meanings (a leaf is light blue, a saved tensor orange) in Okabe and Ito's
palette, which people with any common kind of colour blindness can tell apart.

Each point that is drawn carries ``customdata`` that begins with an event (or -1) and a moment of the player's story (or
-1), so that a click can be followed to both. On the timeline a click or a hover finds the nearest event along the axis,
wherever the pointer is in the picture: Plotly reports none on an area, so invisible points stand on the upper edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.memory import BASE
from ...facts.memory.held import OUTSIDE, Alive, Holder, Saver
from ...facts.memory.timeline import Column, Timeline
from ...facts.text import bytes_text, exact_bytes, line_text, plural
from .style import CLEAR, GREY, NOW, SIZE, byte_axis, charted, escaped, packed, quiet_axis

COLOURS = {
    "leaf": "#56b4e9",
    "saved": "#e69f00",
    "gradient": "#009e73",
    "optimizer": "#cc79a7",
    "temporary": "#d8c94a",
    "other": "#3a6ea5",
    BASE: GREY,
}
NAMES = {BASE: "before the first line"}
# What each category is, for somebody who meets it for the first time.
MEANING = {
    "leaf": "Tensors that you made with `requires_grad=True`, such as the weights of a model.",
    "saved": "Results that the graph keeps, because `backward()` needs them to compute gradients. "
    "Once the graph is freed, what a variable still holds is other.",
    "gradient": "What `backward()` wrote into a `.grad`.",
    "optimizer": "What an optimizer remembers between its steps, such as Adam's averages.",
    "temporary": "Scratch memory: allocated and released again within one line, or within one call of `backward()`.",
    "other": "Everything else that a variable holds: data, targets, results, buffers.",
    BASE: "Allocated before the first line of the program.",
}
_HEIGHT = 390
_MOST_LABELS, _MOST_BANDS, _MOST_THIN = 8, 120, 60
# In CSS pixels: how wide the picture is at least on a desk, a digit, and the room between two numbers.
_WIDTH, _DIGIT, _ROOM = 450, 8, 9
_LINES = {"allocated": ("#1b9e77", "solid"), "reserved": (GREY, "dash"), "peak": (NOW, "dot")}
_MOST_HOLDERS, _MOST_SAVERS = 10, 12
_TOLD = "%{customdata[2]}<extra></extra>"


# --- the timeline


def timeline_figure(info: Timeline) -> go.Figure:
    """Draw the timeline; ``customdata`` of a point is ``[event, moment or -1, text]``.

    The clicked point is marked by the browser alone: another figure would forget how it was zoomed.
    """
    data = [*(_area(info, place) for place in range(len(info.layers))), *_cuda_lines(info), _points(info)]
    top = max([column.total for column in info.columns] + [point.reserved for point in info.cuda] + [info.base, 1])
    return charted(
        [packed(trace) for trace in data],
        _HEIGHT,
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


def _area(info: Timeline, place: int) -> dict[str, Any]:
    heights = [column.parts[place] for column in info.columns]
    name = info.layers[place]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*(column.x for column in info.columns), info.end],
        "y": [*heights, heights[-1]],
        "stackgroup": "bytes",
        "name": NAMES.get(name, name),
        "fillcolor": COLOURS[name],
        "line": {"shape": "hv", "width": 0},  # where a layer has no height, its outline would still be seen
        "hoverinfo": "skip",
    }


def _points(info: Timeline) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [column.x for column in info.columns],
        "y": [column.total for column in info.columns],
        "customdata": [_custom(column.event, column.moment, _event_words(column)) for column in info.columns],
        "hovertemplate": _TOLD,
        "marker": {"size": 11, "opacity": 0, "color": NOW, "line": {"width": 2, "color": "#ffffff"}},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 0}},
        "showlegend": False,
        "name": "",
    }


def _custom(event: int, moment: int | None, text: str) -> list[object]:
    return [event, -1 if moment is None else moment, text]


def _event_words(column: Column) -> str:
    """Return what a hover says of an event, safe to draw."""
    event = column.what
    did = "allocated" if event.delta >= 0 else "released"
    said = [
        f"<b>{exact_bytes(abs(event.delta))} {did}</b> · {event.category}",
        " · ".join(escaped(name, 40) for name in event.names),
        line_text(event.line) + (f", in {event.run}" if event.run else ""),
        f"<i>{escaped(event.code, 70)}</i>" if event.code else "",
        f"in all {exact_bytes(column.total)}",
        f"one of {column.count:,} events here" if column.count > 1 else "",
    ]
    return "<br>".join(filter(None, said))


def _cuda_lines(info: Timeline) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(info.cuda) == 1 else "lines",
            "x": [point.x for point in info.cuda],
            "y": [getattr(point, name) for point in info.cuda],
            "name": f"CUDA {name}",
            "line": {"shape": "hv", "width": 2, "color": colour, "dash": dash},
            "hoverinfo": "skip",
        }
        for name, (colour, dash) in _LINES.items()
        if info.cuda
    ]


# --- its axes and marks


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


# --- what was alive


def alive_figure(info: Alive) -> go.Figure:
    """Draw one bar of the bytes by category, and below it the biggest holders.

    ``customdata`` of a holder's bar is ``[-1, moment or -1]``.
    """
    parts = [*info.categories, *([(BASE, info.base)] if info.base > 0 else [])]
    shown = info.holders[:_MOST_HOLDERS]
    data = [*(_part(name, size) for name, size in parts), *([_bars(shown)] if shown else [])]
    return charted(
        [packed(trace) for trace in data],
        108 + 30 + 26 * max(len(shown), 1),
        barmode="stack",
        showlegend=False,
        uniformtext={"mode": "hide", "minsize": SIZE - 1},  # what does not fit into its part of the bar
        margin={"l": 8, "r": 64, "t": 24, "b": 4},
        xaxis=quiet_axis(range=[0, max(info.total, 1)], visible=False, fixedrange=True),
        yaxis=quiet_axis(domain=[1 - 52 / (114 + 26 * max(len(shown), 1)), 1], visible=False, fixedrange=True),
        xaxis2=byte_axis(max((one.bytes for one in shown), default=1), anchor="y2", visible=False, fixedrange=True),
        yaxis2=_rows_axis(
            [_holder_label(one) for one in shown],
            domain=[0, 1 - 96 / (114 + 26 * max(len(shown), 1))],
            anchor="x2",
        ),
        annotations=[_title("by category", 1.0, 4), _title("biggest holders", 1 - 96 / (114 + 26 * len(shown)), 2)],
    )


def _title(text: str, y: float, shift: int) -> dict[str, Any]:
    shared = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    return {"text": text, "x": 0, "y": y, "yshift": shift, "opacity": 0.75, "font": {"size": SIZE}} | shared


def _part(name: str, size: int) -> dict[str, Any]:
    words = NAMES.get(name, name)
    return {
        "type": "bar",
        "orientation": "h",
        "x": [size],
        "y": [0],
        "marker": {"color": COLOURS[name]},
        "text": [f"{words}<br>{bytes_text(size)}"],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"color": "#10151f" if name != "other" else "#ffffff", "size": SIZE - 1},
        "constraintext": "inside",
        "hovertemplate": f"<b>{words}</b>: {bytes_text(size)}<extra></extra>",
        "customdata": [[-1, -1]],
    }


def _holder_label(one: Holder) -> str:
    line = f" · line {one.line}" if one.line is not None else ""
    return f"{escaped(one.name, 22)}{line} "


def _holder_words(one: Holder) -> str:
    said = f"<b>{escaped(one.name, 60)}</b> · {bytes_text(one.bytes)} {one.category}<br>{escaped(one.why, 110)}"
    return f"{said}<br>allocated in {line_text(one.line)}: <i>{escaped(one.code, 70)}</i>"


def _bars(shown: tuple[Holder, ...]) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "xaxis": "x2",
        "yaxis": "y2",
        "x": [one.bytes for one in shown],
        "y": list(range(len(shown))),
        "marker": {"color": [COLOURS[one.category] for one in shown]},
        "text": [bytes_text(one.bytes) for one in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "customdata": [_custom(-1, one.moment, _holder_words(one)) for one in shown],
        "hovertemplate": _TOLD,
    }


# --- what was saved


def saved_figure(rows: Sequence[Saver]) -> go.Figure:
    """Draw the rows that saved most: in orange what is of category ``saved``, in blue what is there anyway.

    ``customdata`` of a bar is ``[-1, moment or -1, text]``.
    """
    shown = rows[:_MOST_SAVERS]
    shared: dict[str, Any] = {"type": "bar", "orientation": "h", "y": list(range(len(shown))), "hovertemplate": _TOLD}
    shared["customdata"] = [_custom(-1, row.moment, _saver_words(row)) for row in shown]
    extra, other = [row.extra for row in shown], [row.bytes - row.extra for row in shown]
    outside = {"text": [bytes_text(row.bytes) for row in shown], "textposition": "outside", "cliponaxis": False}
    data = [
        shared | {"x": extra, "marker": {"color": COLOURS["saved"]}, "name": "saved"},
        shared | {"x": other, "marker": {"color": COLOURS["leaf"]}, "name": "leaf or the like"} | outside,
    ]
    return charted(
        [packed(trace) for trace in data],
        26 * max(len(shown), 1) + 44,
        barmode="stack",
        showlegend=False,
        margin={"l": 8, "r": 74, "t": 8, "b": 8},
        xaxis=byte_axis(max((row.bytes for row in shown), default=1), visible=False, fixedrange=True),
        yaxis=_rows_axis([f"{escaped(_saver_label(row), 34)} " for row in shown]),
    )


def _rows_axis(labels: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return an axis with one row for each label, from above."""
    ends = [len(labels) - 0.5, -0.5]
    return quiet_axis(range=ends, tickvals=list(range(len(labels))), ticktext=labels, fixedrange=True, **more)


def _saver_label(row: Saver) -> str:
    if row.label == row.module:
        return row.label
    many = f" ×{row.nodes:,}" if row.nodes > 1 else ""
    line = f"line {row.line}" if row.line is not None else ""
    return f"{row.label}{many} · {line if row.module == OUTSIDE else row.module}"


def _saver_words(row: Saver) -> str:
    said = f"<b>{escaped(row.label, 60)}</b> · {bytes_text(row.bytes)} saved"
    said += f", {bytes_text(row.extra)} of category saved"
    if row.module != row.label and row.module != OUTSIDE:
        said += f"<br>module {escaped(row.module, 60)}"
    code = f": <i>{escaped(row.code, 70)}</i>" if row.code else ""
    lines = f"<br>line {row.line}{code}" if row.line is not None else ""
    return f"{said}<br>{plural(row.nodes, 'node')}{lines}" if row.nodes else said
