"""What a Lab picture consists of, as plain records: boxes, links, and what to show of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...facts.compare.graphs import GraphMarks
from ...facts.folding import Homes
from ...facts.groups import Group


@dataclass(frozen=True)
class Root:
    """A graph to look at: the nodes that it starts from, and what the program calls their output."""

    label: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class LabOptions:
    """What to show.

    ``opened`` are the ids of the groups to show open; ``None`` leaves it to the picture, which opens what fits.
    """

    values: bool = True
    shapes: bool = False
    saved: bool = True
    opened: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Box:
    """A box: ``title`` and ``value`` on its first line, ``detail`` (lines ending in a newline) below.

    ``id`` is the trace's id of a node or tensor, the node's with ``~leaf``, ``~saved``, ``~output`` or ``~2`` (the
    second copy) behind it, or that of the group that is folded in it. ``kinds`` are words for the style sheet; the
    first says what the box is, and ``only`` that another picture beside this one has nothing like it.
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
    ``derivative`` (from what ``create_graph`` built to what the run started from). ``carries`` is the node and the
    slot whose gradient travels along a line of its own; slot -1 is what comes in, -2 what a leaf accumulates.
    """

    source: str
    target: str
    kinds: tuple[str, ...]
    label: str = ""
    carries: tuple[str, int] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Frame:
    """An open group that is drawn as a frame around its boxes; ``parent`` is the frame around it."""

    id: str
    title: str
    boxes: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True)
class LabGraph:
    """The picture. ``nodes`` says how many autograd nodes it stands for.

    ``opened`` are the ids of the groups that are open, ``homes`` says which box each node is in. ``compact`` asks for
    little room between the boxes, as the parts of a model need.
    """

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    nodes: int
    frames: tuple[Frame, ...] = ()
    opened: tuple[str, ...] = ()
    homes: Homes = field(default_factory=Homes, compare=False)
    compact: bool = False

    @property
    def groups(self) -> Mapping[str, Group]:
        """What is folded in each folded box, by the box's id."""
        return self.homes.folding.groups if self.homes.folding is not None else {}


ONLY = "only"


def with_marks(graph: LabGraph, marks: GraphMarks) -> LabGraph:
    """Return the picture with the kind ``only`` on what is to be marked; a folded box has it if one of its nodes has.

    What hangs on a marked node (its saved tensors, its leaf) is marked with it.
    """
    if not marks.nodes and not marks.edges:
        return graph

    def marked_box(box: Box) -> Box:
        group = graph.groups.get(box.id)
        if group is not None:
            holds = any(node.id in marks.nodes for node in group.nodes)
        else:
            holds = _node(box.id) in marks.nodes
        return replace(box, kinds=(*box.kinds, ONLY)) if holds else box

    def marked_link(link: Link) -> Link:
        holds = (_node(link.source), _node(link.target)) in marks.edges
        return replace(link, kinds=(*link.kinds, ONLY)) if holds else link

    return replace(graph, boxes=tuple(map(marked_box, graph.boxes)), links=tuple(map(marked_link, graph.links)))


def _node(box: str) -> str:
    """The node that a box is about: ``n3~saved`` hangs on ``n3``."""
    return box.partition("~")[0]
