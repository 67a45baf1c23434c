"""What a Lab picture consists of, as plain records: boxes, links, and what to show of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Root:
    """A graph to look at: the nodes that it starts from, and what the program calls their output."""

    label: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class LabOptions:
    """What to show.

    ``backward`` is the id of the engine run whose gradients stand on the edges; ``None`` means the last that passed.
    A picture of more than ``max_boxes`` boxes is folded.
    """

    backward: str | None = None
    values: bool = True
    shapes: bool = False
    saved: bool = True
    max_boxes: int = 400


@dataclass(frozen=True)
class Box:
    """A box: ``title`` and ``value`` on its first line, ``detail`` (lines ending in a newline) below.

    ``id`` is the trace's id of a node or tensor, or the node's with ``~leaf``, ``~saved``, ``~output``, ``~fold`` or
    ``~2`` (the second copy) behind it. ``kinds`` are words for the style sheet; the first says what the box is.
    """

    id: str
    kinds: tuple[str, ...]
    title: str
    value: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Link:
    """A line from one box to another.

    The first of ``kinds`` is ``gradient``, ``output``, ``saved``, ``view`` (of a base), ``cut`` (tracking stopped) or
    ``derivative`` (from what a ``create_graph`` pass built to what it started from).
    """

    source: str
    target: str
    kinds: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True)
class LabGraph:
    """The picture. ``nodes`` says how many autograd nodes it stands for.

    ``folded`` says by what it was folded, ``None`` if each node has its own box; ``members`` gives the nodes in each
    folded box.
    """

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    nodes: int
    folded: str | None = None
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
