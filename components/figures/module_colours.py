"""The numbers of modules on the boxes that stand for them, for a picture coloured by a column of their table."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ..facts import TraceIndex
from ..facts.calls import forward_call
from ..facts.modules import COLUMNS, TIMES, Modules
from ..trace import Node
from .lab.records import LabGraph
from .player_data import PlayerData

_UNITS = {column: "ms" if column in TIMES else "" for column in COLUMNS} | {"activations": "B", "saved": "B"}


def with_columns(data: PlayerData, index: TraceIndex, graph: LabGraph, modules: Modules) -> PlayerData:
    """Return the player's data with the numbers of the modules that its boxes are in, for their colours.

    Pictures of the same trace share ``modules``, which keeps what it has found out.
    """
    around = {path.rpartition(".")[0] for path in modules.paths}
    rows = {}
    for box in data.boxes:
        paths = _paths_of(index, graph, box, around)
        if paths:
            rows[box] = modules.together(paths)
    known = [column for column in COLUMNS if any(row.value(column) is not None for row in rows.values())]

    def told(box: str) -> tuple[float | None, ...]:
        values = [(column, rows[box].value(column)) for column in known] if box in rows else []
        return tuple(value / 1e6 if value is not None and column in TIMES else value for column, value in values)

    boxes = {name: replace(box, columns=told(name)) for name, box in data.boxes.items()}
    sources = modules.table.sources
    terms = data.terms | {f"colour: {column} of modules": sources[column] for column in known if column in sources}
    columns = [(f"{column} of modules", _UNITS[column]) for column in known]
    return replace(data, boxes=boxes, columns=columns, terms=terms)


def _paths_of(index: TraceIndex, graph: LabGraph, box: str, around: Collection[str]) -> list[str]:
    """Return the paths of the outermost modules in a folded box, or of the module whose forward made a node.

    A node of one that is ``around`` others is a part of it like these, and has no number of its own.
    """
    group = graph.groups.get(box)
    if group is None:
        node, call = index.nodes.get(box), forward_call(index, box)
        path = call.path if call is not None else node.module if node is not None else None
        return [path] if path and path not in around else []
    if group.piece.kind == "module":
        return [group.piece.title]
    return list(dict.fromkeys(filter(None, (_below(group.module, node) for node in group.nodes))))


def _below(around: str, node: Node) -> str:
    """The module right inside of the one around that a node is in; the latter if it is in no other."""
    path, start = node.module or "", len(around) + 1 if around else 0
    return path[: start + len(path[start:].partition(".")[0])]
