"""A program read for changing: its syntax tree, and where each part of it stands in the text.

Walks over the tree keep their own stacks.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..parsing import SourceTooLarge, parse

# Lines as Python's parser counts them; str.splitlines() also splits at form feeds.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")

Placed = ast.stmt | ast.expr | ast.keyword


@dataclass(frozen=True, eq=False)
class Code:
    """A program's text and tree.

    ``nodes`` are in the order in which they are written, without those inside f-strings, whose positions Python does
    not know. ``parents`` has them all.
    """

    source: str
    tree: ast.Module
    nodes: Sequence[ast.AST]
    parents: Mapping[ast.AST, ast.AST]
    lines: Sequence[str]
    starts: Sequence[int]

    def start(self, node: Placed) -> int:
        """Return the offset of a node's first character."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: Placed) -> int:
        """Return the offset behind a node's last character."""
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def _offset(self, line: int, column: int) -> int:
        """Python counts columns in bytes of UTF-8."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return self.starts[line - 1] + column

    def line_of(self, offset: int) -> int:
        """Return the line that an offset lies in."""
        return min(bisect_right(self.starts, offset), len(self.lines))

    def text(self, node: Placed) -> str:
        """Return a node as it is written, without parentheses around it."""
        return self.source[self.start(node) : self.end(node)]

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node is part of, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """Return the innermost statement that a node is part of, or is."""
        if isinstance(node, ast.stmt):
            return node
        return next((one for one in self.above(node) if isinstance(one, ast.stmt)), None)

    def indentation(self, statement: ast.stmt) -> str | None:
        """Return what stands before a statement in its line, ``None`` where that is more than white space."""
        line = _first_line(statement)
        before = self.lines[line - 1][: self.start(statement) - self.starts[statement.lineno - 1]]
        goes_on = line > 1 and self.lines[line - 2].rstrip("\r\n").endswith("\\")
        return None if goes_on or before.strip(" \t\f") else before

    def ends_line(self, statement: ast.stmt) -> bool:
        """Whether nothing but a comment follows a statement in its line."""
        return _REST_OF_LINE.match(self.source, self.end(statement)) is not None

    def first_line(self, statement: ast.stmt) -> int:
        """Return the line in which a statement begins, with its decorators."""
        return _first_line(statement)

    def new_line(self, line: int) -> str:
        """Return how a line ends; ``"\\n"`` for the last one, which may not end at all."""
        text = self.lines[line - 1]
        return text[len(text.rstrip("\r\n")) :] or "\n"

    @cached_property
    def unit(self) -> str:
        """What a block is indented by: a tab where the program's first one is, else four blanks."""
        for line in self.lines:
            inside = line.lstrip(" \t")
            if len(inside) < len(line) and inside.strip() and not inside.startswith("#"):
                return "\t" if line[0] == "\t" else "    "
        return "    "

    def dotted(self, node: ast.AST) -> str:
        """Return ``"loss.backward"`` for such an expression, the empty text for any other."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _first_line(statement: ast.stmt) -> int:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
    return statement.lineno


def read(source: str) -> Code | None:
    """Return the program, ``None`` for what is empty, too large or not Python."""
    tree = parsed(source)
    if tree is None or not tree.body:
        return None
    lines = _LINE.findall(source)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return Code(source, tree, tuple(_written(tree)), parents, lines, starts)


def parsed(source: str) -> ast.Module | None:
    """Return the tree of a text, ``None`` where Python cannot read it as it is."""
    try:
        return parse(source, commands=False).tree
    except (SyntaxError, SourceTooLarge):
        return None


def _written(tree: ast.Module) -> Iterator[ast.AST]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.JoinedStr):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))
