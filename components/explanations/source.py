"""The program's text, statement by statement, so that an explanation can name what stands on the failing line.

The text is a stranger's and this runs in the pages' own process, where Python's parser could be driven to the end of the
thread's stack. So the text is cut into statements by the tokenizer, which does not recurse, and only a short and
shallow statement is ever parsed.
"""

from __future__ import annotations

import ast
import io
import re
import token
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..source import SourceTooLarge, parse

_LONGEST_PARSED = 1_000
# Whatever nests: brackets, signs and words that take an operand. Text is counted, since f-strings hold expressions too.
_MOST_BRACKETS = 80
_MOST_SIGNS = 200
_PREFIXES = frozenset({"not", "lambda", "await", "if", "else", "for", "**"})
_MOST_PREFIXES = 60
_LONGEST_SHOWN = 60
_SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)


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

    @property
    def is_header(self) -> bool:
        """Whether a block follows it on lines of its own."""
        return bool(self.words) and self.words[-1] == ":"

    @cached_property
    def _tree(self) -> ast.Module | None:
        if not self._is_parsed():
            return None
        text = self.code
        if self.words[0] == "elif":
            text = "if  " + text[4:]
        if self.is_header:
            text += " pass"
        try:
            return parse(text, commands=False).tree
        except (SyntaxError, SourceTooLarge):
            return None

    def _is_parsed(self) -> bool:
        if not self.words or len(self.code) > _LONGEST_PARSED:
            return False
        brackets, signs = (sum(self.code.count(sign) for sign in signs) for signs in ("([{", "-+~"))
        prefixes = sum(word in _PREFIXES for word in self.words)
        return brackets <= _MOST_BRACKETS and signs <= _MOST_SIGNS and prefixes <= _MOST_PREFIXES

    @cached_property
    def _in_fstrings(self) -> frozenset[ast.AST]:
        """Nodes whose places the syntax tree of Python 3.11 does not give."""
        strings = [node for node in self.nodes if isinstance(node, ast.JoinedStr)]
        return frozenset(inner for string in strings for inner in ast.walk(string) if inner is not string)

    def text(self, node: ast.AST) -> str:
        """Return the source text of a node of this statement."""
        if node in self._in_fstrings:
            return ast.unparse(node)
        start, end = self._span(node)
        return self.code.encode()[start:end].decode()

    def edited(self, changes: Sequence[tuple[ast.AST, str]]) -> str | None:
        """Return the statement's code, on one line, with nodes' texts replaced; ``None`` where that is not possible.

        The nodes must not overlap.
        """
        if not changes or any(node in self._in_fstrings for node, _ in changes):
            return None
        data = self.code.encode()
        for start, end, new in sorted(((*self._span(node), new) for node, new in changes), reverse=True):
            data = data[:start] + new.encode() + data[end:]
        return data.decode() if b"\n" not in data else self._joined(data.decode())

    def _joined(self, code: str) -> str | None:
        """A statement of several lines on one, unless a string or a block forbids it."""
        if self.is_header or "#" in code or '"""' in code or "'''" in code or "\\" in code:
            return None
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(code.split()))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Byte offsets in ``code``: the syntax tree counts lines, and UTF-8 bytes in them."""
        lines = self.code.encode().split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1) or 1
        start = starts[first - 1] + getattr(node, "col_offset", 0)
        return start, starts[last - 1] + (getattr(node, "end_col_offset", 0) or 0)


class Source:
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
    def names(self) -> tuple[str, ...]:
        """Every identifier in the program, in order of first appearance."""
        found = {word: None for statement in self.statements for word in statement.words if word.isidentifier()}
        return tuple(found)

    @cached_property
    def bound(self) -> dict[str, int]:
        """Names that the program binds by assignment, import, ``def``, ``class``, ``for`` or ``with``: first line of each."""
        found: dict[str, int] = {}
        for statement in self.statements:
            for name in _bound_in(statement):
                found.setdefault(name, statement.first)
        return found

    def enclosing(self, statement: Statement, keyword: str) -> Statement | None:
        """Return the nearest header above that begins with ``keyword`` and whose block holds the statement."""
        indent = len(statement.indent)
        for candidate in reversed(self.statements[: self.statements.index(statement)]):
            if candidate.is_header and len(candidate.indent) < indent:
                indent = len(candidate.indent)
                if candidate.words[0] == keyword:
                    return candidate
        return None

    def block(self, header: Statement) -> Iterator[Statement]:
        """Yield the statements of a header's block."""
        for statement in self.statements[self.statements.index(header) + 1 :]:
            if len(statement.indent) <= len(header.indent):
                return
            yield statement


def shown(text: str) -> str:
    """Return program text between backticks, on one line, and cut if it is long."""
    text = " ".join(text.split()).replace("`", "'")
    return f"`{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + '…'}`"


def of_kind(kind: str) -> str:
    """Return ``an `int` `` for the name of a type."""
    return f"{'an' if kind[:1] in 'aeiouAEIO' else 'a'} `{kind}`"


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
