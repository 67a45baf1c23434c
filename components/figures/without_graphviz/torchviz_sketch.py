"""A DOT text as a sketch: enough of the language for what torchviz writes, and no text that makes it stop.

What it does not know (ports, sizes, nested graphs) it passes over; what is no DOT at all gives a sketch of nothing. A
text may come from a stranger's file: every colour is one of a list, every label is cut.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ...facts.text import printable
from .sketch import Manner, PlainBox, PlainLink, Sketch, Words

_MANNER = Manner(
    title="torchviz", font="monospace", rounded=False, paper="white", aside=8, above=4, least=19, gap=24, label_size=10,
    ink="black",
)  # fmt: skip
_SIZE = 10
_LONGEST, _MOST_LINES = 90, 40
_COLOURS = {
    **{name: name for name in ("black", "grey", "lightblue", "lightgrey", "orange", "red", "white")},
    "darkolivegreen1": "#caff70",
    "darkolivegreen3": "#a2cd5a",
}
# What is opened and never closed ends with the text, or it would be looked for again and again.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)(?:"|\Z)'
    r"|<(?P<marked>(?:[^<>]|<[^<>]*>)*)>"
    r"|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<sign>->|--|[\[\]{}=;,:])"
    r"|(?P<word>[^\s\[\]{}=;,:\"<>-]+|-)",
    re.DOTALL,
)


@dataclass
class _Reading:
    """What has been read so far, by names as the text has them."""

    boxes: dict[str, dict[str, str]] = field(default_factory=dict)
    links: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    usual: dict[str, dict[str, str]] = field(default_factory=lambda: {"node": {}, "edge": {}, "graph": {}})

    def statement(self, names: list[str], attributes: Mapping[str, str]) -> None:
        """Take in one box, the usual attributes of all, or a chain of links."""
        if len(names) == 1 and names[0] in self.usual:
            self.usual[names[0]].update(attributes)
            return
        for name in names:
            self.boxes.setdefault(name, dict(self.usual["node"]))
        if len(names) == 1:
            self.boxes[names[0]].update(attributes)
        self.links += [(a, b, {**self.usual["edge"], **attributes}) for a, b in pairwise(names)]


def torchviz_sketch(dot: str) -> Sketch:
    """Return what a plain drawing of torchviz's DOT text has in it."""
    reading = _Reading()
    for names, attributes in _statements(_tokens(dot)):
        reading.statement(names, attributes)
    boxes = tuple(_box(name, attributes) for name, attributes in reading.boxes.items())
    links = tuple(_link(number, *link) for number, link in enumerate(reading.links, 1))
    return Sketch(_MANNER, boxes, links)


def _tokens(dot: str) -> Iterator[tuple[str, str]]:
    """Yield signs as they are, what a graph begins with as ``head``, all else as a ``word``, labels without marks."""
    for match in _TOKEN.finditer(f"{dot}\n"):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "marked":
            text = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", r"\\n", text)))
        if kind == "quoted":
            text = text.replace('\\"', '"')
        if kind == "word" and text in ("strict", "digraph", "subgraph"):
            yield "head", ""
        elif kind != "comment":
            yield (text, "") if kind == "sign" else ("word", text)


def _statements(tokens: Iterator[tuple[str, str]]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield the names of each statement, linked by arrows if there are several, and its attributes."""
    names: list[str] = []
    before = ""
    for sign, word in tokens:
        if sign == "[":
            found = _attributes(tokens)
            if names:
                yield names, found
            names = []
        elif sign == "{" or (sign == "=" and names):
            # The head of a graph, or an attribute of it: no box is called so.
            names = []
        elif sign == "word" and before in ("=", ":", "head"):
            pass
        elif sign == "word" and before in ("->", "--"):
            names.append(word)
        elif sign in ("word", "head", ";", "}"):
            if names:
                yield names, {}
            names = [word] if sign == "word" else []
        before = sign
    if names and before != "word":
        yield names, {}


def _attributes(tokens: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Read on to the bracket that closes."""
    found: dict[str, str] = {}
    name, valued = "", False
    for sign, word in tokens:
        if sign == "]":
            break
        if sign == "=":
            valued = True
        elif sign == "word" and valued:
            found[name], valued = word, False
        elif sign == "word":
            name = word
    return found


def _box(name: str, attributes: Mapping[str, str]) -> PlainBox:
    label = attributes.get("label", "\\N").replace("\\N", name)
    # Lines end in a line break or in one of the escapes that also say where the line stands.
    lines = re.split(r"\\[nlr]|\r?\n", label.expandtabs(4))[:_MOST_LINES]
    words = tuple((Words(printable(re.sub(r"\\(.)", r"\1", line), _LONGEST), _SIZE),) for line in lines)
    filled = "filled" in attributes.get("style", "")
    fill = _COLOURS.get(attributes.get("fillcolor", ""), "lightgrey") if filled else "white"
    return PlainBox(name, (), words, fill, "black")


def _link(number: int, source: str, target: str, attributes: Mapping[str, str]) -> PlainLink:
    style = attributes.get("style")
    return PlainLink(
        f"edge{number}",
        source,
        target,
        (),
        "black",
        printable(attributes.get("label", ""), _LONGEST),
        "dotted" if style == "dotted" else "dashed" if style == "dashed" else "",
        head="none" if attributes.get("dir") == "none" or attributes.get("arrowhead") == "none" else "full",
        ranks=attributes.get("constraint") != "false",
    )
