"""A Lab picture as a sketch: the boxes, links and words that the DOT text of the same picture has, frames left out."""

from __future__ import annotations

from ...facts.text import printable
from ..lab.dot import INK, LONGEST, box_look, link_look
from ..lab.records import Box, LabGraph, Link
from .sketch import Manner, PlainBox, PlainLink, Sketch, Words

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
