"""What a program's statements read and write, and so which names carry something from one round of a loop to the next.

A name is a variable, or a place that outlives a round as one does: ``self.h``, ``memory["h"]``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..source.statements import Statement
from .situation import called, receiver

_GROWS = frozenset({"append", "extend", "insert", "add", "appendleft", "update", "setdefault"})


def place(node: ast.AST) -> str | None:
    """Return ``h``, ``self.h`` or ``memory["h"]`` for such an expression, ``None`` for any other."""
    if isinstance(node, ast.Name):
        return node.id
    inside = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
    fixed = isinstance(node, ast.Attribute) or (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    )
    return ast.unparse(node) if fixed and inside is not None and place(inside) is not None else None


def reads(statement: Statement) -> dict[str, None]:
    """Return the names that a statement reads, in the order in which they are written."""
    places = [node for node in statement.nodes if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)]
    changed = [node.target for node in statement.find(ast.AugAssign)]
    read = changed + sorted(
        (node for node in places if isinstance(node.ctx, ast.Load)), key=lambda node: (node.lineno, node.col_offset)
    )
    return {name: None for node in read if (name := place(node)) is not None}


def writes(statement: Statement) -> set[str]:
    """Return the names that a statement gives a new value."""
    return {
        name
        for node in statement.nodes
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if (name := place(node)) is not None
    }


def grows(statement: Statement) -> Iterator[tuple[str, ast.expr]]:
    """Yield each container that a statement puts something into, with what it puts: ``losses`` and ``loss``."""
    for call in statement.calls:
        owner = receiver(call)
        name = place(owner) if owner is not None else None
        if called(call) in _GROWS and name is not None and call.args:
            yield name, call.args[-1]
    for assign in statement.find(ast.Assign):
        target = assign.targets[0]
        name = place(target.value) if isinstance(target, ast.Subscript) and place(target) is None else None
        if name is not None:
            yield name, assign.value
    for node in statement.find(ast.AugAssign):
        name = place(node.target)
        if isinstance(node.op, ast.Add) and isinstance(node.value, ast.List) and name is not None and node.value.elts:
            yield name, node.value.elts[0]


@dataclass(frozen=True)
class Carried:
    """A name that a block reads before it writes it: ``read`` is the first statement that does, ``bound`` the last that
    writes or fills it. ``grown`` is what is put into it, where it is only filled.
    """

    name: str
    read: Statement
    bound: Statement
    grown: ast.expr | None = None


def carried(block: Iterable[Statement]) -> list[Carried]:
    """Return the names that are read in a block before they are written in it, and that it does write or fill."""
    statements = tuple(block)
    written = {name: statement for statement in statements for name in writes(statement)}
    filled = {name: (value, statement) for statement in statements for name, value in grows(statement)}
    found: dict[str, Carried] = {}
    known: list[tuple[int, set[str]]] = []
    for statement in statements:
        indent = len(statement.indent)
        known = [(deep, names) for deep, names in known if deep <= indent]
        fresh = {name for _, names in known for name in names}
        for name in reads(statement):
            if (name in written or name in filled) and name not in fresh and name not in found:
                value, line = (None, written[name]) if name in written else filled[name]
                found[name] = Carried(name, statement, line, value)
        if not known or known[-1][0] < indent:
            known.append((indent, set()))
        known[-1][1].update(writes(statement))
    return list(found.values())
