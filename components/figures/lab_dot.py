"""The Lab view's records as DOT: only draws.

Colours are the style sheet's business; the classes given here tell it what a box is. Every text may come from a
program and is escaped.
"""

from __future__ import annotations

import html

from components.figures.lab_graph import Box, LabGraph, Link

_HEAD = """digraph lab {
\tgraph [rankdir=TB ranksep=0.42 nodesep=0.35 bgcolor=transparent pad=0.3]
\tnode [shape=box style="rounded,filled" fontname="Arial" fontsize=13 margin="0.16,0.09" height=0.36]
\tedge [fontname="Arial" fontsize=11 arrowsize=0.7]
"""
# What a file shows that has no style sheet; the page's own style sheet replaces them.
_FILL = {
    "leaf": ("#cfe6fb", "#6aa5d8"),
    "output": ("#c9f2c4", "#6cbf63"),
    "saved": ("#ffe2b5", "#e0a64a"),
    "folded": ("#e4e9f2", "#9aa7bd"),
    "untracked": ("#ffffff", "#9aa7bd"),
    "order2": ("#dcd7f5", "#9a8fd0"),
    "function": ("#eef1f6", "#b9c2d0"),
}


def lab_dot(graph: LabGraph) -> str:
    """Return the DOT text of the picture."""
    boxes = "".join(_box(box) for box in graph.boxes)
    links = "".join(_link(link) for link in graph.links)
    return f"{_HEAD}{boxes}{links}}}\n"


def _box(box: Box) -> str:
    fill, line = next(colours for kind, colours in _FILL.items() if kind in box.kinds)
    if "stopped" in box.kinds:
        line = "#d7263d"
    parts = [f"<b>{_escape(box.title)}</b>"]
    parts += [f'<font point-size="11">{_escape(text)}</font>' for text in box.detail.split("\n") if text]
    label = "<br/>".join(parts)
    return (
        f'\t"{box.id}" [class="{" ".join(box.kinds)}" fillcolor="{fill}" color="{line}" label=<{label}>'
        f"{' penwidth=2.5' if 'stopped' in box.kinds else ''}]\n"
    )


def _link(link: Link) -> str:
    style = ""
    if "saved" in link.kinds:
        # Beside its node, not below it.
        style = " style=dotted dir=none constraint=true minlen=1"
    elif "output" in link.kinds:
        style = ' color="#6cbf63"'
    else:
        style = ' color="#8793a6"'
    label = f" label=<&nbsp;{_escape(link.label)}>" if link.label else ""
    return f'\t"{link.source}" -> "{link.target}" [class="{" ".join(link.kinds)}"{style}{label}]\n'


def _escape(text: str) -> str:
    """Graphviz reads HTML-like labels as XML, where control characters do not exist."""
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return html.escape(printable) or "&nbsp;"
