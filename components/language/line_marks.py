"""Calls before each statement that tell an observer which line runs, for runs in which tracing is not to be seen.

``sys.settrace`` makes Python copy the variables of each function, and the copy keeps tensors alive that the program has
let go. These calls hold nothing: ``_line_(first, last)`` before a statement, with the lines it may be reported at;
``_line_`` of its head once more at the end of a loop's body; ``_entered_()`` and ``_left_()`` around a function's body.
Statements that do nothing by themselves get none, nor does a second statement on the same line.

Known limitations: a ``lambda`` belongs to the line that calls it; generators do not say that they were left.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

LINE, ENTERED, LEFT = "_line_", "_entered_", "_left_"

_Node = TypeVar("_Node", bound=ast.AST)
_SILENT = (ast.Global, ast.Nonlocal, ast.Pass)
_BLOCKS = ("body", "orelse", "finalbody")


def mark_lines(tree: ast.Module) -> ast.Module:
    """Return the tree with the calls; it is changed in place."""
    return _Marker().visit(tree)  # type: ignore[no-any-return]


class _Marker(ast.NodeTransformer):
    def __init__(self) -> None:
        self._heads: list[tuple[int, int] | None] = []

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = self._marked(node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        heads, self._heads = self._heads, []
        documented = 1 if isinstance(node.body[0], ast.Expr) and _is_constant(node.body[0].value) else 0
        first, rest = node.body[:documented], self._marked(node.body[documented:])
        self._heads = heads
        if rest and not _yields(node):
            around = ast.Try(body=[_call(ENTERED, node), *rest], handlers=[], orelse=[], finalbody=[_call(LEFT, node)])
            rest = [ast.copy_location(around, node)]
        node.body = first + rest
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loop(node, _head(node))

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._loop(node, None if _is_constant(node.test) else _head(node))

    def visit_Continue(self, node: ast.Continue) -> Any:
        head = self._heads[-1] if self._heads else None
        return node if head is None else [_call(LINE, node, *head), node]

    def _loop(self, node: ast.For | ast.While, head: tuple[int, int] | None) -> ast.AST:
        self._heads.append(head)
        node.body = self._marked(node.body)
        self._heads.pop()
        if head is not None:
            node.body.append(_call(LINE, node, *head))
        node.orelse = self._marked(node.orelse)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Mark the blocks of whatever has some: ``if``, ``with``, ``try``, ``match``, ``class``."""
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, self._marked(block))
        for name in ("handlers", "cases"):
            for part in getattr(node, name, ()):
                self.generic_visit(part)
        return node

    def _marked(self, block: list[ast.stmt]) -> list[ast.stmt]:
        marked: list[ast.stmt] = []
        before = 0
        for statement in block:
            first, last = _head(statement)
            if first != before and not _does_nothing(statement):
                marked.append(_call(LINE, statement, first, last))
            before = statement.end_lineno or last
            visited = self.visit(statement)
            marked += visited if isinstance(visited, list) else [visited]
        return marked


def _head(node: ast.stmt) -> tuple[int, int]:
    """Return the first and last line of a statement without the blocks inside it."""
    decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
    first, last = min([node.lineno, *decorators]), node.end_lineno or node.lineno
    inside = [part.lineno for name in ("body", "cases") for part in _parts(node, name)]
    return first, max(first, min([last, *(line - 1 for line in inside)]))


def _parts(node: ast.stmt, name: str) -> Iterator[Any]:
    for part in getattr(node, name, ()):
        yield part.pattern if isinstance(part, ast.match_case) else part


def _does_nothing(node: ast.stmt) -> bool:
    constant_test = isinstance(node, ast.If | ast.While) and _is_constant(node.test)
    return isinstance(node, _SILENT) or constant_test or (isinstance(node, ast.Expr) and _is_constant(node.value))


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _yields(function: ast.FunctionDef) -> bool:
    """Whether it is a generator: a ``yield`` of its own, not of a function inside it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _call(name: str, place: ast.AST, *arguments: int) -> ast.stmt:
    constants: list[ast.expr] = [ast.Constant(argument) for argument in arguments]
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), constants, []))
    for node in ast.walk(call):
        _copy_start(node, place)
    return call


def _copy_start(node: _Node, place: ast.AST) -> _Node:
    """Give a call the line where its statement begins: a traceback never shows it."""
    ast.copy_location(node, place)
    return node
