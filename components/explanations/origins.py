"""Where the names on a line come from, by the program's own imports: ``sp.run`` is ``subprocess.run``.

The walls answer with errors of the system, which say neither what was called nor what for. The program's text does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .situation import Situation
from .source import Statement


def imported(situation: Situation) -> dict[str, str]:
    """Return what the names that the program imports stand for: ``{"mp": "torch.multiprocessing"}``."""
    found: dict[str, str] = {}
    for statement in situation.source.statements:
        for node in statement.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    found[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def origin(names: dict[str, str], node: ast.AST | None) -> str:
    """Return the dotted path of a name or attribute by the program's imports; empty for anything else."""
    if isinstance(node, ast.Attribute):
        owner = origin(names, node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def calls_of(situation: Situation, *paths: str) -> Iterator[tuple[Statement, ast.Call]]:
    """Yield the calls in the whole program of what lies at one of these dotted paths or below it."""
    names = imported(situation)
    for statement in situation.source.statements:
        for node in statement.nodes:
            if isinstance(node, ast.Call) and is_below(origin(names, node.func), paths):
                yield statement, node


def used(situation: Situation) -> list[str]:
    """Return the dotted paths that the failing statement uses, directly or through variables bound to calls."""
    names = imported(situation)
    found: list[str] = []
    for node in situation.nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            found.append(origin(names, node))
        if isinstance(node, ast.Name) and node.id not in names:
            bound = situation.assignment(node.id)
            calls = [inner for inner in (bound.nodes if bound is not None else ()) if isinstance(inner, ast.Call)]
            found += [origin(names, call.func) for call in calls]
    return [path for path in found if path]


def is_below(path: str, places: tuple[str, ...]) -> bool:
    """Whether a dotted path is one of these places or lies in one."""
    return any(path == place or path.startswith(f"{place}.") for place in places)
