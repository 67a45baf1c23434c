"""How the project's Plotly charts look, whatever they show: sizes that can be projected, colours, the diverging scale.

Grounds are transparent, and no text has a colour of its own, so that a chart takes both from the theme it is shown in.
The diverging scale is that of the player's heat maps: orange above zero, blue below, the ground itself at zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

SIZE = 13
NOW = "#cf451c"
# Okabe and Ito's colours, as those of the theme: people with any common kind of colour blindness can tell them apart.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f98", "#b59f00")
BELOW, ABOVE = (47, 120, 196), (224, 123, 57)
GREY = "#868d99"
FAINT = "rgba(134, 141, 153, 0.28)"
CLEAR = "rgba(0, 0, 0, 0)"
# Letters in the theme's colour stay readable on the strongest colour of the scale, light and dark.
_STRONGEST, _WEAKEST = 0.7, 0.12


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


def with_ink(figure: go.Figure, colour: str) -> go.Figure:
    """Give all letters of a figure one colour, that of the page's text: by itself Plotly's are grey."""
    font = {"font": {"color": colour}}
    figure.update_layout(font_color=colour, hoverlabel=font, legend=font)
    figure.update_xaxes(tickfont_color=colour, title=font)
    figure.update_yaxes(tickfont_color=colour, title=font)
    return figure


def quiet_axis(**more: Any) -> dict[str, Any]:
    """Return an axis without lines of its own."""
    return {"automargin": True, "showgrid": False, "zeroline": False, "ticks": "", "tickfont": {"size": SIZE}} | more


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
