"""Which lines of a program keep tensors from one iteration of a loop to the next: running sums, lists that grow."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from ...source.tree import parsed, statements_in


@dataclass(frozen=True)
class Keeping:
    """A statement in a loop that adds ``value`` (source text) to ``name``.

    ``variable`` is the name of the value, if it is one; ``first`` and ``last`` are the lines of the innermost loop.
    """

    kind: Literal["sum", "list"]
    name: str
    value: str
    variable: str | None
    line: int
    fix: str
    first: int
    last: int


def keeping_lines(source: str) -> list[Keeping]:
    """Return the statements in loops that add something to what was there before, in the order of their lines."""
    tree = parsed(source, commands=True)
    found: dict[int, Keeping] = {}
    for loop in (
        ast.walk(tree) if tree is not None else ()
    ):  # breadth first: of nested loops the inner one comes later and counts
        if isinstance(loop, ast.For | ast.While):
            for statement in statements_in(loop.body):
                keeping = _keeping(statement, loop.lineno, loop.end_lineno or loop.lineno)
                if keeping is not None:
                    found[keeping.line] = keeping
    return [found[line] for line in sorted(found)]


def _keeping(statement: ast.stmt, first: int, last: int) -> Keeping | None:
    match statement:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub() as op, value=value):
            sign = "+" if isinstance(op, ast.Add) else "-"
            if isinstance(value, ast.List | ast.Tuple):
                return None
            return _of("sum", name, value, statement.lineno, f"{name} {sign}= {{}}", first, last)
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=before), op=ast.Add(), right=value)
        ) if before == name:
            return _of("sum", name, value, statement.lineno, f"{name} = {name} + {{}}", first, last)
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value], keywords=[])
        ):
            return _of("list", name, value, statement.lineno, f"{name}.append({{}})", first, last)
    return None


def _of(
    kind: Literal["sum", "list"], name: str, value: ast.expr, line: int, form: str, first: int, last: int
) -> Keeping:
    text = ast.unparse(value)
    safe = text if isinstance(value, ast.Name | ast.Call | ast.Attribute | ast.Subscript) else f"({text})"
    fix = form.replace("{}", f"{safe}.item()" if kind == "sum" else f"{safe}.detach()")
    return Keeping(kind, name, text, value.id if isinstance(value, ast.Name) else None, line, fix, first, last)
