"""``del`` of a computed tensor behind the last statement that reads it."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from .changes import Change, Edit, short
from .flow import Flow
from .reading import Code
from .reads import Loop, Scope, scopes
from .surroundings import Surroundings

_WHAT = "The name holds its tensor no longer; memory that nothing else needs, such as a graph, is freed here."
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue


def changes(code: Code, around: Surroundings, flow: Flow) -> Iterator[Change]:
    """Yield ``del`` for each name, in the block that binds it, where nothing reads it later."""
    for scope in scopes(code):
        for statement in scope.number:
            if (name := _computed(statement, flow)) is not None and name not in scope.shared:
                reader = _last_reader(code, around, scope, statement, name)
                if reader is not None:
                    yield from _deleted(code, name, reader)


def _computed(statement: ast.stmt, flow: Flow) -> str | None:
    """The name that a statement binds to what it computes."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return name if flow.gives_one_tensor(value, tracked=False) else None
    return None


def _last_reader(code: Code, around: Surroundings, scope: Scope, binding: ast.stmt, name: str) -> ast.stmt | None:
    """The statement of the block after which nothing reads the name, ``None`` if its binding is read elsewhere."""
    bound = scope.number[binding]
    reads = scope.reads.get(name, [])
    final = reads[-1] if reads else -1
    block = scope.block_of[binding]
    while final > scope.last[block[-1]] and (owner := _mode(code, around, block)) is not None:
        block = scope.block_of[owner]
    if final <= bound or final > scope.last[block[-1]]:
        return None
    loop = _outermost_loop(code, scope, binding)
    if loop is not None and bisect_left(reads, scope.number[loop]) < bisect_right(reads, bound):
        return None
    reader = next(one for one in reversed(block) if scope.number[one] <= final)
    at_the_end = loop is None and scope.last[reader] == len(scope.number) - 1
    return None if at_the_end or isinstance(reader, _LEAVING) else reader


def _outermost_loop(code: Code, scope: Scope, statement: ast.stmt) -> Loop | None:
    inside = [one for one in code.above(statement) if isinstance(one, Loop) and one in scope.number]
    return inside[-1] if inside else None


def _mode(code: Code, around: Surroundings, block: list[ast.stmt]) -> ast.With | None:
    """The ``with torch.no_grad():`` or its like around a block; another context may swallow an error and go on."""
    owner = code.parents[block[0]]
    contexts = [item.context_expr for item in owner.items] if isinstance(owner, ast.With) else []
    of_torch = [isinstance(one, ast.Call) and around.full_name(one.func).startswith("torch.") for one in contexts]
    return owner if isinstance(owner, ast.With) and all(of_torch) else None


def _deleted(code: Code, name: str, reader: ast.stmt) -> Iterator[Change]:
    line = reader.end_lineno or reader.lineno
    indentation = code.indentation(reader)
    if indentation is None or not code.ends_line(reader):
        return
    text = code.lines[line - 1]
    ending = code.new_line(line)
    place = code.starts[line - 1] + len(text.rstrip("\r\n"))
    edit = Edit(place, place, f"{ending}{indentation}del {name}")
    yield Change("del", line, f"`del {short(name)}` after line {line}", _WHAT, (edit,))
