"""The Lab view's records as DOT: only draws.

The classes given here tell the page's style sheet what a box is; the colours are for files that have no style sheet.
Every text may come from a program and is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from components.figures.lab.records import Box, LabGraph, Link

_HEAD = """digraph lab {
\tgraph [rankdir=TB ranksep=0.34 nodesep=0.32 bgcolor=transparent pad=0.25]
\tnode [fontname="Arial" fontsize=14 fontcolor="#1c2433" shape=box style="rounded,filled" margin="0.19,0.08"]
\tnode [height=0.44]
\tedge [fontname="Arial" fontsize=12 fontcolor="#1c2433" arrowsize=0.8]
"""
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
_STYLE = {
    "saved": 'style=dotted dir=none color="#8793a6"',
    "view": 'style=dotted arrowhead=empty constraint=false color="#5f6b7d"',
    "cut": 'style=dashed dir=none color="#5f6b7d"',
    "derivative": 'style=dashed constraint=false color="#8f81cf"',
    "output": 'color="#8793a6"',
    "gradient": 'color="#8793a6"',
}
_DASHED = {"untracked", "freed", "only"}
_ONLY = "#cf451c"
_LONGEST = 90


def lab_dot(graph: LabGraph) -> str:
    """Return the DOT text of the picture; its nodes are named and identified by their boxes' ids.

    Link number 3 has the id ``link-3``.
    """
    boxes = "".join(_box(box) for box in graph.boxes)
    frame_of = {box: frame.id for frame in graph.frames for box in frame.boxes}
    links: dict[str | None, str] = {}
    for number, link in enumerate(graph.links):
        # What hangs beside a box in a frame has to be said inside the frame.
        frame = frame_of.get(link.source) if link.kinds[0] == "saved" else None
        links[frame] = links.get(frame, "") + _link(number, link)
    return f"{_HEAD}{boxes}{_frames(graph, links)}{links.get(None, '')}}}\n"


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
    fill, line = next(colours for kind, colours in _FILL.items() if kind in box.kinds)
    title = _escape(box.title)
    first = f"<b>{title}</b>" if box.kinds[0] != "function" else title
    if box.value:
        first += f"&nbsp; {_escape(box.value)}"
    details = [f'<font point-size="11">{_escape(text)}</font>' for text in box.detail.split("\n") if text]
    style = ' style="rounded,filled,dashed"' if _DASHED & set(box.kinds) else ""
    width = " penwidth=2.5" if {"stopped", "only"} & set(box.kinds) else ""
    line = _ONLY if "only" in box.kinds and "stopped" not in box.kinds else line
    return (
        f'\t"{box.id}" [id="{box.id}" class="{" ".join(box.kinds)}" fillcolor="{fill}" color="{line}"{style}{width} '
        f"label=<{'<br/>'.join([first, *details])}>]\n"
    )


def _link(number: int, link: Link) -> str:
    label = f" label=<&nbsp;{_escape(link.label)}&nbsp;>" if link.label else ""
    only = f' style=dashed penwidth=2.2 color="{_ONLY}"' if "only" in link.kinds else ""
    attributes = f'id="link-{number}" class="{" ".join(link.kinds)}" {_STYLE[link.kinds[0]]}{label}{only}'
    text = f'"{link.source}" -> "{link.target}" [{attributes}]'
    # A saved tensor hangs beside its node, not below it.
    return f"\t{{rank=same {text}}}\n" if link.kinds[0] == "saved" else f"\t{text}\n"


def _escape(text: str) -> str:
    """Graphviz reads HTML-like labels as XML, where control characters do not exist."""
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)
    # A single backslash would begin one of Graphviz's own escapes: \N is the node's name.
    return html.escape(printable).replace("\\", "\\\\") or "&nbsp;"
