"""Two heat maps side by side on one scale that is centred at zero: what was added, and ``.grad`` after it.

The scale is drawn as a strip of its own, because Plotly's colour bars cannot show a colour that lets the ground
through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from ...facts.text import number_text
from .. import chart_style
from . import style

# Cells whose numbers are written in them, and how many characters of them a narrow panel has room for in a row.
_MOST_NUMBERS, _CHARACTERS = 60, 46
_MOST_POINTS = 1_500
_LEFT, _RIGHT, _STRIP = (0.0, 0.44), (0.505, 0.945), (0.972, 0.986)
_STEPS = 40
Rows = list[list[Any]]


@dataclass
class Panel:
    """One heat map: ``numbers`` by row and column (``None`` is drawn grey where ``texts`` has a word, else not at all).

    ``custom`` is the ``customdata`` of each cell, of which the last entry is told in a hover; ``marks`` are texts on
    what is blank: x, y, text, customdata.
    """

    title: str
    numbers: Rows
    texts: Rows
    custom: Rows
    hover: str
    marks: list[tuple[float, float, str, list[Any]]] = field(default_factory=list)
    note: str = ""


def heat_figure(
    heading: str,
    panels: tuple[Panel, Panel],
    x: Sequence[int],
    y: Sequence[int],
    axes: tuple[Mapping[str, Any], Mapping[str, Any]],
    height: int,
    clickable: bool = False,
) -> go.Figure:
    """Draw two panels whose cells stand at the same ``x`` and ``y``; ``axes`` are the layouts of those.

    Plotly selects no cells of heat maps on a click: ``clickable`` ones have points that nobody sees, if they are not
    too many for a browser.
    """
    sizes = [abs(one) for panel in panels for row in panel.numbers for one in row if one is not None]
    largest = max(sizes, default=0.0) or 1.0
    data: list[dict[str, Any]] = []
    notes = [style.heading(heading)]
    for panel, domain, place in zip(panels, (_LEFT, _RIGHT), ("", "2"), strict=True):
        own = {"xaxis": f"x{place}", "yaxis": f"y{place}"}
        with_points = clickable and len(x) * len(y) <= _MOST_POINTS
        traces = _traces(panel, x, y, largest, hover=not with_points)
        data += [trace | own for trace in (*traces, *([_points(panel, x, y)] if with_points else []))]
        notes.append(style.panel_title(panel.title, domain[0]))
        if panel.note:
            notes.append(style.note(panel.note, sum(domain) / 2, 0.5))
    data.append(_strip(largest))
    return style.figure(data, _layout(height, axes, largest, notes))


def _layout(
    height: int, axes: tuple[Mapping[str, Any], Mapping[str, Any]], largest: float, notes: list[dict[str, Any]]
) -> style.Layout:
    (across, down), end = axes, number_text(largest, 3)
    return style.layout(
        height,
        style.HEADED,
        xaxis={**across, "domain": _LEFT},
        xaxis2={**across, "domain": _RIGHT, "matches": "x", "anchor": "y2"},
        yaxis=dict(down),
        yaxis2={**down, "matches": "y", "anchor": "x2", "showticklabels": False, "title": None},
        xaxis3=style.axis(domain=_STRIP, anchor="y3", showticklabels=False, fixedrange=True),
        yaxis3=style.axis(
            anchor="x3", side="right", fixedrange=True, tickvals=[-1, 0, 1], ticktext=[f"−{end}", "0", end]
        ),
        annotations=notes,
        hoverdistance=40,
    )


def _traces(panel: Panel, x: Sequence[int], y: Sequence[int], largest: float, hover: bool) -> list[dict[str, Any]]:
    gap = 1 if len(x) * len(y) <= 4_000 else 0
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": list(x),
        "y": list(y),
        "xgap": gap,
        "ygap": gap,
        "showscale": False,
    }
    if hover:
        cells |= {"text": panel.texts, "customdata": panel.custom, "hovertemplate": panel.hover, "hoverongaps": False}
    else:
        cells |= {"hoverinfo": "skip"}
    traces = [cells | {"z": panel.numbers, "zmin": -largest, "zmax": largest, "colorscale": chart_style.diverging()}]
    ill = [
        [0 if number is None and text else None for number, text in zip(numbers, texts, strict=True)]
        for numbers, texts in zip(panel.numbers, panel.texts, strict=True)
    ]
    if any(one is not None for row in ill for one in row):
        traces.append(cells | {"z": ill, "colorscale": [[0, style.NOT_FINITE], [1, style.NOT_FINITE]]})
    words = _words(panel, x, y)
    if words:
        traces.append(_text(words, "skip", None))
    if panel.marks:
        traces.append(_text([mark[:3] for mark in panel.marks], None, [mark[3] for mark in panel.marks]))
    return traces


def _points(panel: Panel, x: Sequence[int], y: Sequence[int]) -> dict[str, Any]:
    cells = [
        (column, row, text, custom)
        for row, texts, customs in zip(y, panel.texts, panel.custom, strict=True)
        for column, text, custom in zip(x, texts, customs, strict=True)
        if text
    ]
    across, down, texts, custom = ([cell[part] for cell in cells] for part in range(4))
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": across,
        "y": down,
        "text": texts,
        "customdata": custom,
        "hovertemplate": panel.hover,
        "marker": {"size": 16, "opacity": 0},
        "selected": unseen,
        "unselected": unseen,
        "showlegend": False,
    }


def _words(panel: Panel, x: Sequence[int], y: Sequence[int]) -> list[tuple[float, float, str]]:
    """The numbers in the cells, where they are few."""
    if len(x) * len(y) > _MOST_NUMBERS:
        return []
    words: list[tuple[float, float, str]] = [
        (column, row, text if number is None else number_text(number, 3))
        for row, numbers, texts in zip(y, panel.numbers, panel.texts, strict=True)
        for column, number, text in zip(x, numbers, texts, strict=True)
        if number is not None or text
    ]
    widest = max((len(word[2]) for word in words), default=0)
    return words if len(x) * (widest + 1) <= _CHARACTERS else []


def _text(
    words: Sequence[tuple[float, float, str]], hover: str | None, custom: list[list[Any]] | None
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [word[0] for word in words],
        "y": [word[1] for word in words],
        "text": [word[2] for word in words],
        "textfont": {"size": chart_style.SIZE},
        "hoverinfo": hover or "text",
        "customdata": custom,
        "hovertemplate": "%{customdata[1]}<extra></extra>" if custom is not None else None,
        "showlegend": False,
    }


def _strip(largest: float) -> dict[str, Any]:
    steps = [place / _STEPS for place in range(-_STEPS, _STEPS + 1)]
    return {
        "type": "heatmap",
        "x": [0],
        "y": steps,
        "z": [[step] for step in steps],
        "zmin": -1,
        "zmax": 1,
        "colorscale": chart_style.diverging(),
        "showscale": False,
        "hoverinfo": "skip",
        "xaxis": "x3",
        "yaxis": "y3",
    }
