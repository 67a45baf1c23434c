"""What the table of modules asks of a trace, and the way from its rows to the picture's boxes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, Struct

from ..facts import TraceIndex
from ..facts.groups import Group
from ..facts.modules import ModuleTable, module_paths, module_table
from ..figures import Root, lab_scope
from ..trace import ModuleCosts, Node


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
    return module_table(index, costs)


class Way(Struct, frozen=True):
    """The groups to open so that a module is seen, and the box that is the module, or its first one if it is open."""

    opened: tuple[str, ...]
    box: str


def way_to(index: TraceIndex, root: Root | None, opened: Iterable[str], path: str) -> Way | None:
    """Return the way to a module in a graph in which some groups are open; ``None`` where the graph has no node of it.

    ``root`` is as in ``lab_graph``.
    """
    scope = lab_scope(index, root)
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
