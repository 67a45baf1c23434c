"""A program's text cut into its statements, also where it is broken: for explanations of what failed.

The text is a stranger's and this runs in the pages' own process, where Python's parser could be driven to the end of
the thread's stack. So the text is cut by the tokenizer, which does not recurse, and only a short and shallow statement
is ever parsed.
"""

from __future__ import annotations

import ast
import io
import re
import token
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from .edits import Edit, SourceText, edited, keyword, needs_parentheses, with_keyword, without_keyword
from .tree import parsed

_LONGEST_PARSED = 1_000
# Whatever nests: brackets, signs and words that take an operand. Text is counted, since f-strings hold expressions too.
_MOST_BRACKETS = 80
_MOST_SIGNS = 200
_PREFIXES = frozenset({"not", "lambda", "await", "if", "else", "for", "**"})
_MOST_PREFIXES = 60
_SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)

_Node = TypeVar("_Node", bound=ast.AST)
# A node and the text that takes its place, or an edit of the statement's code; ``None`` where there is no such edit.
Replacement = tuple[ast.AST, str] | Edit | None


@dataclass(frozen=True)
class Statement:
    """One logical line: ``code`` is its text without indentation and trailing comment, ``words`` its tokens."""

    first: int
    last: int
    indent: str
    code: str
    words: tuple[str, ...]

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the statement's syntax tree, outermost first; empty where it was not parsed."""
        return tuple(ast.walk(tree)) if (tree := self._tree) is not None else ()

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """The calls in the statement."""
        return tuple(self.find(ast.Call))

    def find(self, kind: type[_Node]) -> Iterator[_Node]:
        """Yield the nodes of a kind."""
        return (node for node in self.nodes if isinstance(node, kind))

    @property
    def is_header(self) -> bool:
        """Whether a block follows it on lines of its own."""
        return bool(self.words) and self.words[-1] == ":"

    @cached_property
    def _tree(self) -> ast.Module | None:
        if not self._is_parsed():
            return None
        text = f"if  {self.code[4:]}" if self.words[0] == "elif" else self.code
        return parsed(f"{text} pass" if self.is_header else text)

    def _is_parsed(self) -> bool:
        if not self.words or len(self.code) > _LONGEST_PARSED:
            return False
        brackets, signs = (sum(self.code.count(sign) for sign in signs) for signs in ("([{", "-+~"))
        prefixes = sum(word in _PREFIXES for word in self.words)
        return brackets <= _MOST_BRACKETS and signs <= _MOST_SIGNS and prefixes <= _MOST_PREFIXES

    @cached_property
    def _source(self) -> SourceText:
        return SourceText(self.code)

    @cached_property
    def _in_fstrings(self) -> frozenset[ast.AST]:
        """Nodes whose places the syntax tree of Python 3.11 does not give."""
        return frozenset(
            inner for string in self.find(ast.JoinedStr) for inner in ast.walk(string) if inner is not string
        )

    @property
    def parameters(self) -> list[str]:
        """The names of the positional parameters that a ``def`` gives its function."""
        for node in self.find(ast.FunctionDef):
            return [given.arg for given in (*node.args.posonlyargs, *node.args.args)]
        return []

    def text(self, node: ast.AST) -> str:
        """Return the source text of a node of this statement."""
        return ast.unparse(node) if node in self._in_fstrings else self._source.text(node)

    def operand(self, node: ast.expr) -> str:
        """Return a node's text, in parentheses where a method can not be called on it as it stands."""
        return f"({self.text(node)})" if needs_parentheses(node) else self.text(node)

    def owner(self, call: ast.Call) -> str:
        """Return ``(x * 2)`` for ``(x * 2).backward()``, with its parentheses."""
        assert isinstance(call.func, ast.Attribute)
        return self.text(call.func)[: -len(call.func.attr)].rstrip().removesuffix(".").rstrip()

    def assigned(self) -> ast.Assign | None:
        """Return the assignment to one plain name that the statement consists of."""
        assigns = list(self.find(ast.Assign))
        if len(assigns) != 1 or len(assigns[0].targets) != 1 or not isinstance(assigns[0].targets[0], ast.Name):
            return None
        return assigns[0]

    def with_keyword(self, call: ast.Call, name: str, value: str) -> Edit | None:
        """Return the edit that gives a keyword argument of a call its value."""
        return None if call in self._in_fstrings else with_keyword(self._source, call, name, value)

    def without_keyword(self, call: ast.Call, name: str) -> Edit | None:
        """Return the edit that takes a keyword argument out of a call; ``None`` if the call has none of that name."""
        given = keyword(call, name)
        return None if given is None or call in self._in_fstrings else without_keyword(self._source, call, given)

    def around(self, node: ast.AST, before: str, behind: str) -> tuple[Edit, Edit]:
        """Return the edits that put text on both sides of a node."""
        return self._source.before(node, before), self._source.behind(node, behind)

    def edited(self, *replacements: Replacement) -> str | None:
        """Return the statement's code, on one line, with edits made; ``None`` where that is not possible.

        The nodes must not overlap.
        """
        edits: list[Edit] = []
        for given in replacements:
            if given is None or (isinstance(given, tuple) and given[0] in self._in_fstrings):
                return None
            edits.append(given if isinstance(given, Edit) else self._source.instead(*given))
        if not edits:
            return None
        code = edited(self.code, edits)
        return self._joined(code) if "\n" in code else code

    def _joined(self, code: str) -> str | None:
        """A statement of several lines on one, unless a string or a block forbids it."""
        if self.is_header or "#" in code or '"""' in code or "'''" in code or "\\" in code:
            return None
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(code.split()))


class ProgramStatements:
    """A program's statements and the names in it. Broken text gives the statements before the break."""

    def __init__(self, text: str) -> None:
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.statements = tuple(_statements(self.lines))
        self._by_line = {
            line: statement for statement in self.statements for line in range(statement.first, statement.last + 1)
        }

    def line(self, number: int | None) -> str:
        """Return one physical line, empty if there is none."""
        return self.lines[number - 1] if number is not None and 0 < number <= len(self.lines) else ""

    def at(self, number: int | None) -> Statement | None:
        """Return the statement that covers a line."""
        return self._by_line.get(number) if number is not None else None

    @cached_property
    def bound(self) -> dict[str, int]:
        """The names that the program binds, by whatever statement, and the first line of each."""
        found: dict[str, int] = {}
        for statement in self.statements:
            for name in _bound_in(statement):
                found.setdefault(name, statement.first)
        return found

    def class_named(self, name: str | None) -> Statement | None:
        """Return the header of a class of the program."""
        return next((header for header in self.statements if header.words[:2] == ("class", name)), None)

    def functions_named(self, name: str) -> list[Statement]:
        """Return the ``def`` statements of this name; for ``Net.forward`` those in the block of that class."""
        owner, _, function = name.rpartition(".")
        found = [statement for statement in self.statements if statement.words[:2] == ("def", function)]
        if not owner:
            return found
        headers = ((statement, self.enclosing(statement, "class")) for statement in found)
        return [statement for statement, header in headers if header is not None and header.words[1] == owner]

    def enclosing(self, statement: Statement | None, keyword: str) -> Statement | None:
        """Return the nearest header above that begins with ``keyword`` and whose block holds the statement."""
        if statement is None:
            return None
        indent = len(statement.indent)
        for candidate in reversed(self.statements[: self.statements.index(statement)]):
            if candidate.is_header and len(candidate.indent) < indent:
                indent = len(candidate.indent)
                if candidate.words[0] == keyword:
                    return candidate
        return None

    def header(self, statement: Statement | None) -> Statement | None:
        """Return the header of the block that the statement stands in, whatever it begins with."""
        if statement is None:
            return None
        above = reversed(self.statements[: self.statements.index(statement)])
        return next((other for other in above if len(other.indent) < len(statement.indent)), None)

    def block(self, header: Statement | None) -> Iterator[Statement]:
        """Yield the statements of a header's block."""
        following = () if header is None else self.statements[self.statements.index(header) + 1 :]
        for statement in following:
            if header is None or len(statement.indent) <= len(header.indent):
                return
            yield statement


def _statements(lines: list[str]) -> Iterator[Statement]:
    pending: list[tokenize.TokenInfo] = []
    try:
        for piece in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            if piece.type == tokenize.NEWLINE:
                if pending:
                    yield _statement(lines, pending)
                pending = []
            elif piece.type not in _SILENT and piece.type != tokenize.ENDMARKER:
                pending.append(piece)
    except (tokenize.TokenError, SyntaxError, ValueError):
        if pending:
            yield _statement(lines, [piece for piece in pending if piece.start[0] == pending[0].start[0]])


def _statement(lines: list[str], pieces: list[tokenize.TokenInfo]) -> Statement:
    (first, start), (last, end) = pieces[0].start, pieces[-1].end
    text = [lines[number - 1] for number in range(first, min(last, len(lines)) + 1)]
    text[-1] = text[-1][:end]
    text[0] = text[0][start:]
    words = tuple(piece.string for piece in pieces if piece.type in (token.NAME, token.OP, token.NUMBER, token.STRING))
    return Statement(first, last, lines[first - 1][:start], "\n".join(text), words)


def _bound_in(statement: Statement) -> Iterator[str]:
    for node in statement.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.arg):
            yield node.arg
