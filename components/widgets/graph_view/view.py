"""The Python side of the graph component.

The browser gets the picture and all cards at once, so that selecting, zooming and reading cost no round trip; the
server hears of a selection only to mark the line in the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import streamlit as st

from components.figures import Card, LayoutProblem, Picture

_HERE = Path(__file__).parent
_LEGEND = {
    "leaf": "leaf",
    "function": "function",
    "saved": "saved tensor",
    "freed": "freed",
    "output": "output",
    "order2": "built by create_graph",
    "folded": "folded",
    "stopped": "stopped here",
}
_component = st.components.v2.component(
    "autograd_lab_graph",
    html=(_HERE / "graph.html").read_text(encoding="utf-8"),
    css=(_HERE / "graph.css").read_text(encoding="utf-8"),
    js=(_HERE / "graph.js").read_text(encoding="utf-8"),
)


def graph_view(
    picture: Picture | LayoutProblem | None,
    cards: Mapping[str, Card],
    *,
    kind: Literal["lab", "torchviz"],
    key: str,
    title: str = "Graph",
    empty: str = "",
    height: int = 560,
) -> str | None:
    """Show a picture and return the id of the selected box, ``None`` if nothing is selected.

    ``cards`` are found by the box's id (its DOT name) or, for boxes that torchviz named itself, by ``name:`` and the
    first line of the label. ``empty`` is shown where there is no picture. ``height`` is in CSS pixels.
    """
    svg = picture.svg if isinstance(picture, Picture) else ""
    message = picture.message if isinstance(picture, LayoutProblem) else empty
    legend = [[name, word] for name, word in _LEGEND.items() if kind == "lab" and _present(svg, name)]
    result = _component(
        key=key,
        height=height,
        data={
            "svg": svg,
            "kind": kind,
            "title": title,
            "message": message,
            "legend": legend,
            "cards": {name: asdict(card) for name, card in cards.items()},
        },
        default={"selected": None},
        on_selected_change=lambda: None,
    )
    selected = result.selected
    return selected if isinstance(selected, str) else None


def _present(svg: str, kind: str) -> bool:
    return f'class="node {kind}' in svg or f' {kind}"' in svg or f" {kind} " in svg
