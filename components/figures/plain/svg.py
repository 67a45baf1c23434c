"""A plain drawing as SVG, with the groups, classes, ids and titles of Graphviz's: nobody need know who drew it."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator, Sequence

from ...facts.text import printable
from ..layout import Picture
from .arranged import Arranged, Spot, arranged, line_height
from .lines import Line, lines_of
from .sketch import Manner, PlainBox, Sketch, Words, width_of

MARGIN = 18.0
_CORNER = 9.0
_SPACE = "\N{NO-BREAK SPACE}"
# From the middle of a line of text to its baseline, in sizes.
BASELINE = 0.36
_DASHES = {"": "", "dotted": "1,5", "dashed": "5,2"}


def plain_svg(sketch: Sketch) -> Picture:
    """Draw a sketch."""
    started = time.perf_counter()
    drawing = arranged(sketch)
    width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    lines = lines_of(drawing)
    # A loop or a bow may reach beyond the boxes.
    across = [x for line in lines for x, _ in line.points] + [line.label[0] for line in lines if line.label]
    width = max(width, max(across, default=0.0) + 2 * MARGIN)
    pieces = [
        f'<svg width="{width:.0f}pt" height="{height:.0f}pt" viewBox="0.00 0.00 {width:.2f} {height:.2f}" '
        'xmlns="http://www.w3.org/2000/svg">\n'
        f'<g id="graph0" class="graph" transform="translate({MARGIN:g} {MARGIN:g})">\n'
        f"<title>{_escaped(drawing.sketch.manner.title)}</title>\n",
        *_paper(drawing.sketch.manner, width, height),
        *(piece for line in lines for piece in _line(line, drawing.sketch.manner)),
        *(piece for box in drawing.sketch.boxes for piece in _box(box, drawing)),
        "</g>\n</svg>\n",
    ]
    return Picture("".join(pieces), width, height, (time.perf_counter() - started) * 1_000)


def _paper(manner: Manner, width: float, height: float) -> Iterator[str]:
    if manner.paper is not None:
        right, bottom = width - MARGIN, height - MARGIN
        corners = ((-MARGIN, -MARGIN), (-MARGIN, bottom), (right, bottom), (right, -MARGIN))
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
        yield _text(words, at, y + BASELINE * words.size, manner, anchor)
        x += width


def _text(words: Words, x: float, y: float, manner: Manner, anchor: str) -> str:
    bold = ' font-weight="bold"' if words.bold else ""
    return (
        f'<text xml:space="preserve" text-anchor="{anchor}" x="{x:.2f}" y="{y:.2f}" font-family="{manner.font}"{bold} '
        f'font-size="{words.size:.2f}" fill="{manner.ink}">{_escaped(words.text)}</text>\n'
    )


def _line(line: Line, manner: Manner) -> Iterator[str]:
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
        yield _text(words, x, y + BASELINE * words.size, manner, "middle")
    yield "</g>\n"


def _rounded(spot: Spot) -> str:
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
    """Text for XML, which has no control characters, not even written as numbers."""
    return html.escape(_SPACE.join(printable(part, len(part)) for part in text.split(_SPACE)))
