"""What the table of modules asks of a trace, and how its numbers and its rows come into the picture."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import UNSET, Struct
from msgspec.structs import replace

from ..facts import TraceIndex
from ..facts.folding import Scope
from ..facts.groups import Group
from ..facts.modules import COLUMNS, TIMES, Modules, ModuleTable, module_paths
from ..figures import LabGraph, PlayerData, Root
from ..trace import ModuleCosts, Node

_OF_COLUMNS = {column: "ms" if column in TIMES else "" for column in COLUMNS} | {"activations": "B", "saved": "B"}


class ModulesTold(Struct, frozen=True):
    """What a run of its own has measured of the modules, as far as it came, and why it did not come to its end.

    ``under_way`` is whether it is still running.
    """

    costs: ModuleCosts | None = None
    problem: str = ""
    under_way: bool = False


def has_modules(index: TraceIndex) -> bool:
    """Return whether modules made nodes of the graph, or what they cost came with the trace."""
    return bool(module_paths(index)) or index.trace.modules is not UNSET


def modules_told(index: TraceIndex) -> ModulesTold:
    """Return what a trace says that holds what modules cost."""
    trace = index.trace
    costs = trace.modules if trace.modules is not UNSET else None
    return ModulesTold(costs, trace.failure.message if trace.failure is not None else "")


def table_of_modules(index: TraceIndex, costs: ModuleCosts | None) -> ModuleTable:
    """Return the table of a trace."""
    return Modules(index, costs).table()


def with_columns(data: PlayerData, index: TraceIndex, graph: LabGraph, costs: ModuleCosts | None) -> PlayerData:
    """Return the player's data with the numbers of the modules that its boxes are in, for their colours."""
    modules = Modules(index, costs)
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
    sources = modules.table().sources
    terms = data.terms | {f"colour: {column} of modules": sources[column] for column in known if column in sources}
    columns = [(f"{column} of modules", _OF_COLUMNS[column]) for column in known]
    return replace(data, boxes=boxes, columns=columns, terms=terms)


def _paths_of(index: TraceIndex, graph: LabGraph, box: str, around: Collection[str]) -> list[str]:
    """Return the paths of the outermost modules in a folded box, or of the module whose forward made a node.

    A node of one that is ``around`` others is a part of it like these, and has no number of its own.
    """
    group = graph.groups.get(box)
    if group is None:
        node = index.nodes.get(box)
        return [node.module] if node is not None and node.module and node.module not in around else []
    if group.piece.kind == "module":
        return [group.piece.title]
    return list(dict.fromkeys(filter(None, (_below(group.module, node) for node in group.nodes))))


def _below(around: str, node: Node) -> str:
    """The module right inside of the one around that a node is in; the latter if it is in no other."""
    path, start = node.module or "", len(around) + 1 if around else 0
    return path[: start + len(path[start:].partition(".")[0])]


class Way(Struct, frozen=True):
    """The groups to open so that a module is seen, and the box that is the module, or its first one if it is open."""

    opened: tuple[str, ...]
    box: str


def way_to(index: TraceIndex, root: Root | None, opened: Iterable[str], path: str) -> Way | None:
    """Return the way to a module in a graph in which some groups are open; ``None`` where the graph has no node of it.

    ``root`` is as in ``lab_graph``.
    """
    scope = index.once(Scope, root.nodes if root is not None else None)
    first = next((at for at, node in enumerate(scope.functions) if _is_in(node, path)), None)
    if first is None:
        return None
    wanted = list(dict.fromkeys(opened))
    group: Group | None = scope.tree
    while group is not None:
        if group is not scope.tree:
            if group.piece.kind == "module" and group.piece.title == path and group.id not in wanted:
                return Way(tuple(wanted), group.id)
            if group.id not in wanted:
                wanted.append(group.id)
        group = next((one for one in group.children if isinstance(one, Group) and _holds(one, first)), None)
    return Way(tuple(wanted), scope.functions[first].id)


def _is_in(node: Node, path: str) -> bool:
    return node.module is not None and (node.module == path or node.module.startswith(f"{path}."))


def _holds(group: Group, place: int) -> bool:
    return group.piece.first <= place < group.piece.end
