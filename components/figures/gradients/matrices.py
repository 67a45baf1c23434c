"""A leaf with several dimensions at one call: what the call added, and ``.grad`` after it, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.text import shape_text
from . import style
from .cells import Table, table_of
from .heat import Panel, heat_figure
from .records import Amount, LeafHistory
from .words import escaped, size_text

# How wide the words below a panel may be together, in characters.
_CHARACTERS = 44
_MOST_ROWS = 14


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
    name, told = escaped(leaf.label, 48), style.call_words(leaf.calls[call - 1])
    if pattern is None:
        said = f"{name}.grad is None" if state.after is None else f"The numbers of {name}.grad were not recorded"
        more = "" if state.after is None else f": {size_text(state.after)}"
        return style.empty(f"{told}<br>{said}{more}", 200)
    said = f" · {pattern.blocks}" if pattern.blocks else ""
    heading = f"<b>{name}</b> {shape_text(list(leaf.shape))} · {leaf.calls[call - 1].label}{said}"
    left = _panel("added by this call", tables[0], pattern, call, told, (name, ": added"))
    right = _panel(".grad after it", tables[1], pattern, call, told, (f"{name}.grad", " ="))
    left.note = _blank(tables[0], added, "nothing added")
    right.note = _blank(tables[1], state.after, "None")
    rows, columns = len(pattern.rows), len(pattern.columns)
    wide = max(map(len, pattern.columns)) + 2
    across = style.axis(range=[-0.5, columns - 0.5], **_ticks(pattern.columns, _CHARACTERS / wide))
    down = style.axis(range=[rows - 0.5, -0.5], **_ticks(pattern.rows, _MOST_ROWS))
    height = min(max(rows * 30, 120), 440) + 90
    return heat_figure(heading, (left, right), range(columns), range(rows), (across, down), height)


def _blank(table: Table | None, amount: Amount | None, word: str) -> str:
    if table is not None:
        return ""
    return word if amount is None else "not recorded"


def _ticks(words: Sequence[str], most: float) -> dict[str, Any]:
    every = style.nice_step(len(words) / most)
    places = list(range(0, len(words), every))
    return {"tickvals": places, "ticktext": [words[place] for place in places]}


def _panel(title: str, table: Table | None, pattern: Table, call: int, told: str, said: tuple[str, str]) -> Panel:
    numbers = [[None] * len(pattern.columns) for _ in pattern.rows] if table is None else table.numbers
    texts = [[""] * len(pattern.columns) for _ in pattern.rows] if table is None else table.texts
    custom = [[[call, f"[{row}, {column}]"] for column in pattern.columns] for row in pattern.rows]
    hover = f"{told}<br>{said[0]}%{{customdata[1]}}{said[1]} %{{text}}<extra></extra>"
    return Panel(title, numbers, texts, custom, hover)
