"""How boxes and links of the Lab view look in a file that has no style sheet, whoever draws them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .records import Box, Link

INK = "#1c2433"
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
_DASHED = {"untracked", "freed", "only"}
_ONLY = "#cf451c"


@dataclass(frozen=True)
class BoxLook:
    """The colours and the edge of a box."""

    fill: str
    stroke: str
    dashed: bool
    pen: float


@dataclass(frozen=True)
class LinkLook:
    """The colour and the strokes of a link. One that does not ``rank`` has no say in which box is above which."""

    stroke: str
    dash: Literal["", "dotted", "dashed"] = ""
    head: Literal["full", "empty", "none"] = "full"
    ranks: bool = True
    pen: float = 1


_LINKS = {
    "saved": LinkLook("#8793a6", "dotted", "none"),
    "view": LinkLook("#5f6b7d", "dotted", "empty", ranks=False),
    "cut": LinkLook("#5f6b7d", "dashed", "none"),
    "derivative": LinkLook("#8f81cf", "dashed", ranks=False),
    "output": LinkLook("#8793a6"),
    "gradient": LinkLook("#8793a6"),
}


def box_look(box: Box) -> BoxLook:
    """Return how a box looks."""
    fill, stroke = next(colours for kind, colours in _FILL.items() if kind in box.kinds)
    if "only" in box.kinds and "stopped" not in box.kinds:
        stroke = _ONLY
    pen = 2.5 if {"stopped", "only"} & set(box.kinds) else 1
    return BoxLook(fill, stroke, bool(_DASHED & set(box.kinds)), pen)


def link_look(link: Link) -> LinkLook:
    """Return how a link looks."""
    look = _LINKS[link.kinds[0]]
    return replace(look, stroke=_ONLY, dash="dashed", pen=2.2) if "only" in link.kinds else look
