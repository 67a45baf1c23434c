"""The boxes of a picture as they stand in its SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
    "only": "only on this side",
}


@dataclass(frozen=True)
class ShownBox:
    """A box as it stands in the SVG: its name there, its kinds, the first line of its label."""

    id: str
    kinds: frozenset[str]
    label: str


@lru_cache(maxsize=128)
def boxes_of(svg: str) -> tuple[ShownBox, ...]:
    """Return the boxes of an SVG document that Graphviz wrote, in its order."""
    return tuple(_read(svg)) if svg else ()


def _read(svg: str) -> Iterator[ShownBox]:
    for group in ElementTree.fromstring(svg).iter(f"{_SVG}g"):
        kinds = group.get("class", "").split()
        if "node" in kinds:
            label = group.findtext(f"{_SVG}text", "").strip()
            yield ShownBox(group.findtext(f"{_SVG}title", ""), frozenset(kinds), label)


def legend_of(boxes: tuple[ShownBox, ...], marked_lines: bool = False) -> list[list[str]]:
    """Return pairs of a kind and the word for it, of the kinds that the picture has."""
    present = frozenset[str]({"only"} if marked_lines else ()).union(*(box.kinds for box in boxes))
    return [[kind, word] for kind, word in _LEGEND.items() if kind in present]
