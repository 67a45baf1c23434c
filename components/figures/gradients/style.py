"""What the figures of the Gradients page have in common: colours, panels, ticks, marks.
What all charts share is in ``components.figures.chart_style``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.text import number_text
from ..chart_style import CLEAR, COLOURS, FAINT, GREY, SIZE
from .records import Call, LeafHistory
from .words import escaped, where

# Of many leaves in a row the colour says how deep they are: blue, grey, orange, all of them visible light and dark.
_RAMP = ((0, 114, 178), (138, 143, 152), (213, 94, 0))
NOT_FINITE = "rgba(134, 141, 153, 0.4)"
_GAP = 0.075
MOST_LABELS = 8
# How wide the numbers of all bars may be, in characters, and what stays where they are wider.
_CHARACTERS = 48
_WORDS = ("0", "None", "NaN", "inf", "?")
# Room above the panels: for their titles, and for a heading above those.
TITLED, HEADED = 34, 58

Layout = dict[str, Any]


def colour(number: int, count: int) -> str:
    """Return the colour of one of so many series."""
    if count <= len(COLOURS):
        return COLOURS[number]
    place = number / (count - 1) * (len(_RAMP) - 1)
    low, part = _RAMP[int(place)], place - int(place)
    high = _RAMP[min(int(place) + 1, len(_RAMP) - 1)]
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in zip(low, high, strict=True))


def layout(height: int, top: int = TITLED, **more: Any) -> Layout:
    """Return what every figure has, and more."""
    return {
        "template": "none",
        "height": height,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"size": SIZE},
        "margin": {"l": 8, "r": 12, "t": top, "b": 8, "pad": 4},
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "font": {"size": SIZE}, "namelength": -1},
        "showlegend": False,
        "dragmode": "pan",
        **more,
    }


def axis(**more: Any) -> Layout:
    """Return an axis with quiet lines."""
    return {
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"size": SIZE},
        "gridcolor": FAINT,
        "zerolinecolor": GREY,
    } | more


def axis_title(text: str) -> Layout:
    """Return the words beside an axis."""
    return {"text": text, "font": {"size": SIZE}, "standoff": 5}


def bar_gap(bars: int) -> float:
    """Return the part of the axis between groups of bars: a few bars are not as wide as the panel."""
    return max(0.28, 1 - 0.11 * bars)


def bar_text(value: float | str | None) -> str:
    """Return what stands at the end of a bar; ``?`` where a number was not recorded."""
    return value if isinstance(value, str) else "?" if value is None else number_text(value)


def drop_crowded_numbers(data: Sequence[dict[str, Any]], bars: int) -> None:
    """Leave only words (None, NaN, 0) at the ends of bars that are too narrow for numbers."""
    if bars * max((len(text) for trace in data for text in trace["text"]), default=0) > _CHARACTERS:
        for trace in data:
            trace["text"] = [text if text in _WORDS else "" for text in trace["text"]]


def halves() -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the domains of two panels side by side."""
    return (0.0, 0.5 - _GAP / 2), (0.5 + _GAP / 2, 1.0)


def panel_title(text: str, left: float) -> Layout:
    """Return the title above a panel; ``text`` is safe to draw."""
    return _above(text, left, 8)


def titled(panels: tuple[str, str], above: str) -> Layout:
    """Return the titles of two ``halves``, and a heading above both if it has words, as a part of ``layout``.

    A title is as wide as its panel is on a phone: what can be long, as the name of a leaf, belongs in the heading.
    """
    notes = [panel_title(text, left) for text, (left, _) in zip(panels, halves(), strict=True)]
    return {"annotations": [*notes, heading(above)] if above else notes, "top": HEADED if above else TITLED}


def only_name(leaves: Sequence[LeafHistory]) -> str:
    """Return the heading of a figure without a legend: the one leaf's name; of several leaves, nothing."""
    return f"<b>{escaped(leaves[0].label, 48)}</b>" if len(leaves) == 1 else ""


def heading(text: str) -> Layout:
    """Return what stands above the titles of all panels, which need ``HEADED`` as their top margin."""
    return _above(text, 0.0, 32)


def _above(text: str, left: float, shift: int) -> Layout:
    return {
        "text": text,
        "x": left,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "yshift": shift,
        "showarrow": False,
        "font": {"size": SIZE + 1},
    }


def note(text: str, x: float, y: float, **more: Any) -> Layout:
    """Return a text in the middle of an empty panel."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "center",
        "showarrow": False,
        "opacity": 0.75,
    } | more


def legend(below: bool = False) -> Layout:
    """Return a legend above the panels' titles, or below the axes; a long one scrolls."""
    where_ = {"yref": "container", "y": 0, "yanchor": "bottom"} if below else {"y": 1.13, "yanchor": "bottom"}
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "maxheight": 92,
        "font": {"size": SIZE},
        "bgcolor": CLEAR,
        "itemclick": "toggle",
        "itemdoubleclick": "toggleothers",
    } | where_


def call_axis(calls: Sequence[Call], **more: Any) -> Layout:
    """Return the x axis of the calls: each with its label where they are few, else a number here and there."""
    ends = {"range": [0.5, len(calls) + 0.5], "autotickangles": [0, -60]} | more
    if len(calls) <= MOST_LABELS:
        words = [call.label.replace(" ", "<br>") for call in calls]
        return axis(tickvals=[call.number for call in calls], ticktext=words, **ends)
    every = nice_step(len(calls) / 6)
    ticks = [1, *range(every, len(calls) + 1, every)] if every > 1 else [call.number for call in calls]
    return axis(tickvals=ticks, ticktext=[str(tick) for tick in ticks], title=axis_title("call"), **ends)


def nice_step(least: float) -> int:
    """Return 1, 2 or 5 times a power of ten, not less than ``least``."""
    power = 10 ** math.floor(math.log10(max(least, 1)))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= least)


def call_words(call: Call) -> str:
    """Return what a hover says of a call, safe to draw: its label, its text, its line of code."""
    code = f"<br><i>{escaped(call.code, 90)}</i>" if call.code else ""
    return f"<b>{call.label}</b> · {escaped(call.text, 120) or where(call.line)}{code}"


def empty(text: str, height: int = 160) -> go.Figure:
    """Return a figure that only says why it is empty."""
    nothing = {"visible": False}
    return go.Figure(layout=layout(height, xaxis=nothing, yaxis=nothing, annotations=[note(text, 0.5, 0.5)]))


def figure(data: Sequence[Mapping[str, Any]], style: Layout) -> go.Figure:
    """Return the figure of traces and a layout."""
    return go.Figure(data=[_packed(trace) for trace in data], layout=style)


def _packed(trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trace with arrays for its lists: Plotly checks each element of a list, and that several times."""
    packed = dict(trace)
    if packed["type"] in ("scatter", "bar"):
        for name in ("x", "y"):
            packed[name] = np.array([np.nan if one is None else one for one in packed[name]], dtype=np.float64)
    custom = packed.get("customdata")
    if custom is not None:
        packed["customdata"] = np.empty(_shape(custom), dtype=object)
        packed["customdata"][:] = custom
    return packed


def _shape(nested: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(nested, list):
        shape.append(len(nested))
        nested = nested[0] if nested else None
    return tuple(shape)
