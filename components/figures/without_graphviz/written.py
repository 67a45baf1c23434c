"""A plain drawing written down: as SVG, or as a DOT text that the layout program has only to paint as pixels.

The SVG has the groups, classes, ids and titles of Graphviz's: nobody need know who drew it.
"""

from __future__ import annotations

import html
import time
from collections.abc import Iterator, Sequence

from ...facts.text import printable
from ..layout import Picture, PictureBox
from .arranged import Arranged, PlainSpot, arranged, line_height
from .lines import Point, Polyline, lines_of
from .sketch import Manner, PlainBox, Sketch, Words, width_of

_MARGIN = 18.0
_CORNER = 9.0
_SPACE = "\N{NO-BREAK SPACE}"
# From the middle of a line of text to its baseline, in sizes.
_BASELINE = 0.36
_MOST_PIXELS = 24_000_000
_LONGEST_SIDE = 30_000
_USUAL_DPI = 96.0
_DASHES = {"": "", "dotted": "1,5", "dashed": "5,2"}


def plain_svg(sketch: Sketch) -> Picture:
    """Draw a sketch."""
    started = time.perf_counter()
    drawing = arranged(sketch)
    width, height = drawing.width + 2 * _MARGIN, drawing.height + 2 * _MARGIN
    lines = lines_of(drawing)
    # A loop or a bow may reach beyond the boxes.
    across = [x for line in lines for x, _ in line.points] + [line.label[0] for line in lines if line.label]
    width = max(width, max(across, default=0.0) + 2 * _MARGIN)
    pieces = [
        f'<svg width="{width:.0f}pt" height="{height:.0f}pt" viewBox="0.00 0.00 {width:.2f} {height:.2f}" '
        'xmlns="http://www.w3.org/2000/svg">\n'
        f'<g id="graph0" class="graph" transform="translate({_MARGIN:g} {_MARGIN:g})">\n'
        f"<title>{_escaped(drawing.sketch.manner.title)}</title>\n",
        *_paper(drawing.sketch.manner, width, height),
        *(piece for line in lines for piece in _line(line, drawing.sketch.manner)),
        *(piece for box in drawing.sketch.boxes for piece in _box(box, drawing)),
        "</g>\n</svg>\n",
    ]
    boxes = tuple(map(_picture_box, drawing.sketch.boxes))
    return Picture("".join(pieces), width, height, (time.perf_counter() - started) * 1_000, boxes)


def _picture_box(box: PlainBox) -> PictureBox:
    label = _printable(box.lines[0][0].text) if box.lines and box.lines[0] else ""
    return PictureBox(_printable(box.id), frozenset(("node", *" ".join(box.kinds).split())), label.strip())


def _paper(manner: Manner, width: float, height: float) -> Iterator[str]:
    if manner.paper is not None:
        right, bottom = width - _MARGIN, height - _MARGIN
        corners = ((-_MARGIN, -_MARGIN), (-_MARGIN, bottom), (right, bottom), (right, -_MARGIN))
        yield f'<polygon fill="{manner.paper}" stroke="none" points="{_points(corners)}"/>\n'


def _box(box: PlainBox, drawing: Arranged) -> Iterator[str]:
    manner, spot = drawing.sketch.manner, drawing.spots[box.id]
    name = _escaped(box.id)
    yield f'<g id="{name}" class="{_escaped(" ".join(("node", *box.kinds)))}">\n<title>{name}</title>\n'
    paint = f'fill="{box.fill}" stroke="{box.stroke}"{_pen(box.pen, "dashed" if box.dashed else "")}'
    if manner.rounded:
        yield f'<path {paint} d="{_rounded(spot)}"/>\n'
    else:
        left, right = spot.x - spot.width / 2, spot.x + spot.width / 2
        corners = ((left, spot.top), (left, spot.bottom), (right, spot.bottom), (right, spot.top))
        yield f'<polygon {paint} points="{_points(corners)}"/>\n'
    top = spot.y - sum(line_height(line) for line in box.lines) / 2
    for line in box.lines:
        high = line_height(line)
        yield from _words(line, spot.x, top + high / 2, manner)
        top += high
    yield "</g>\n"


def _words(line: Sequence[Words], middle: float, y: float, manner: Manner) -> Iterator[str]:
    """Where another font stands in for the measured one, one piece stays in the middle, two keep their border."""
    widths = [width_of(words, manner.font) for words in line]
    x = middle - sum(widths) / 2
    for place, (words, width) in enumerate(zip(line, widths, strict=True)):
        anchor, at = ("start", x) if place else ("end", x + width) if len(line) > 1 else ("middle", middle)
        yield _text(words, at, y + _BASELINE * words.size, manner, anchor)
        x += width


def _text(words: Words, x: float, y: float, manner: Manner, anchor: str) -> str:
    bold = ' font-weight="bold"' if words.bold else ""
    return (
        f'<text xml:space="preserve" text-anchor="{anchor}" x="{x:.2f}" y="{y:.2f}" font-family="{manner.font}"{bold} '
        f'font-size="{words.size:.2f}" fill="{manner.ink}">{_escaped(words.text)}</text>\n'
    )


def _line(line: Polyline, manner: Manner) -> Iterator[str]:
    link, stroke = line.link, f'stroke="{line.link.stroke}"'
    yield (
        f'<g id="{_escaped(link.id)}" class="{_escaped(" ".join(("edge", *link.kinds)))}">\n'
        f"<title>{_escaped(link.source)}&#45;&gt;{_escaped(link.target)}</title>\n"
    )
    first, *rest = line.points
    yield f'<path fill="none" {stroke}{_pen(link.pen, link.dash)} d="M{_points([first])}C{_points(rest)}"/>\n'
    if line.head:
        fill = link.stroke if link.head == "full" else "none"
        yield f'<polygon fill="{fill}" {stroke}{_pen(link.pen, "")} points="{_points([*line.head, line.head[0]])}"/>\n'
    if line.label is not None:
        # A value that travels along the line takes the place of this text, with the same room around it.
        words = Words(f"{_SPACE}{link.label}{_SPACE}", manner.label_size)
        x, y = line.label
        yield _text(words, x, y + _BASELINE * words.size, manner, "middle")
    yield "</g>\n"


def _rounded(spot: PlainSpot) -> str:
    left, right, top, bottom = spot.x - spot.width / 2, spot.x + spot.width / 2, spot.top, spot.bottom
    edge = min(_CORNER, spot.height / 2, spot.width / 2)
    soft = edge / 2
    steps = [
        *((right - edge, top), (right - edge, top), (left + edge, top), (left + edge, top)),
        *((left + soft, top), (left, top + soft), (left, top + edge)),
        *((left, top + edge), (left, bottom - edge), (left, bottom - edge)),
        *((left, bottom - soft), (left + soft, bottom), (left + edge, bottom)),
        *((left + edge, bottom), (right - edge, bottom), (right - edge, bottom)),
        *((right - soft, bottom), (right, bottom - soft), (right, bottom - edge)),
        *((right, bottom - edge), (right, top + edge), (right, top + edge)),
        *((right, top + soft), (right - soft, top), (right - edge, top)),
    ]
    return f"M{_points(steps[:1])}C{_points(steps[1:])}"


def _pen(width: float, dash: str) -> str:
    thick = f' stroke-width="{width:g}"' if width != 1 else ""
    return thick + (f' stroke-dasharray="{_DASHES[dash]}"' if dash else "")


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _escaped(text: str) -> str:
    return html.escape(_printable(text))


def _printable(text: str) -> str:
    """Text for XML, which has no control characters, not even written as numbers."""
    return _SPACE.join(printable(part, len(part)) for part in text.split(_SPACE))


# --- as DOT, with every place in it


def pinned_dot(sketch: Sketch) -> str:
    """Return the DOT text; its resolution is lower the larger the drawing is, so that it can be painted."""
    drawing = arranged(sketch)
    manner = drawing.sketch.manner
    wide, high = drawing.width / 72 + 0.5, drawing.height / 72 + 0.5
    dpi = min(_USUAL_DPI, (_MOST_PIXELS / (wide * high)) ** 0.5, _LONGEST_SIDE / max(wide, high))
    paper = manner.paper or "transparent"
    rounded = "rounded,filled" if manner.rounded else "filled"
    font = "Courier" if manner.font == "monospace" else manner.font
    pieces = [
        f"digraph {{\n\tgraph [bgcolor={paper} pad=0.25 dpi={dpi:.2f}]\n",
        f'\tnode [shape=box fixedsize=true style="{rounded}" fontname={font} fontcolor="{manner.ink}"]\n',
        f'\tedge [fontname={font} fontsize={manner.label_size:g} fontcolor="{manner.ink}" arrowsize=0.8]\n',
    ]
    names = {box.id: f"b{number}" for number, box in enumerate(drawing.sketch.boxes)}
    for box in drawing.sketch.boxes:
        spot = drawing.spots[box.id]
        size = f"width={spot.width / 72:.3f} height={spot.height / 72:.3f}"
        pieces.append(f'\t{names[box.id]} [pos="{_at((spot.x, spot.y))}" {size} {_pinned_box(box, rounded)}]\n')
    for line in lines_of(drawing):
        ends = f"{names[line.link.source]} -> {names[line.link.target]}"
        pieces.append(f"\t{ends} [{_pinned_line(line)}]\n")
    return "".join((*pieces, "}\n"))


def _pinned_box(box: PlainBox, rounded: str) -> str:
    style = f' style="{rounded},dashed"' if box.dashed else ""
    label = "<br/>".join("".join(map(_pinned_words, line)) for line in box.lines)
    return f'fillcolor="{box.fill}" color="{box.stroke}" penwidth={box.pen:g}{style} label=<{label}>'


def _pinned_words(words: Words) -> str:
    text = html.escape(words.text).replace("\\", "\\\\") or "&#160;"
    bold = f"<b>{text}</b>" if words.bold else text
    return f'<font point-size="{words.size:g}">{bold}</font>'


def _pinned_line(line: Polyline) -> str:
    link = line.link
    tip = [f"e,{_at(line.head[1])}"] if line.head else []
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


def _at(point: Point) -> str:
    return f"{point[0]:.2f},{-point[1]:.2f}"
