"""A program's syntax tree: what its names stand for, what its statements stand in, and where each part is written.

Walks over a tree keep their own stacks, since a program may be nested more deeply than Python recurses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from .edits import Edit, SourceText, edited
from .parsing import SourceTooLarge, parse

_SHORT = 2_000
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


def parsed(source: str, *, commands: bool = False) -> ast.Module | None:
    """Return the tree of a text, ``None`` where Python cannot read it; ``commands`` as in ``parse``."""
    try:
        return parse(source, commands=commands).tree
    except (SyntaxError, SourceTooLarge):
        return None


@lru_cache(maxsize=1024)
def _is_python(text: str) -> bool:
    """Whether a short text can be parsed: every run of a program asks the same of its lines."""
    return parsed(text) is not None


def statements_in(block: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block and of the blocks in it, but for those of functions and classes."""
    pending: list[ast.AST] = list(block)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.expr):
            pending.extend(ast.iter_child_nodes(node))


def dotted(node: ast.AST) -> str:
    """Return ``"loss.backward"`` for such an expression, the empty text for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def base_name(node: ast.expr) -> str | None:
    """Return the variable at the beginning of ``x.data[0]``."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def imported(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return what the names that a program imports stand for: ``{"mp": "torch.multiprocessing"}``."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def full_name(imports: Mapping[str, str], node: ast.AST) -> str:
    """Return what an expression names: ``"torch.nn.functional.relu"`` for ``F.relu``; empty if not imported."""
    first, dot, rest = dotted(node).partition(".")
    return f"{imports[first]}{dot}{rest}" if first in imports else ""


class ProgramTree(SourceText):
    """A program that Python can read.

    ``nodes`` are in the order in which they are written, without those inside f-strings, whose positions Python does
    not know. ``parents`` has them all.
    """

    def __init__(self, source: str, tree: ast.Module) -> None:
        super().__init__(source)
        self.tree = tree
        self.nodes: Sequence[ast.AST] = tuple(_written(tree))
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.imports = imported(ast.walk(tree))

    def full_name(self, node: ast.AST) -> str:
        """Return what an expression names: ``"torch.nn.functional.relu"`` for ``F.relu``; empty if not imported."""
        return full_name(self.imports, node)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node is part of, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """Return the innermost statement that a node is part of, or is."""
        if isinstance(node, ast.stmt):
            return node
        return next((outer for outer in self.above(node) if isinstance(outer, ast.stmt)), None)

    def first_line(self, statement: ast.stmt) -> int:
        """Return the line in which a statement begins, with its decorators."""
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        return min([statement.lineno, *(decorator.lineno for decorator in decorators)])

    def indentation(self, statement: ast.stmt) -> str | None:
        """Return what stands before a statement in its line, ``None`` where that is more than white space."""
        line = self.first_line(statement)
        before = self.lines[line - 1][: self.start(statement) - self.starts[statement.lineno - 1]]
        goes_on = line > 1 and self.lines[line - 2].rstrip("\r\n").endswith("\\")
        return None if goes_on or before.strip(" \t\f") else before

    def ends_line(self, statement: ast.stmt) -> bool:
        """Whether nothing but a comment follows a statement in its line."""
        return _REST_OF_LINE.match(self.source, self.end(statement)) is not None

    def new_line(self, line: int) -> str:
        """Return how a line ends; ``"\\n"`` for the last one, which may not end at all."""
        text = self.lines[line - 1]
        return text[len(text.rstrip("\r\n")) :] or "\n"

    def stays_python(self, edits: Sequence[Edit]) -> bool:
        """Whether the edited text can be parsed: the lines of the statements of the top level that the edits touch."""
        # What is put in where a line begins can belong to the block above it.
        first = self.line_of(max(0, min(edit.start for edit in edits) - 1))
        last = self.line_of(max(edit.end for edit in edits))
        ends = ((self.first_line(one), one.end_lineno or one.lineno) for one in self.tree.body)
        touched = [(begin, end) for begin, end in ends if end >= first and begin <= last]
        start = self.starts[min([first, *(line for line, _ in touched)]) - 1]
        stop = self.starts[max([last, *(line for _, line in touched)])]
        text = edited(self.source, edits, start, stop)
        return _is_python(text) if len(text) <= _SHORT else parsed(text) is not None

    @cached_property
    def unit(self) -> str:
        """What a block is indented by: a tab where the program's first one is, else four blanks."""
        for line in self.lines:
            inside = line.lstrip(" \t")
            if len(inside) < len(line) and inside.strip() and not inside.startswith("#"):
                return "\t" if line[0] == "\t" else "    "
        return "    "


def read_program(source: str) -> ProgramTree | None:
    """Return the program, ``None`` for what is empty, too large or not Python."""
    tree = parsed(source)
    return None if tree is None or not tree.body else ProgramTree(source, tree)


def _written(tree: ast.Module) -> Iterator[ast.AST]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.JoinedStr):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))
