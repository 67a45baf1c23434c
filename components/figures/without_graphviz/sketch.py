"""What a plain drawing consists of, before anything has a place: boxes with their words, lines with their ends.

Both views make one of these, so that everything after it exists once; ``torchviz_sketch`` makes that of a DOT text.
Text is measured here by tables, as Graphviz does it: nothing is asked of a font or a browser.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from ...facts.text import printable
from ..lab.dot import INK, LONGEST, box_look, link_look
from ..lab.records import Box, LabGraph, Link

MOST_BOXES = 10_000
_MOST_LINKS = 40_000
# The widths of Arial's characters from the space on, in thousandths of the size.
_ARIAL = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *([556] * 10),
    *(278, 278, 584, 584, 584, 556, 1015),
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667),
    *(944, 667, 667, 611, 278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500),
    *(722, 500, 500, 500, 334, 260, 334, 584),
)
_MONOSPACED, _OTHERS, _WIDE = 600, 600, 1_000
_BOLD = 1.07


@dataclass(frozen=True)
class Words:
    """A piece of a label's line."""

    text: str
    size: float
    bold: bool = False


@dataclass(frozen=True)
class PlainBox:
    """A box: ``kinds`` are its classes, ``lines`` its label. ``beside`` is the box whose neighbour it has to be."""

    id: str
    kinds: tuple[str, ...]
    lines: tuple[tuple[Words, ...], ...]
    fill: str
    stroke: str
    dashed: bool = False
    pen: float = 1
    beside: str | None = None


@dataclass(frozen=True)
class PlainLink:
    """A line between two boxes. One that does not ``rank`` has no say in which box is above which."""

    id: str
    source: str
    target: str
    kinds: tuple[str, ...]
    stroke: str
    label: str = ""
    dash: Literal["", "dotted", "dashed"] = ""
    pen: float = 1
    head: Literal["full", "empty", "none"] = "full"
    ranks: bool = True


@dataclass(frozen=True)
class Manner:
    """How a view draws: its font, the room in a box around its words, and whether it has paper and round corners."""

    title: str
    font: str
    rounded: bool
    paper: str | None
    aside: float
    above: float
    least: float
    gap: float
    label_size: float = 12
    ink: str = "#1c2433"


@dataclass(frozen=True)
class Sketch:
    """What is to be drawn; ``left_out`` boxes that were too many are not among these."""

    manner: Manner
    boxes: tuple[PlainBox, ...]
    links: tuple[PlainLink, ...]
    left_out: int = 0


def bounded(sketch: Sketch, most: int = MOST_BOXES) -> Sketch:
    """Return the sketch with its first boxes only, if there are more than ``most``, and the lines between those."""
    if len(sketch.boxes) <= most and len(sketch.links) <= _MOST_LINKS:
        return sketch
    kept = sketch.boxes[:most]
    ids = {box.id for box in kept}
    links = [link for link in sketch.links if link.source in ids and link.target in ids]
    return replace(sketch, boxes=kept, links=tuple(links[:_MOST_LINKS]), left_out=len(sketch.boxes) - len(kept))


def width_of(words: Words, font: str) -> float:
    """Return how wide a text is drawn, about."""
    thousandths = sum(_width(char, font == "monospace") for char in words.text)
    return thousandths * words.size / 1_000 * (_BOLD if words.bold and font != "monospace" else 1)


@lru_cache(maxsize=4_096)
def _width(char: str, monospaced: bool) -> int:
    place = ord(char) - 32
    if char == "\N{NO-BREAK SPACE}":
        place = 0
    if 0 <= place < len(_ARIAL):
        return _MONOSPACED if monospaced else _ARIAL[place]
    if unicodedata.combining(char):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else _OTHERS


# --- a Lab picture: what the DOT text of the same picture has, frames left out

_MANNER = Manner(
    title="lab", font="Arial", rounded=True, paper=None, aside=13.7, above=5.8, least=31.7, gap=34.0, ink=INK
)
_SAVED = "~saved"


def lab_sketch(graph: LabGraph) -> Sketch:
    """Return what a plain drawing of a Lab picture has in it."""
    links = tuple(_link(number, link) for number, link in enumerate(graph.links))
    return Sketch(_MANNER, tuple(map(_box, graph.boxes)), links)


def _box(box: Box) -> PlainBox:
    look = box_look(box)
    first = [Words(_text(box.title), 14, bold=box.kinds[0] != "function")]
    if box.value:
        first.append(Words(f"\N{NO-BREAK SPACE} {_text(box.value)}", 14))
    details = [(Words(_text(text), 11),) for text in box.detail.split("\n") if text]
    beside = box.id.removesuffix(_SAVED) if box.id.endswith(_SAVED) else None
    return PlainBox(box.id, box.kinds, (tuple(first), *details), look.fill, look.stroke, look.dashed, look.pen, beside)


def _link(number: int, link: Link) -> PlainLink:
    look = link_look(link)
    return PlainLink(
        f"link-{number}",
        link.source,
        link.target,
        link.kinds,
        look.stroke,
        _text(link.label) if link.label else "",
        look.dash,
        look.pen,
        look.head,
        look.ranks,
    )


def _text(text: str) -> str:
    return printable(text, LONGEST) or "\N{NO-BREAK SPACE}"
