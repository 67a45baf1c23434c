"""What was alive at a moment, the peak above all: bytes by category, the blocks, and why each was still held."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.events import EventNumbers
from ...facts.text import bytes_text, line_text
from ..charts.style import SIZE, charted, escaped, quiet_axis
from .records import Alive, Holder
from .style import COLOURS, NAMES, byte_axis
from .tables import CATEGORIES, MemoryTables
from .words import BASE, label_of, run_label, why_held

MOST_HOLDERS = 1_000
_BARS = 10


def alive_info(tables: MemoryTables, moments: EventNumbers, event: int) -> Alive:
    """Return what was alive right after an event; of very many blocks, the largest ``MOST_HOLDERS``."""
    happened = tables.events[event]
    blocks = tables.alive(event)
    blocks.sort(key=lambda place: -tables.blocks[place].bytes)  # stable: of equals the older one first
    amounts = dict.fromkeys(CATEGORIES, 0)
    for place in blocks:
        amounts[tables.category(place, event)] += tables.blocks[place].bytes
    sizes = sorted(((name, size) for name, size in amounts.items() if size), key=lambda pair: -pair[1])
    return Alive(
        event,
        happened.total_bytes,
        happened.line,
        tables.index.code(happened.line),
        run_label(tables, happened.backward),
        tuple(sizes),
        happened.total_bytes - sum(amounts.values()),
        tuple(_holder(tables, moments, place, event) for place in blocks[:MOST_HOLDERS]),
        moments.of_memory(happened),
    )


def _holder(tables: MemoryTables, moments: EventNumbers, place: int, event: int) -> Holder:
    block, birth = tables.blocks[place], tables.birth(place)
    node = tables.index.nodes.get(birth.node or "")
    return Holder(
        place,
        tables.category(place, event),
        block.bytes,
        label_of(block),
        birth.line,
        tables.index.code(birth.line),
        node.name if node is not None else "",
        block.operation or "",
        why_held(tables, place, event),
        moments.of_memory(birth),
    )


def alive_figure(info: Alive) -> go.Figure:
    """Draw one bar of the bytes by category, and below it the biggest holders.

    ``customdata`` of a holder's bar is ``[-1, moment or -1]``.
    """
    parts = [*info.categories, *([(BASE, info.base)] if info.base > 0 else [])]
    shown = info.holders[:_BARS]
    data: list[dict[str, Any]] = [_part(name, size) for name, size in parts]
    if shown:
        data.append(_bars(shown))
    return charted(
        data,
        108 + 30 + 26 * max(len(shown), 1),
        barmode="stack",
        showlegend=False,
        uniformtext={"mode": "hide", "minsize": SIZE - 1},  # what does not fit into its part of the bar
        margin={"l": 8, "r": 64, "t": 24, "b": 4},
        xaxis=quiet_axis(range=[0, max(info.total, 1)], visible=False, fixedrange=True),
        yaxis=quiet_axis(domain=[1 - 52 / (114 + 26 * max(len(shown), 1)), 1], visible=False, fixedrange=True),
        xaxis2=byte_axis(max((one.bytes for one in shown), default=1), anchor="y2", visible=False, fixedrange=True),
        yaxis2=quiet_axis(
            domain=[0, 1 - 96 / (114 + 26 * max(len(shown), 1))],
            anchor="x2",
            range=[len(shown) - 0.5, -0.5],
            tickvals=list(range(len(shown))),
            ticktext=[_label(one) for one in shown],
            fixedrange=True,
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
        "x": np.array([size], dtype=np.float64),
        "y": np.array([0.0]),
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


def _label(one: Holder) -> str:
    line = f" · line {one.line}" if one.line is not None else ""
    return f"{escaped(one.name, 22)}{line} "


def _bars(shown: tuple[Holder, ...]) -> dict[str, Any]:
    custom = np.empty((len(shown), 3), dtype=object)
    for place, one in enumerate(shown):
        said = f"<b>{escaped(one.name, 60)}</b> · {bytes_text(one.bytes)} {one.category}<br>{escaped(one.why, 110)}"
        said += f"<br>allocated in {line_text(one.line)}: <i>{escaped(one.code, 70)}</i>"
        custom[place] = [-1, -1 if one.moment is None else one.moment, said]
    return {
        "type": "bar",
        "orientation": "h",
        "xaxis": "x2",
        "yaxis": "y2",
        "x": np.array([one.bytes for one in shown], dtype=np.float64),
        "y": np.arange(len(shown), dtype=np.float64),
        "marker": {"color": [COLOURS[one.category] for one in shown]},
        "text": [bytes_text(one.bytes) for one in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "customdata": custom,
        "hovertemplate": "%{customdata[2]}<extra></extra>",
    }
