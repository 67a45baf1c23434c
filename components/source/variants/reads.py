"""In which statement of a function, or of the program's top level, each name is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from .reading import Code

_OTHER_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.GeneratorExp
Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(eq=False)
class Scope:
    """The statements of one scope, numbered as they are written.

    ``last`` is the number of the last statement inside a statement, its own if there is none. ``block_of`` gives the
    statements that a statement stands among. ``reads`` gives the numbers of the statements that read a name. ``shared``
    are names that something else than the run of these statements may need or remove: functions that read them later,
    ``global``, ``del``, ``except ... as``.
    """

    number: dict[ast.stmt, int] = field(default_factory=dict)
    last: dict[ast.stmt, int] = field(default_factory=dict)
    reads: dict[str, list[int]] = field(default_factory=dict)
    block_of: dict[ast.stmt, list[ast.stmt]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


def scopes(code: Code) -> Iterator[Scope]:
    """Yield the program's top level and each of its functions."""
    for node in code.nodes:
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            yield _read(code, node)


def _read(code: Code, owner: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> Scope:
    scope = Scope(block_of=dict.fromkeys(owner.body, owner.body))
    pending: list[tuple[ast.AST, ast.stmt | None]] = [(one, None) for one in reversed(owner.body)]
    while pending:
        node, statement = pending.pop()
        if isinstance(node, ast.stmt):
            scope.number[node] = len(scope.number)
            statement = node
        if isinstance(node, _OTHER_SCOPES):
            scope.shared |= _said(node)
            continue
        _note(scope, node, statement)
        for value in (value for _, value in ast.iter_fields(node) if isinstance(value, list)):
            if value and isinstance(value[0], ast.stmt):
                scope.block_of.update(dict.fromkeys(value, value))
        pending.extend((child, statement) for child in reversed(list(ast.iter_child_nodes(node))))
    for statement in reversed(scope.number):
        scope.last[statement] = max(scope.last.get(statement, 0), scope.number[statement])
        around = next((one for one in code.above(statement) if isinstance(one, ast.stmt)), None)
        if around in scope.number:
            scope.last[around] = max(scope.last.get(around, 0), scope.last[statement])
    return scope


def _note(scope: Scope, node: ast.AST, statement: ast.stmt | None) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Del()):
            scope.shared.add(name)
        case ast.Name(id=name, ctx=ast.Load()) if statement is not None:
            scope.reads.setdefault(name, []).append(scope.number[statement])
        case ast.AugAssign(target=ast.Name(id=name)):
            scope.reads.setdefault(name, []).append(scope.number[node])
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            scope.shared.update(names)
        case ast.ExceptHandler(name=str() as name):
            scope.shared.add(name)
        case _:
            pass


def _said(node: ast.AST) -> set[str]:
    """The names said in a scope of its own, which may be the same ones as outside."""
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            found.add(one.id)
        elif isinstance(one, ast.Global | ast.Nonlocal):
            found.update(one.names)
    return found
