"""The Python side of the graph component.

The browser gets the picture and the cards of its boxes at once, so that selecting, zooming and reading cost no round
trip; the server hears of a selection only to mark the line in the program.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import streamlit as st

from components.figures import Card, LayoutProblem, Picture

_HERE = Path(__file__).parent
_SVG = "{http://www.w3.org/2000/svg}"
# The words of the legend, in its order; only kinds that the picture has are shown.
_LEGEND = {
    "output": "output",
    "function": "function",
    "leaf": "leaf",
    "saved": "saved tensor",
    "freed": "freed",
    "order2": "built by create_graph",
    "untracked": "not tracked",
    "folded": "folded",
    "stopped": "stopped here",
}


def _text(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


_component = st.components.v2.component(
    "autograd_lab_graph",
    html=_text("graph.html"),
    css=_text("graph.css"),
    js=_text("svg.js", "camera.js", "card.js", "graph.js"),
)


@dataclass(frozen=True)
class _Shown:
    """A box as it stands in the SVG: its name there, its kinds, the first line of its label."""

    id: str
    kinds: frozenset[str]
    label: str


def graph_view(
    picture: Picture | LayoutProblem | None,
    cards: Mapping[str, Card],
    *,
    key: str,
    kind: Literal["lab", "torchviz"] = "lab",
    title: str = "Graph",
    empty: str = "",
    height: int = 560,
    selected: str | None = None,
) -> str | None:
    """Show a picture; return the id under which ``cards`` has the card of the selected box, ``None`` without one.

    Cards are found by the box's id (its DOT name), by that of the node it belongs to, or, for boxes that torchviz
    named itself, by ``name:`` and the first line of the label. ``empty`` is shown where there is no picture.
    ``height`` is in CSS pixels. ``selected`` is a box to select when it changes; what the person selects afterwards
    stays, and survives reruns as long as a box of that id is shown.
    """
    svg = picture.svg if isinstance(picture, Picture) else ""
    boxes = _boxes(svg)
    found = {box.id: name for box in boxes if (name := _card_name(box, cards)) is not None}
    result = _component(
        key=key,
        height=height,
        data={
            "svg": svg,
            "kind": kind,
            "title": title,
            "message": picture.message if isinstance(picture, LayoutProblem) else empty,
            "legend": _legend(boxes) if kind == "lab" else [],
            "cards": {box: asdict(cards[name]) for box, name in found.items()},
            "selected": selected,
        },
        default={"selected": None},
        on_selected_change=lambda: None,
    )
    return found.get(result.selected) if isinstance(result.selected, str) else None


@lru_cache(maxsize=128)
def _boxes(svg: str) -> tuple[_Shown, ...]:
    return tuple(_read(svg)) if svg else ()


def _read(svg: str) -> Iterator[_Shown]:
    for group in ElementTree.fromstring(svg).iter(f"{_SVG}g"):
        kinds = group.get("class", "").split()
        if "node" in kinds:
            label = group.findtext(f"{_SVG}text", "").strip()
            yield _Shown(group.findtext(f"{_SVG}title", ""), frozenset(kinds), label)


def _card_name(box: _Shown, cards: Mapping[str, Card]) -> str | None:
    node = box.id.partition("~")[0]
    # The copy of a leaf has the leaf's card.
    leaf = f"{node}~leaf" if re.search(r"~\d+$", box.id) else box.id
    return next((name for name in (box.id, leaf, node, f"name:{box.label}") if name in cards), None)


def _legend(boxes: tuple[_Shown, ...]) -> list[list[str]]:
    present = frozenset[str]().union(*(box.kinds for box in boxes))
    # A function of a higher order has a colour of its own, and so has a saved tensor that was freed.
    return [[kind, word] for kind, word in _LEGEND.items() if kind in present]
