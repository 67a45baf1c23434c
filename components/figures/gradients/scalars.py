"""Leaves of one element: bars of what each call added beside what ``.grad`` came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from .. import chart_style
from . import style
from .history import variables
from .lines import exact_text, lines_figure
from .records import Call, History, LeafHistory, State
from .scale import scale_of, value_or_row
from .words import escaped

# Bars of one panel, past which leaves are drawn as lines, and past which words on bars stand upright.
_MOST_BARS = 90
_UPRIGHT = 16
_CARRIED, _UNSELECTED = 0.45, 0.25
_TITLES = ("added by each call", ".grad after it")


def scalar_figure(history: History, highlight: str | None = None) -> go.Figure:
    """Draw every leaf of one element; ``highlight`` is the origin of one that stands out among lines."""
    leaves = [leaf for leaf in variables(history) if leaf.kind == "scalar"]
    if not leaves or not history.calls:
        return style.empty("No call has changed a .grad yet." if leaves else "No leaf has one element.")
    bars = len(leaves) * len(history.calls)
    if bars > _MOST_BARS:
        changed = [leaf for leaf in leaves if leaf.changes]
        return lines_figure(history.calls, changed, value_or_row, _TITLES, highlight=highlight, log=False)
    return _bars_figure(history.calls, leaves)


def _bars_figure(calls: Sequence[Call], leaves: Sequence[LeafHistory]) -> go.Figure:
    told = [style.call_words(call) for call in calls]
    bars = len(calls) * len(leaves)
    data: list[dict[str, Any]] = []
    for number, leaf in enumerate(leaves):
        states = list(leaf.states())
        look = {
            "type": "bar",
            "name": escaped(leaf.label, 28),
            "legendgroup": str(number),
            "textposition": "outside",
            "cliponaxis": False,
            "constraintext": "none",
            "textangle": -90 if bars > _UPRIGHT else 0,
            "textfont": {"size": chart_style.SIZE},
            # Where opacities are a list, Plotly stumbles over a click that selects, unless it is told these.
            "selected": {"marker": {"opacity": 1}},
            "unselected": {"marker": {"opacity": _UNSELECTED}},
        }
        for panel, after in (("x", False), ("x2", True)):
            trace = _bars(leaf, states, after, told)
            marker = {"color": style.colour(number, len(leaves)), "opacity": trace.pop("opacity"), "cornerradius": 3}
            data.append(look | trace | {"xaxis": panel, "showlegend": after, "marker": marker})
    style.drop_crowded_numbers(data, bars)
    return style.figure(data, _layout(calls, leaves, [height for trace in data for height in trace["y"]]))


def _layout(calls: Sequence[Call], leaves: Sequence[LeafHistory], values: Sequence[float]) -> style.Layout:
    left, right = style.halves()
    return style.layout(
        340,
        **style.titled(_TITLES, style.only_name(leaves)),
        barmode="group",
        bargap=style.bar_gap(len(calls) * len(leaves)),
        bargroupgap=0.08,
        xaxis=style.call_axis(calls, domain=left),
        xaxis2=style.call_axis(calls, domain=right, matches="x", anchor="y"),
        yaxis=scale_of(values, log=False).axis(0.14, zeroline=True),
        showlegend=len(leaves) > 1,
        legend=style.legend(),
    )


def _bars(leaf: LeafHistory, states: Sequence[State], after: bool, told: Sequence[str]) -> dict[str, Any]:
    """One bar a call; a bar of no height carries the word for what has none."""
    rows: list[tuple[int, float, str, list[object], float]] = []
    for state in states:
        change = state.change
        amount = state.after if after else change.added if change is not None else None
        if not after and amount is None:
            continue
        value = value_or_row(amount)
        custom: list[object] = [state.call, exact_text(amount), told[state.call - 1]]
        text = style.bar_text(value)
        height = value if isinstance(value, int | float) else 0.0
        rows.append((state.call, height, text, custom, 1.0 if change is not None or not after else _CARRIED))
    x, y, texts, customs, opacities = ([row[part] for row in rows] for part in range(5))
    name = escaped(leaf.label)
    said = f"{name}.grad = " if after else f"{name}: added "
    return {
        "x": x,
        "y": y,
        "text": texts,
        "customdata": customs,
        "opacity": opacities,
        "hovertemplate": f"%{{customdata[2]}}<br>{said}%{{customdata[1]}}<extra></extra>",
    }
