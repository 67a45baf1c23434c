"""How the project's charts look, whatever they show: sizes that can be projected, colours, panels, ticks, texts.

Grounds are transparent, and no text has a colour of its own, so that a chart takes both from the theme it is shown in.
The diverging scale is that of the player's heat maps: orange above zero, blue below, the ground itself at zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.text import bytes_text, number_text

Layout = dict[str, Any]
SIZE = 13
NOW = "#cf451c"
# Okabe and Ito's colours, as those of the theme: people with any common kind of colour blindness can tell them apart.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f98", "#b59f00")
# Of many leaves in a row the colour says how deep they are: blue, grey, orange, all of them visible light and dark.
_RAMP = ((0, 114, 178), (138, 143, 152), (213, 94, 0))
BELOW, ABOVE = (47, 120, 196), (224, 123, 57)
GREY = "#868d99"
FAINT = "rgba(134, 141, 153, 0.28)"
CLEAR = "rgba(0, 0, 0, 0)"
# Letters in the theme's colour stay readable on the strongest colour of the scale, light and dark.
_STRONGEST, _WEAKEST = 0.7, 0.12
# The domains of two panels side by side.
HALVES = (0.0, 0.4625), (0.5375, 1.0)
# Room above the panels: for their titles, and for a heading above those.
TITLED, HEADED = 34, 58
# How wide the numbers of all bars may be, in characters, and what stays where they are wider.
_CHARACTERS = 48
_WORDS = ("0", "None", "NaN", "inf", "?")
_LONGEST_NAME = 80
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "%{": "&#37;{"}
_SPECIAL = re.compile(r"[&<>]|%\{")
_DOTTED = re.compile(r"[\w.\[\]()]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def diverging() -> list[tuple[float, str]]:
    """Return the colour scale, to be centred at zero. Zero is a breath of grey: a cell of zero is no blank."""
    below, above = (", ".join(map(str, ends)) for ends in (BELOW, ABOVE))
    return [
        (0.0, f"rgba({below}, {_STRONGEST})"),
        (0.49, f"rgba({below}, {_WEAKEST})"),
        (0.5, f"rgba(134, 141, 153, {_WEAKEST})"),
        (0.51, f"rgba({above}, {_WEAKEST})"),
        (1.0, f"rgba({above}, {_STRONGEST})"),
    ]


def colour(number: int, count: int) -> str:
    """Return the colour of one of so many series."""
    if count <= len(COLOURS):
        return COLOURS[number]
    place = number / (count - 1) * (len(_RAMP) - 1)
    low, part = _RAMP[int(place)], place - int(place)
    high = _RAMP[min(int(place) + 1, len(_RAMP) - 1)]
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in zip(low, high, strict=True))


def with_ink(figure: go.Figure, colour: str) -> go.Figure:
    """Give all letters of a figure one colour, that of the page's text, and hovers white ones on dark ground."""
    # As update_layout, update_xaxes and update_yaxes would, which take 8 ms for it: longer than the chart itself.
    layout: dict[str, Any] = figure._layout
    axes = {"xaxis", "yaxis", *(name for name in layout if name.startswith(("xaxis", "yaxis")))}
    titles = [layout.setdefault(name, {}).setdefault("title", {}) for name in sorted(axes)]
    for written in (layout, layout.setdefault("legend", {}), *titles):
        written.setdefault("font", {})["color"] = colour
    # Plotly would take a hover's ground from what is pointed at.
    hover = layout.setdefault("hoverlabel", {})
    hover |= {"bgcolor": "#232b3a", "bordercolor": GREY}
    hover.setdefault("font", {})["color"] = "#ffffff"
    for name in axes:
        layout[name].setdefault("tickfont", {})["color"] = colour
    return figure


# --- whole charts


def charted(data: Sequence[Mapping[str, Any]], height: int, **layout: Any) -> go.Figure:
    """Return the chart of some traces, all in one go: Plotly checks what it is given, which costs more step by step."""
    shared = {
        "template": "none",
        "height": height,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"size": SIZE},
        "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        "hoverlabel": {"align": "left", "font": {"size": SIZE}, "namelength": -1},
    }
    return go.Figure(data=list(data), layout=shared | layout)


def panels(data: Sequence[Mapping[str, Any]], height: int, top: int = TITLED, **more: Any) -> go.Figure:
    """Return the chart of traces in panels that can be moved but not marked, below ``top`` pixels for their titles."""
    shared = {
        "margin": {"l": 8, "r": 12, "t": top, "b": 8, "pad": 4},
        "hovermode": "closest",
        "showlegend": False,
        "dragmode": "pan",
    }
    return charted([packed(trace) for trace in data], height, **(shared | more))


def empty(text: str, height: int = 160) -> go.Figure:
    """Return a figure that only says why it is empty."""
    nothing = {"visible": False}
    return panels([], height, xaxis=nothing, yaxis=nothing, annotations=[note(text, 0.5, 0.5)])


def packed(trace: Mapping[str, Any]) -> Layout:
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


# --- axes


def quiet_axis(**more: Any) -> Layout:
    """Return an axis without lines of its own."""
    return {"automargin": True, "showgrid": False, "zeroline": False, "ticks": "", "tickfont": {"size": SIZE}} | more


def axis(**more: Any) -> Layout:
    """Return an axis with quiet lines, where more asks for them."""
    return quiet_axis(**({"showline": False, "gridcolor": FAINT, "zerolinecolor": GREY} | more))


def axis_title(text: str) -> Layout:
    """Return the words beside an axis."""
    return {"text": text, "font": {"size": SIZE}, "standoff": 5}


def nice_step(least: float) -> int:
    """Return 1, 2 or 5 times a power of ten, not less than ``least``."""
    power = 10 ** math.floor(math.log10(max(least, 1)))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= least)


def byte_axis(top: int, **more: Any) -> Layout:
    """Return an axis of bytes up to ``top``, with a little room above."""
    values, texts = byte_ticks(top)
    room = {"range": [0, max(top, 1) * 1.16], "tickvals": values, "ticktext": texts}
    return quiet_axis(showgrid=True, gridcolor=FAINT, tickfont={"size": SIZE}, **room) | more


def byte_ticks(top: int) -> tuple[list[int], list[str]]:
    """Return the values and texts of three to six ticks from 0 to ``top`` bytes, a power of two apart."""
    step = 1 << max(math.floor(math.log2(max(top, 1) / 3)), 0) if top >= 3 else 1
    values = list(range(0, top + 1, step))
    return values, ["0"] + [bytes_text(value) for value in values[1:]]


# --- what stands in a chart


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


def titled(panels: tuple[str, str], above: str) -> Layout:
    """Return the titles of two ``HALVES``, and a heading above both if it has words, for ``panels``.

    A title is as wide as its panel is on a phone: what can be long, as the name of a leaf, belongs in the heading.
    """
    notes = [panel_title(text, left) for text, (left, _) in zip(panels, HALVES, strict=True)]
    return {"annotations": [*notes, heading(above)] if above else notes, "top": HEADED if above else TITLED}


def panel_title(text: str, left: float) -> Layout:
    """Return the title above a panel; ``text`` is safe to draw."""
    return _above(text, left, 8)


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


# --- texts of strangers


def escaped(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return a stranger's text for Plotly, which reads tags, entities and ``%{…}`` in whatever it draws."""
    return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], shortened(text, longest))


def shortened(text: str, longest: int) -> str:
    """Return a text in one line, without its front or its middle if it is long.

    Of the names of parameters (``encoder.layers.0.norm.weight``) the end tells them apart, of others both ends do.
    """
    text = one_line(text)
    if len(text) <= longest:
        return text
    kept = longest - 1
    front = 0 if _DOTTED.fullmatch(text) else kept // 3
    return f"{text[:front]}…{text[len(text) - (kept - front) :]}"


def one_line(text: str) -> str:
    """Return a text without line breaks and what else moves letters about."""
    return _CONTROL.sub(" ", text)
