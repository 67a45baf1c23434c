"""Boxes and lines of a Lab picture that are marked because another picture, beside this one, has nothing like them."""

from __future__ import annotations

from dataclasses import replace

from ...facts.compare.graphs import GraphMarks
from .records import Box, LabGraph, Link

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
