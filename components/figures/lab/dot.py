"""The Lab view's records as DOT, and how its boxes and links look, whoever draws them: only draws.

The classes given here tell the page's style sheet what a box is; the colours are for files that have no style sheet.
Every text may come from a program and is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...facts.text import printable
from .records import Box, LabGraph, Link

_HEAD = """digraph lab {
\tgraph [rankdir=TB ranksep=0.34 nodesep=0.32 bgcolor=transparent pad=0.25]
\tnode [fontname="Arial" fontsize=14 fontcolor="#1c2433" shape=box style="rounded,filled" margin="0.19,0.08"]
\tnode [height=0.44]
\tedge [fontname="Arial" fontsize=12 fontcolor="#1c2433" arrowsize=0.8]
"""
_COMPACT = (
    ("ranksep=0.34", "ranksep=0.16"),
    ("pad=0.25", "pad=0.12"),
    ("height=0.44", "height=0.36"),
    ('margin="0.19,0.08"', 'margin="0.16,0.05"'),
)
LONGEST = 90


def lab_dot(graph: LabGraph, *, ranked_anew: bool = False) -> str:
    """Return the DOT text of the picture; its nodes are named and identified by their boxes' ids.

    Link number 3 has the id ``link-3``. ``ranked_anew`` asks for Graphviz's newer way of finding rows when there are
    frames: it gives larger pictures, but finds some where the usual one fails.
    """
    boxes = "".join(_box(box) for box in graph.boxes)
    frame_of = {box: frame.id for frame in graph.frames for box in frame.boxes}
    links: dict[str | None, str] = {}
    for number, link in enumerate(graph.links):
        # What hangs beside a box in a frame has to be said inside the frame.
        frame = frame_of.get(link.source) if link.kinds[0] == "saved" else None
        links[frame] = links.get(frame, "") + _link(number, link)
    head = _HEAD.replace("rankdir", "newrank=true rankdir") if ranked_anew else _HEAD
    for usual, less in _COMPACT if graph.compact else ():
        head = head.replace(usual, less)
    return f"{head}{boxes}{_frames(graph, links)}{links.get(None, '')}}}\n"


def _frames(graph: LabGraph, links: Mapping[str | None, str]) -> str:
    """Frames around the boxes of open groups; Graphviz calls them clusters."""
    inside: dict[str | None, str] = {}
    for frame in reversed(graph.frames):
        boxes = "".join(f'"{box}";' for box in frame.boxes if not box.endswith("~saved"))
        text = (
            f'subgraph "cluster_{frame.id}" {{id="{frame.id}" class="frame" label=<{_escape(frame.title)}> labeljust=l '
            'fontname="Arial" fontsize=11 fontcolor="#5f6b7d" style="rounded" color="#c3cbd8" margin=10\n'
            f"{links.get(frame.id, '')}{boxes}{inside.get(frame.id, '')}}}\n"
        )
        inside[frame.parent] = text + inside.get(frame.parent, "")
    return inside.get(None, "")


def _box(box: Box) -> str:
    look = box_look(box)
    title = _escape(box.title)
    first = f"<b>{title}</b>" if box.kinds[0] != "function" else title
    if box.value:
        first += f"&nbsp; {_escape(box.value)}"
    details = [f'<font point-size="11">{_escape(text)}</font>' for text in box.detail.split("\n") if text]
    style = ' style="rounded,filled,dashed"' if look.dashed else ""
    width = f" penwidth={look.pen:g}" if look.pen != 1 else ""
    kinds = f'class="{" ".join(box.kinds)}" fillcolor="{look.fill}" color="{look.stroke}"'
    return f'\t"{box.id}" [id="{box.id}" {kinds}{style}{width} label=<{"<br/>".join([first, *details])}>]\n'


def _link(number: int, link: Link) -> str:
    label = f" label=<&nbsp;{_escape(link.label)}&nbsp;>" if link.label else ""
    look = link_look(link)
    style = f"style={look.dash} " if look.dash else ""
    style += {"none": "dir=none ", "empty": "arrowhead=empty ", "full": ""}[look.head]
    style += "" if look.ranks else "constraint=false "
    style += f"penwidth={look.pen:g} " if look.pen != 1 else ""
    attributes = f'id="link-{number}" class="{" ".join(link.kinds)}" {style}color="{look.stroke}"{label}'
    text = f'"{link.source}" -> "{link.target}" [{attributes}]'
    # A saved tensor hangs beside its node, not below it.
    return f"\t{{rank=same {text}}}\n" if link.kinds[0] == "saved" else f"\t{text}\n"


def _escape(text: str) -> str:
    """Graphviz reads HTML-like labels as XML, where control characters do not exist."""
    # A single backslash would begin one of Graphviz's own escapes: \N is the node's name.
    return html.escape(printable(text, LONGEST)).replace("\\", "\\\\") or "&nbsp;"


INK = "#1c2433"
_FILL = {
    "stopped": ("#fdeaea", "#d7263d"),
    "order2": ("#e6e0fa", "#8f81cf"),
    "leaf": ("#cfe6fb", "#6aa8dc"),
    "output": ("#c9f2c4", "#6cbf63"),
    "freed": ("#fffaf1", "#e3c188"),
    "saved": ("#ffe2b5", "#e0a64a"),
    "folded": ("#e4e9f2", "#8d9ab0"),
    "untracked": ("#ffffff", "#8d9ab0"),
    "function": ("#eef1f6", "#b9c2d0"),
}
_DASHED = {"untracked", "freed", "only"}
_ONLY = "#cf451c"


@dataclass(frozen=True)
class BoxLook:
    """The colours and the edge of a box."""

    fill: str
    stroke: str
    dashed: bool
    pen: float


@dataclass(frozen=True)
class LinkLook:
    """The colour and the strokes of a link. One that does not ``rank`` has no say in which box is above which."""

    stroke: str
    dash: Literal["", "dotted", "dashed"] = ""
    head: Literal["full", "empty", "none"] = "full"
    ranks: bool = True
    pen: float = 1


_LINKS = {
    "saved": LinkLook("#8793a6", "dotted", "none"),
    "view": LinkLook("#5f6b7d", "dotted", "empty", ranks=False),
    "cut": LinkLook("#5f6b7d", "dashed", "none"),
    "derivative": LinkLook("#8f81cf", "dashed", ranks=False),
    "output": LinkLook("#8793a6"),
    "gradient": LinkLook("#8793a6"),
}


def box_look(box: Box) -> BoxLook:
    """Return how a box looks."""
    fill, stroke = next(colours for kind, colours in _FILL.items() if kind in box.kinds)
    if "only" in box.kinds and "stopped" not in box.kinds:
        stroke = _ONLY
    pen = 2.5 if {"stopped", "only"} & set(box.kinds) else 1
    return BoxLook(fill, stroke, bool(_DASHED & set(box.kinds)), pen)


def link_look(link: Link) -> LinkLook:
    """Return how a link looks."""
    look = _LINKS[link.kinds[0]]
    return replace(look, stroke=_ONLY, dash="dashed", pen=2.2) if "only" in link.kinds else look
