"""The legend of both views, and what is sent with a picture to explain its words: only of the words that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..facts.cards import Card
from ..facts.terms import GRAPH, about_node, word_in
from .lab.records import ONLY
from .layout import PictureBox

# The words of the legend, in its order, by what a box is.
LAB_LEGEND = {
    "output": "output",
    "function": "function",
    "leaf": "leaf",
    "saved": "saved tensor",
    "freed": "freed",
    "order2": "built by create_graph",
    "untracked": "not tracked",
    "folded": "folded",
    "stopped": "stopped here",
    ONLY: "only on this side",
}
# By the colours of torchviz, in Graphviz's words and in numbers.
_PAINTS = {
    "output": ("darkolivegreen1", "#caff70"),
    "function": ("lightgrey",),
    "leaf": ("lightblue",),
    "saved": ("orange",),
    "base": ("darkolivegreen3", "#a2cd5a"),
}
TORCHVIZ_LEGEND = {**{kind: LAB_LEGEND.get(kind, "") for kind in _PAINTS}, "base": "base of a view"}
COLOURS = ("kind", "order", "bytes saved", "gradient norm", "module")
_COPY = "copy of a leaf"


def lab_legend(boxes: Iterable[PictureBox], marked_lines: bool = False) -> list[tuple[str, str]]:
    """Return pairs of a kind and the word for it, of the kinds that a Lab picture has."""
    present = frozenset[str]({ONLY} if marked_lines else ()).union(*(box.kinds for box in boxes))
    return [(kind, word) for kind, word in LAB_LEGEND.items() if kind in present]


def torchviz_legend(svg: str) -> list[tuple[str, str]]:
    """Return the same of a drawing of torchviz, where a box's colour says what it is."""
    present = set(re.findall(r'<(?:polygon|ellipse) fill="([^"]*)"', svg))
    return [(kind, word) for kind, word in TORCHVIZ_LEGEND.items() if present.intersection(_PAINTS[kind])]


def explained(legend: Iterable[tuple[str, str]], boxes: Iterable[PictureBox], cards: Iterable[Card]) -> dict[str, str]:
    """Return a sentence for each word that a picture and its cards have: of the legend, nodes, rows, colourings."""
    cards = list(cards)
    words = {word for _, word in legend} | {f"colour: {name}" for name in COLOURS}
    words |= {_COPY for box in boxes if "copy" in box.kinds}
    for row in {name for card in cards for name in _rows(card)}:
        words.add(word_in(row) or "saved value")
    nodes = {card.title for card in cards if card.kind == "function"}
    nodes |= {row for card in cards if card.kind == "folded" for row, _ in card.rows if "Backward" in row}
    return {word: GRAPH[word] for word in sorted(words & GRAPH.keys())} | {
        name: about_node(name) for name in sorted(nodes)
    }


def _rows(card: Card) -> Iterable[str]:
    yield from (name for name, _ in (*card.rows, *card.saved))
    yield from (name for visit in card.visits for name, _ in visit.rows)
    yield from (name for _, name, _ in card.changes)
    if card.formula is not None:
        yield "PyTorch's derivative"
