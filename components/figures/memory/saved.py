"""Bytes saved for backward, by node and by module. A storage that several nodes saved is there once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.events import EventNumbers
from ...facts.text import bytes_text, plural
from ...trace import Node
from ..charts.style import charted, escaped, quiet_axis
from .records import Saved, Saver
from .style import COLOURS, byte_axis
from .tables import CATEGORIES, MemoryTables
from .words import unseen_saver

_BARS = 12
OUTSIDE = "outside of modules"
# A leaf, a gradient or an optimizer's state is there anyway.
_EXTRA = "saved"


def saved_info(tables: MemoryTables, moments: EventNumbers) -> Saved:
    """Return what was saved over the whole run, the most first.

    ``extra`` are the bytes of blocks of category ``saved``: weights, for one, are saved too but are there anyway. What
    no node has saved (the inputs that a checkpoint keeps) is a row of its own, of 0 nodes.
    """
    alike: defaultdict[tuple[str, str, int | None], list[Node]] = defaultdict(list)
    by_module: defaultdict[str, list[Node]] = defaultdict(list)
    alone = 0
    for name, blocks in tables.saved_blocks.items():
        node = tables.index.nodes.get(name)
        if node is not None:
            alike[node.name, node.module or OUTSIDE, node.line].append(node)
            by_module[node.module or OUTSIDE].append(node)
            alone += _sizes(tables, blocks)[0]
    of_nodes, extra = _sizes(tables, {place for blocks in tables.saved_blocks.values() for place in blocks})
    unseen = _unseen(tables)
    kept = sum(row.bytes for row in unseen)
    most = tables.by_category[CATEGORIES.index("saved")].max(initial=0)
    return Saved(
        _largest_first([*(_row(tables, moments, label, nodes) for (label, _, _), nodes in alike.items()), *unseen]),
        _largest_first([*(_row(tables, moments, module, nodes) for module, nodes in by_module.items()), *unseen]),
        of_nodes + kept,
        extra + kept,
        alone - of_nodes,
        int(most),
    )


def _unseen(tables: MemoryTables) -> list[Saver]:
    """One row for what no node of the record has saved."""
    size = int(tables.sizes[tables.unseen].sum())
    label = unseen_saver(tables)
    return [Saver(label, label, None, "", 0, size, size, None)] if size else []


def _row(tables: MemoryTables, moments: EventNumbers, label: str, nodes: Sequence[Node]) -> Saver:
    lines = {node.line for node in nodes}
    line = nodes[0].line if len(lines) == 1 else None
    size, extra = _sizes(tables, {place for node in nodes for place in tables.saved_blocks[node.id]})
    seen = next((found for node in nodes if (found := moments.of_birth(node.id)) is not None), None)
    return Saver(label, nodes[0].module or OUTSIDE, line, tables.index.code(line), len(nodes), size, extra, seen)


def _sizes(tables: MemoryTables, places: Iterable[int]) -> tuple[int, int]:
    blocks = [tables.blocks[place] for place in places]
    return sum(block.bytes for block in blocks), sum(block.bytes for block in blocks if block.category == _EXTRA)


def _largest_first(rows: Iterable[Saver]) -> tuple[Saver, ...]:
    return tuple(sorted(rows, key=lambda row: -row.bytes))


# --- the figure


def saved_figure(rows: Sequence[Saver]) -> go.Figure:
    """Draw the rows that saved most: in orange what is of category ``saved``, in blue what is there anyway.

    ``customdata`` of a bar is ``[-1, moment or -1, text]``.
    """
    shown = list(rows[:_BARS])
    places = np.arange(len(shown), dtype=np.float64)
    custom = np.empty((len(shown), 3), dtype=object)
    for place, row in enumerate(shown):
        custom[place] = [-1, -1 if row.moment is None else row.moment, _hover(row)]
    shared: dict[str, Any] = {"type": "bar", "orientation": "h", "y": places, "customdata": custom}
    shared["hovertemplate"] = "%{customdata[2]}<extra></extra>"
    extra = np.array([row.extra for row in shown], dtype=np.float64)
    other = np.array([row.bytes - row.extra for row in shown], dtype=np.float64)
    words = [bytes_text(row.bytes) for row in shown]
    outside = {"text": words, "textposition": "outside", "cliponaxis": False}
    data = [
        shared | {"x": extra, "marker": {"color": COLOURS["saved"]}, "name": "saved"},
        shared | {"x": other, "marker": {"color": COLOURS["leaf"]}, "name": "leaf or the like"} | outside,
    ]
    return charted(
        data,
        26 * max(len(shown), 1) + 44,
        barmode="stack",
        showlegend=False,
        margin={"l": 8, "r": 74, "t": 8, "b": 8},
        xaxis=byte_axis(max((row.bytes for row in shown), default=1), visible=False, fixedrange=True),
        yaxis=quiet_axis(
            range=[len(shown) - 0.5, -0.5],
            tickvals=list(range(len(shown))),
            ticktext=[f"{escaped(_label(row), 34)} " for row in shown],
            fixedrange=True,
        ),
    )


def _label(row: Saver) -> str:
    if row.label == row.module:
        return row.label
    many = f" ×{row.nodes:,}" if row.nodes > 1 else ""
    line = f"line {row.line}" if row.line is not None else ""
    return f"{row.label}{many} · {line if row.module == OUTSIDE else row.module}"


def _hover(row: Saver) -> str:
    said = f"<b>{escaped(row.label, 60)}</b> · {bytes_text(row.bytes)} saved"
    said += f", {bytes_text(row.extra)} of category saved"
    if row.module != row.label and row.module != OUTSIDE:
        said += f"<br>module {escaped(row.module, 60)}"
    code = f": <i>{escaped(row.code, 70)}</i>" if row.code else ""
    lines = f"<br>line {row.line}{code}" if row.line is not None else ""
    return f"{said}<br>{plural(row.nodes, 'node')}{lines}" if row.nodes else said
