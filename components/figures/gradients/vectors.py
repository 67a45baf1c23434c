"""A leaf with one dimension, call by call: each element's row shows what was added to it and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.text import shape_text
from . import style
from .cells import Table, table_of
from .heat import Panel, heat_figure
from .records import Amount, Call, LeafHistory, State
from .words import escaped, where

_WITH_WORDS = 14
# Cells past which a hover says less of the call, and past which it says numbers to nine digits: enough for a float32.
_MANY_CELLS, _MOST_EXACT = 1_500, 20_000


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
    told = [_told(call, cells > _MANY_CELLS) for call in leaf.calls]
    exactly = cells <= _MOST_EXACT
    left = _panel("added by each call", tables[0], rows, told, (name, ": added"), exactly)
    right = _panel(".grad after it", tables[1], rows, told, (f"{name}.grad", " ="), exactly)
    right.marks = _marks(states, after, tables[1], len(rows), told, name)
    down = style.axis(
        range=[len(rows) - 0.5, -0.5],
        tickvals=list(range(0, len(rows), style.nice_step(len(rows) / 12))),
        ticktext=[rows[place] for place in range(0, len(rows), style.nice_step(len(rows) / 12))],
    )
    height = min(max(len(rows) * 26, 110), 420) + 108
    return heat_figure(
        heading,
        (left, right),
        [state.call for state in states],
        range(len(rows)),
        (style.call_axis(leaf.calls), down),
        height,
        clickable=True,
    )


def _told(call: Call, short: bool) -> str:
    return f"<b>{call.label}</b> · {where(call.line)}" if short else style.call_words(call)


def _panel(
    title: str,
    tables: Sequence[Table | None],
    rows: Sequence[str],
    told: Sequence[str],
    said: tuple[str, str],
    exactly: bool,
) -> Panel:
    """A table is one row of cells; here it stands upright, one column for each call."""
    numbers: list[list[Any]] = []
    texts: list[list[str]] = []
    custom: list[list[Any]] = []
    known = [table if table is not None and len(table.columns) == len(rows) else None for table in tables]
    for place, row in enumerate(rows):
        numbers.append([None if table is None else table.numbers[0][place] for table in known])
        texts.append(["" if table is None else table.texts[0][place] for table in known])
        custom.append([[number, row, words] if exactly else [number] for number, words in enumerate(told, 1)])
    name, does = said
    hover = f"%{{customdata[2]}}<br>{name}[%{{customdata[1]}}]{does} %{{text}}"
    if not exactly:
        hover = f"call %{{customdata[0]}}<br>{name}[%{{y}}]{does} %{{z:.9~g}}"
    return Panel(title, numbers, texts, custom, f"{hover}<extra></extra>")


def _marks(
    states: Sequence[State],
    after: Sequence[Amount | None],
    tables: Sequence[Table | None],
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
