"""Leaves as heat maps, cell by cell: what was added, and ``.grad`` after it, side by side on one scale.

The scale is centred at zero. It is drawn as a strip of its own, because Plotly's colour bars cannot show a colour that
lets the ground through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from ...facts.gradients import LeafHistory, LeafState
from ...facts.gradients.amounts import Amount, CellTable, size_text, table_of
from ...facts.text import number_text, shape_text
from . import style
from .gradient_calls import brief_words, call_axis, call_words
from .style import escaped

# Cells whose numbers are written in them, and how many characters of them a narrow panel has room for in a row.
_MOST_NUMBERS, _MOST_IN_CELLS = 60, 46
_MOST_POINTS = 1_500
_LEFT, _RIGHT, _STRIP = (0.0, 0.44), (0.505, 0.945), (0.972, 0.986)
_STEPS = 40
_NOT_FINITE = "rgba(134, 141, 153, 0.4)"
Rows = list[list[Any]]
_WITH_WORDS = 14
# Cells past which a hover says less of the call, and past which it says numbers to nine digits: enough for a float32.
_MANY_CELLS, _MOST_EXACT = 1_500, 20_000
# How wide the words below a panel may be together, in characters.
_MOST_BELOW = 44
_MOST_ROWS = 14


def vector_figure(leaf: LeafHistory) -> go.Figure:
    """Draw a leaf's gradient over the calls, elements downwards; a large one as means of ten blocks."""
    states = list(leaf.states())
    if not states or not leaf.changes:
        return style.empty(f"No call has changed {escaped(leaf.name)}.grad yet.")
    added = [state.change.added if state.change is not None else None for state in states]
    after = [state.after for state in states]
    blocks = any(amount is not None and amount.values is None for amount in (*added, *after))
    # What is carried forward is one amount in many places.
    known = {id(amount): table_of(amount, blocks) for amount in (*added, *after)}
    tables = [[known[id(amount)] for amount in panel] for panel in (added, after)]
    rows = max((table.columns for panel in tables for table in panel if table is not None), key=len, default=[])
    if not rows:
        return style.empty(f"The numbers of {escaped(leaf.name)}.grad were not recorded.")
    said = next((table.blocks for panel in tables for table in panel if table is not None), "")
    name = escaped(leaf.label, 48)
    heading = f"<b>{name}</b> {shape_text(list(leaf.shape))}{f' · {said}' if said else ''}"
    cells = len(states) * len(rows)
    told = [brief_words(call) if cells > _MANY_CELLS else call_words(call) for call in leaf.calls]
    exactly = cells <= _MOST_EXACT
    left = _standing("added by each call", tables[0], rows, told, (name, ": added"), exactly)
    right = _standing(".grad after it", tables[1], rows, told, (f"{name}.grad", " ="), exactly)
    right.marks = _marks(states, after, tables[1], len(rows), told, name)
    down = style.axis(range=[len(rows) - 0.5, -0.5], **_ticks(rows, 12))
    height = min(max(len(rows) * 26, 110), 420) + 108
    return heat_figure(
        heading,
        (left, right),
        [state.call for state in states],
        range(len(rows)),
        (call_axis(leaf.calls), down),
        height,
        clickable=True,
    )


def _standing(
    title: str,
    tables: Sequence[CellTable | None],
    rows: Sequence[str],
    told: Sequence[str],
    said: tuple[str, str],
    exactly: bool,
) -> Panel:
    """A table is one row of cells; here it stands upright, one column for each call."""
    known = [table if table is not None and len(table.columns) == len(rows) else None for table in tables]
    places = range(len(rows))
    numbers = [[None if table is None else table.numbers[0][place] for table in known] for place in places]
    texts = [["" if table is None else table.texts[0][place] for table in known] for place in places]
    custom = [[[call, row, words] if exactly else [call] for call, words in enumerate(told, 1)] for row in rows]
    name, does = said
    hover = f"%{{customdata[2]}}<br>{name}[%{{customdata[1]}}]{does} %{{text}}"
    if not exactly:
        hover = f"call %{{customdata[0]}}<br>{name}[%{{y}}]{does} %{{z:.9~g}}"
    return Panel(title, numbers, texts, custom, f"{hover}<extra></extra>")


def _marks(
    states: Sequence[LeafState],
    after: Sequence[Amount | None],
    tables: Sequence[CellTable | None],
    rows: int,
    told: Sequence[str],
    name: str,
) -> list[tuple[float, float, str, list[Any]]]:
    """A word in every column that is blank: ``None``, or that the numbers were not recorded."""
    marks = []
    for state, amount, table, words in zip(states, after, tables, told, strict=True):
        if table is None:
            word = "None" if amount is None else "?"
            said = f"{words}<br>{name}.grad {'= None' if amount is None else 'was not recorded'}"
            short = word if len(states) <= _WITH_WORDS else "×"
            marks.append((float(state.call), (rows - 1) / 2, short, [state.call, said]))
    return marks


# --- at one call


def matrix_figure(leaf: LeafHistory, call: int) -> go.Figure:
    """Draw a leaf at the call of that number; large gradients as means of at most ten by ten blocks.

    All dimensions but the last are the rows.
    """
    if not 1 <= call <= len(leaf.calls):
        return style.empty(f"No call has changed {escaped(leaf.name)}.grad yet.")
    state = leaf.at(call)
    added = state.change.added if state.change is not None else None
    blocks = any(amount is not None and amount.values is None for amount in (added, state.after))
    tables = table_of(added, blocks), table_of(state.after, blocks)
    pattern = tables[1] or tables[0]
    name, told = escaped(leaf.label, 48), call_words(leaf.calls[call - 1])
    if pattern is None:
        said = f"{name}.grad is None" if state.after is None else f"The numbers of {name}.grad were not recorded"
        more = "" if state.after is None else f": {size_text(state.after)}"
        return style.empty(f"{told}<br>{said}{more}", 200)
    said = f" · {pattern.blocks}" if pattern.blocks else ""
    heading = f"<b>{name}</b> {shape_text(list(leaf.shape))} · {leaf.calls[call - 1].label}{said}"
    left = _lying("added by this call", tables[0], pattern, call, told, (name, ": added"))
    right = _lying(".grad after it", tables[1], pattern, call, told, (f"{name}.grad", " ="))
    left.note = _blank(tables[0], added, "nothing added")
    right.note = _blank(tables[1], state.after, "None")
    rows, columns = len(pattern.rows), len(pattern.columns)
    wide = max(map(len, pattern.columns)) + 2
    across = style.axis(range=[-0.5, columns - 0.5], **_ticks(pattern.columns, _MOST_BELOW / wide))
    down = style.axis(range=[rows - 0.5, -0.5], **_ticks(pattern.rows, _MOST_ROWS))
    height = min(max(rows * 30, 120), 440) + 90
    return heat_figure(heading, (left, right), range(columns), range(rows), (across, down), height)


def _blank(table: CellTable | None, amount: Amount | None, word: str) -> str:
    if table is not None:
        return ""
    return word if amount is None else "not recorded"


def _ticks(words: Sequence[str], most: float) -> dict[str, Any]:
    every = style.nice_step(len(words) / most)
    places = list(range(0, len(words), every))
    return {"tickvals": places, "ticktext": [words[place] for place in places]}


def _lying(
    title: str, table: CellTable | None, pattern: CellTable, call: int, told: str, said: tuple[str, str]
) -> Panel:
    numbers = [[None] * len(pattern.columns) for _ in pattern.rows] if table is None else table.numbers
    texts = [[""] * len(pattern.columns) for _ in pattern.rows] if table is None else table.texts
    custom = [[[call, f"[{row}, {column}]"] for column in pattern.columns] for row in pattern.rows]
    hover = f"{told}<br>{said[0]}%{{customdata[1]}}{said[1]} %{{text}}<extra></extra>"
    return Panel(title, numbers, texts, custom, hover)


# --- two heat maps side by side


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
    (across, down), end = axes, number_text(largest, 3)
    return style.panels(
        data,
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
    traces = [cells | {"z": panel.numbers, "zmin": -largest, "zmax": largest, "colorscale": style.diverging()}]
    ill = [
        [0 if number is None and text else None for number, text in zip(numbers, texts, strict=True)]
        for numbers, texts in zip(panel.numbers, panel.texts, strict=True)
    ]
    if any(one is not None for row in ill for one in row):
        traces.append(cells | {"z": ill, "colorscale": [[0, _NOT_FINITE], [1, _NOT_FINITE]]})
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
    return words if len(x) * (widest + 1) <= _MOST_IN_CELLS else []


def _text(
    words: Sequence[tuple[float, float, str]], hover: str | None, custom: list[list[Any]] | None
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [word[0] for word in words],
        "y": [word[1] for word in words],
        "text": [word[2] for word in words],
        "textfont": {"size": style.SIZE},
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
        "colorscale": style.diverging(),
        "showscale": False,
        "hoverinfo": "skip",
        "xaxis": "x3",
        "yaxis": "y3",
    }
