"""The Lab view of a trace in one answer: the picture, what the player is sent, what can be chosen and asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace as other
from heapq import heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from ..facts import TraceIndex
from ..facts.compare.graphs import GraphMarks
from ..facts.groups import Group
from ..facts.saved_bytes import saved_bytes
from ..facts.text import bytes_text, plural
from ..figures import (
    LabGraph,
    LabOptions,
    PlayerData,
    Root,
    draw_lab,
    lab_graph,
    lab_roots,
    lab_scope,
    player_data,
    with_marks,
)
from ..trace import Trace
from ..trace.codec import collector_paused
from .offers import Place, places
from .pictures import ways

WHOLE = "whole program"
NO_MARKS = GraphMarks()
_MOST_FOLDINGS, _MOST_IN_A_FOLDING = 150, 220
_MOST_SECONDS = 20.0


class GraphAsked(Struct, frozen=True, kw_only=True):
    """What is wanted: the graph of ``root`` (a name that ``GraphShown.roots`` has), what stands in the boxes, which
    groups are open (``None`` as fits), what to mark, and whether it can be asked what would be if something changed."""

    root: str = WHOLE
    values: bool = True
    shapes: bool = False
    saved: bool = True
    opened: tuple[str, ...] | None = None
    only: GraphMarks = NO_MARKS
    asks: bool = False


class GraphShown(Struct, frozen=True):
    """The player's data, the names of the graphs that there are, and what can be asked.

    ``opened`` are the groups that are open, ``coarser`` and ``finer`` those one level of detail up and down.
    """

    data: PlayerData
    roots: list[str]
    opened: tuple[str, ...]
    coarser: tuple[str, ...]
    finer: tuple[str, ...]
    places: dict[str, Place]


def graph_view(index: TraceIndex, asked: GraphAsked) -> GraphShown:
    """Draw a Lab view."""
    with collector_paused():  # the tables of a large trace are millions of objects, none of them garbage
        return _view(index, asked)


def _view(index: TraceIndex, asked: GraphAsked) -> GraphShown:
    roots, root = _roots(index), _root(index, asked)
    options = LabOptions(values=asked.values, shapes=asked.shapes, saved=asked.saved, opened=asked.opened)

    def graph(options: LabOptions) -> LabGraph:
        return with_marks(lab_graph(index, root, options), asked.only)

    whole = seen = graph(options)
    picture, title, empty, dot = None, "Graph", "", ""
    if whole.boxes:
        folded = None if asked.opened is not None else lambda groups: graph(other(options, opened=groups))
        drawn = draw_lab(whole, ways(), folded)
        picture, dot, seen = drawn.image, drawn.dot, drawn.graph or whole
        title = _title(seen, index, root) + (f" · {drawn.gave_up}" if drawn.gave_up else "")
    else:
        empty = nothing_drawn(index.trace)
    data = player_data(index, picture, kind="lab", graph=seen, options=options, title=title, empty=empty, dot=dot)
    found = places(index, data.cards, seen) if asked.asks else {}
    folding = seen.homes.folding
    levels = (folding.coarser(), folding.finer()) if folding is not None else ((), ())
    return GraphShown(data, list(roots), seen.opened, *levels, found)


def foldings(index: TraceIndex, asked: GraphAsked, most: int = _MOST_FOLDINGS) -> list[PlayerData]:
    """Return a Lab view with other boxes open, for a player without a server: its levels of detail, and each fold.

    Each is open with those above it and what is open in the view; the outermost come first, and of layers that are
    alike the first one's. There are at most ``most``, and as many as can be drawn in 20 seconds.
    """
    with collector_paused():
        first = _view(index, asked)
        shown, seen = {frozenset(first.opened)}, []
        end = time.monotonic() + _MOST_SECONDS
        for opened in _ways_to_fold(index, asked, first.opened):
            if frozenset(opened) in shown or len(shown) > most or time.monotonic() > end:
                continue
            shown.add(frozenset(opened))
            options = LabOptions(saved=asked.saved, opened=opened)
            if len(lab_graph(index, _root(index, asked), options).boxes) > _MOST_IN_A_FOLDING:
                continue
            data = _view(index, replace(asked, opened=opened)).data
            if data.svg and frozenset(data.opened) == frozenset(opened):
                seen.append(data)
        return seen


def _ways_to_fold(index: TraceIndex, asked: GraphAsked, first: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield which groups to open: those of each level, and each group with those above it, and without those in it."""
    scope = lab_scope(index, _root(index, asked))
    for level in scope.levels:
        yield tuple(group.id for group in level[1:])
    queue: list[tuple[int, int, Group, tuple[str, ...]]] = [(0, 0, scope.tree, first)]
    number = 0
    while queue:
        _, _, group, opened = heappop(queue)
        for place, child in enumerate(scope.groups_in(group)):
            inside = tuple(dict.fromkeys((*opened, child.id)))
            if child.id in first:
                yield tuple(one for one in first if one != child.id and not one.startswith(f"{child.id}."))
            else:
                yield inside
            number += 1
            # Of things that are alike the later ones wait: whoever opens one, opens the first.
            later = 4 * min(place, 1) if group.times > 1 else 0
            heappush(queue, (child.id.count(".") + later, number, child, inside))


def _roots(index: TraceIndex) -> dict[str, Root]:
    return {f"{number + 1}. {root.label}": root for number, root in enumerate(lab_roots(index))}


def _root(index: TraceIndex, asked: GraphAsked) -> Root | None:
    roots = _roots(index)
    return roots.get(asked.root) if len(roots) > 1 else None


def nothing_drawn(trace: Trace) -> str:
    """Say why there is no picture of a trace."""
    if trace.failure is not None and trace.failure.kind in ("timeout", "out_of_memory", "crashed"):
        return "The run ended before its graph could be read."
    if trace.failure is not None:
        return "The program stopped before it built a graph."
    return "No graph yet. Make a tensor with requires_grad=True and compute something with it."


def _title(drawn: LabGraph, index: TraceIndex, root: Root | None) -> str:
    if not drawn.nodes:
        return _no_graph(index.trace)
    folded = f" in {plural(len(drawn.boxes), 'box')}" if drawn.groups else ""
    if not index.trace.nodes:
        return f"{plural(drawn.nodes, 'call')} of modules{folded} · autograd recorded nothing"
    saved = saved_bytes(index.trace, None if root is None else index.reachable(list(root.nodes)))
    how = "" if saved.once or not saved.size else ", each node by itself"
    return f"{plural(drawn.nodes, 'node')}{folded} · {bytes_text(saved.size)} saved{how}"


def _no_graph(trace: Trace) -> str:
    if not trace.numbered:
        return "No graph: autograd recorded nothing"
    return f"No graph is left: autograd recorded {plural(trace.numbered, 'operation')}, but nothing holds the result"
