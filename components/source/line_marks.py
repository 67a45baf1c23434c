"""Calls before each statement that tell an observer which line runs, for runs in which tracing is not to be seen.

``sys.settrace`` makes Python copy the variables of each function, and the copy keeps tensors alive that the program has
let go. These calls hold nothing: ``_line_(first, last)`` before a statement, with the lines it may be reported at;
``_line_`` of its head once more at the end of a loop's body; ``_entered_()`` and ``_left_()`` around a function's body,
and so ``_resumed_(yield _paused_(value))`` in a generator; ``_element_(value)`` for each of a comprehension. Statements
that do nothing by themselves get none, nor does a second statement on the same line.

Known limitations: a ``lambda`` belongs to the line that calls it, a loop that goes on from ``try`` with ``finally`` to
the last line of that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

LINE, ENTERED, LEFT = "_line_", "_entered_", "_left_"
PAUSED, RESUMED, ELEMENT = "_paused_", "_resumed_", "_element_"

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
        if rest:
            around = ast.Try(body=[_call(ENTERED, node), *rest], handlers=[], orelse=[], finalbody=[_call(LEFT, node)])
            rest = [ast.copy_location(around, node)]
        node.body = first + rest
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = self.visit(node.iter)
        return self._loop(node, _head(node))

    def visit_While(self, node: ast.While) -> ast.AST:
        node.test = self.visit(node.test)
        head = _head(node)
        # Of a loop on one line Python does not report the last test as a line.
        return self._loop(node, None if _is_constant(node.test) or node.body[0].lineno == head[1] else head)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """What ``continue`` leads to comes after ``finally``, not before it."""
        head = self._heads[-1:] if node.finalbody else []
        self._heads[len(self._heads) - len(head) :] = [None] * len(head)
        node.body, node.orelse = self._marked(node.body, _head(node)[1]), self._marked(node.orelse)
        for handler in node.handlers:
            handler.body = self._marked(handler.body)
        self._heads[len(self._heads) - len(head) :] = head
        node.finalbody = self._marked(node.finalbody)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        value = node.value if node.value is not None else ast.Constant(None)
        node.value = _applied(PAUSED, value, node)
        return _applied(RESUMED, node, node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._with_elements(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._with_elements(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._with_elements(node)

    def _with_elements(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ast.AST:
        ast.NodeTransformer.generic_visit(self, node)
        node.elt = _applied(ELEMENT, node.elt, node.elt)
        return node

    def visit_Continue(self, node: ast.Continue) -> Any:
        head = self._heads[-1] if self._heads else None
        return node if head is None else [_call(LINE, node, *head), node]

    def _loop(self, node: ast.For | ast.While, head: tuple[int, int] | None) -> ast.AST:
        self._heads.append(head)
        node.body = self._marked(node.body, _head(node)[1])
        self._heads.pop()
        if head is not None:
            node.body.append(_call(LINE, node, *head))
        node.orelse = self._marked(node.orelse)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Mark the blocks of whatever has some: ``if``, ``with``, ``match``, ``class``; look into expressions."""
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):
                before = _head(node)[1] if name == "body" and isinstance(node, ast.If | ast.With) else 0
                setattr(node, name, self._marked(block, before))
        for part in getattr(node, "cases", ()):
            self.generic_visit(part)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list) and name not in (*_BLOCKS, "cases"):
                value[:] = [self.visit(each) if isinstance(each, ast.AST) else each for each in value]
        return node

    def _marked(self, block: list[ast.stmt], before: int = 0) -> list[ast.stmt]:
        """Return the block with its marks; ``before`` is the line that is told already, of a head on the same line."""
        marked: list[ast.stmt] = []
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


def _applied(name: str, value: ast.expr, place: ast.AST) -> ast.expr:
    """Return the call of ``name`` with a value that stays as it is."""
    function = _copy_start(ast.Name(name, ast.Load()), place)
    return _copy_start(ast.Call(function, [value], []), place)
