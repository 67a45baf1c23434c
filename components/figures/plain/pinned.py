"""A plain drawing as a DOT text with every place in it: the layout program has only to paint it as pixels."""

from __future__ import annotations

import html
from collections.abc import Sequence

from .arranged import arranged
from .lines import Line, Point, lines_of
from .sketch import Manner, PlainBox, Sketch, Words

_MOST_PIXELS = 24_000_000
_LONGEST_SIDE = 30_000
_USUAL_DPI = 96.0


def pinned_dot(sketch: Sketch) -> str:
    """Return the DOT text; its resolution is lower the larger the drawing is, so that it can be painted."""
    drawing = arranged(sketch)
    manner = drawing.sketch.manner
    wide, high = drawing.width / 72 + 0.5, drawing.height / 72 + 0.5
    dpi = min(_USUAL_DPI, (_MOST_PIXELS / (wide * high)) ** 0.5, _LONGEST_SIDE / max(wide, high))
    paper = manner.paper or "transparent"
    rounded = "rounded,filled" if manner.rounded else "filled"
    pieces = [
        f"digraph {{\n\tgraph [bgcolor={paper} pad=0.25 dpi={dpi:.2f}]\n",
        f'\tnode [shape=box fixedsize=true style="{rounded}" fontname={_font(manner)} fontcolor="{manner.ink}"]\n',
        f'\tedge [fontname={_font(manner)} fontsize={manner.label_size:g} fontcolor="{manner.ink}" arrowsize=0.8]\n',
    ]
    names = {box.id: f"b{number}" for number, box in enumerate(drawing.sketch.boxes)}
    for box in drawing.sketch.boxes:
        spot = drawing.spots[box.id]
        size = f"width={spot.width / 72:.3f} height={spot.height / 72:.3f}"
        pieces.append(f'\t{names[box.id]} [pos="{_at((spot.x, spot.y))}" {size} {_box(box, rounded)}]\n')
    for line in lines_of(drawing):
        ends = f"{names[line.link.source]} -> {names[line.link.target]}"
        pieces.append(f"\t{ends} [{_line(line)}]\n")
    return "".join((*pieces, "}\n"))


def _font(manner: Manner) -> str:
    return "Courier" if manner.font == "monospace" else manner.font


def _box(box: PlainBox, rounded: str) -> str:
    style = f' style="{rounded},dashed"' if box.dashed else ""
    label = "<br/>".join("".join(map(_words, line)) for line in box.lines)
    return f'fillcolor="{box.fill}" color="{box.stroke}" penwidth={box.pen:g}{style} label=<{label}>'


def _words(words: Words) -> str:
    text = html.escape(words.text).replace("\\", "\\\\") or "&#160;"
    bold = f"<b>{text}</b>" if words.bold else text
    return f'<font point-size="{words.size:g}">{bold}</font>'


def _line(line: Line) -> str:
    link = line.link
    tip = [f"e,{_at(_tip(line.head))}"] if line.head else []
    attributes = [
        f'pos="{" ".join((*tip, *map(_at, line.points)))}" color="{link.stroke}" penwidth={link.pen:g}',
        f"style={link.dash or 'solid'}",
    ]
    if not line.head:
        attributes.append("dir=none")
    elif link.head == "empty":
        attributes.append("arrowhead=empty")
    if line.label is not None:
        label = html.escape(link.label).replace("\\", "\\\\")
        attributes.append(f'label=<&#160;{label}&#160;> lp="{_at(line.label)}"')
    return " ".join(attributes)


def _tip(head: Sequence[Point]) -> Point:
    return head[1]


def _at(point: Point) -> str:
    return f"{point[0]:.2f},{-point[1]:.2f}"
