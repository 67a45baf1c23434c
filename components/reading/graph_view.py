"""The Lab view of a trace in one answer: the picture, what the player is sent, what can be chosen and asked."""

from __future__ import annotations

from dataclasses import replace as other

from msgspec import Struct
from msgspec.structs import replace

from ..facts import TraceIndex
from ..facts.compare.graphs import GraphMarks
from ..facts.modules import Modules
from ..facts.saved_bytes import saved_bytes
from ..facts.text import bytes_text, plural
from ..figures import (
    LabGraph,
    LabOptions,
    PlayerData,
    Root,
    draw_lab,
    foldings,
    lab_graph,
    lab_roots,
    player_data,
    with_columns,
    with_marks,
)
from ..trace import ModuleCosts, Trace
from ..trace.codec import collector_paused
from .modules import Way, way_to
from .offers import Place, places
from .pictures import ways

WHOLE = "whole program"
NO_MARKS = GraphMarks()


class GraphAsked(Struct, frozen=True, kw_only=True):
    """What is wanted: the graph of ``root`` (a name that ``GraphShown.roots`` has), what stands in the boxes, which
    groups are open (``None`` as fits), what to mark, and whether it can be asked what would be if something changed.

    ``modules`` says whether it can be coloured by what modules cost, ``costs`` what was measured of that.
    """

    root: str = WHOLE
    values: bool = True
    shapes: bool = False
    saved: bool = True
    opened: tuple[str, ...] | None = None
    only: GraphMarks = NO_MARKS
    asks: bool = False
    modules: bool = False
    costs: ModuleCosts | None = None


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
    if asked.modules:
        data = with_columns(data, index, seen, Modules(index, asked.costs))
    found = places(index, data.cards, seen) if asked.asks else {}
    folding = seen.homes.folding
    levels = (folding.coarser(), folding.finer()) if folding is not None else ((), ())
    return GraphShown(data, list(roots), seen.opened, *levels, found)


def other_foldings(index: TraceIndex, asked: GraphAsked) -> list[PlayerData]:
    """Return a Lab view with other boxes open, for a player without a server: see ``figures.foldings``."""
    with collector_paused():
        first = _view(index, asked).data
        return foldings(
            index, _root(index, asked), first, lambda opened: _view(index, replace(asked, opened=opened)).data
        )


def _roots(index: TraceIndex) -> dict[str, Root]:
    return {f"{number + 1}. {root.label}": root for number, root in enumerate(lab_roots(index))}


def _root(index: TraceIndex, asked: GraphAsked) -> Root | None:
    roots = _roots(index)
    return roots.get(asked.root) if len(roots) > 1 else None


def way_to_module(index: TraceIndex, root: str, opened: tuple[str, ...], path: str) -> Way | None:
    """Return the way to a module in the graph of ``root``, as ``way_to`` does."""
    roots = _roots(index)
    return way_to(index, roots.get(root) if len(roots) > 1 else None, opened, path)


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
