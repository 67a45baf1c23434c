"""``del`` of a computed tensor behind the last statement that reads it."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..edits import Edit
from ..tree import ProgramTree
from .changes import ProgramChange, short
from .name_flow import NameFlow

_WHAT = "The name holds its tensor no longer; memory that nothing else needs, such as a graph, is freed here."
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue
_OTHER_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.GeneratorExp
_Loop = ast.For | ast.AsyncFor | ast.While


def changes(program: ProgramTree, flow: NameFlow) -> Iterator[ProgramChange]:
    """Yield ``del`` for each name, in the block that binds it, where nothing reads it later."""
    for scope in _scopes(program):
        for statement in scope.number:
            if (name := _computed(statement, flow)) is not None and name not in scope.shared:
                reader = _last_reader(program, scope, statement, name)
                if reader is not None:
                    yield from _deleted(program, name, reader)


def _computed(statement: ast.stmt, flow: NameFlow) -> str | None:
    """The name that a statement binds to what it computes."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return name if flow.gives_one_tensor(value, tracked=False) else None
    return None


def _last_reader(program: ProgramTree, scope: _Scope, binding: ast.stmt, name: str) -> ast.stmt | None:
    """The statement of the block after which nothing reads the name, ``None`` if its binding is read elsewhere."""
    bound = scope.number[binding]
    reads = scope.reads.get(name, [])
    final = reads[-1] if reads else -1
    block = scope.block_of[binding]
    while final > scope.last[block[-1]] and (owner := _mode(program, block)) is not None:
        block = scope.block_of[owner]
    if final <= bound or final > scope.last[block[-1]]:
        return None
    loop = _outermost_loop(program, scope, binding)
    if loop is not None and bisect_left(reads, scope.number[loop]) < bisect_right(reads, bound):
        return None
    reader = next(one for one in reversed(block) if scope.number[one] <= final)
    at_the_end = loop is None and scope.last[reader] == len(scope.number) - 1
    return None if at_the_end or isinstance(reader, _LEAVING) else reader


def _outermost_loop(program: ProgramTree, scope: _Scope, statement: ast.stmt) -> _Loop | None:
    inside = [one for one in program.above(statement) if isinstance(one, _Loop) and one in scope.number]
    return inside[-1] if inside else None


def _mode(program: ProgramTree, block: list[ast.stmt]) -> ast.With | None:
    """The ``with torch.no_grad():`` or its like around a block; another context may swallow an error and go on."""
    owner = program.parents[block[0]]
    contexts = [item.context_expr for item in owner.items] if isinstance(owner, ast.With) else []
    of_torch = [isinstance(one, ast.Call) and program.full_name(one.func).startswith("torch.") for one in contexts]
    return owner if isinstance(owner, ast.With) and all(of_torch) else None


def _deleted(program: ProgramTree, name: str, reader: ast.stmt) -> Iterator[ProgramChange]:
    line = reader.end_lineno or reader.lineno
    indentation = program.indentation(reader)
    if indentation is None or not program.ends_line(reader):
        return
    text = program.lines[line - 1]
    ending = program.new_line(line)
    place = program.starts[line - 1] + len(text.rstrip("\r\n"))
    edit = Edit(place, place, f"{ending}{indentation}del {name}")
    yield ProgramChange("del", line, f"`del {short(name)}` after line {line}", _WHAT, (edit,))


# --- in which statement of a scope each name is read


@dataclass(eq=False)
class _Scope:
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


def _scopes(program: ProgramTree) -> Iterator[_Scope]:
    """Yield the program's top level and each of its functions."""
    for node in program.nodes:
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            yield _scope(program, node)


def _scope(program: ProgramTree, owner: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> _Scope:
    scope = _Scope(block_of=dict.fromkeys(owner.body, owner.body))
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
        outer = next((node for node in program.above(statement) if isinstance(node, ast.stmt)), None)
        if outer in scope.number:
            scope.last[outer] = max(scope.last.get(outer, 0), scope.last[statement])
    return scope


def _note(scope: _Scope, node: ast.AST, statement: ast.stmt | None) -> None:
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
