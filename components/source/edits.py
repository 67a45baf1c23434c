"""Edits of a text: where the nodes of its syntax tree stand, what takes their place, and the keywords of a call.

Whatever an edit does not name stays as it was typed: spelling, spacing and comments.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

# Lines as Python's parser counts them; str.splitlines() also splits at form feeds.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_EMPTY = re.compile(r"\)*\s*\(\s*\)\Z")
_ATOMS = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant | ast.Tuple | ast.List


@dataclass(frozen=True)
class Edit:
    """What replaces the characters from ``start`` up to ``end`` of a text; offsets count from 0."""

    start: int
    end: int
    text: str


def edited(source: str, edits: Sequence[Edit], start: int = 0, end: int | None = None) -> str:
    """Return the text, or what lies from ``start`` to ``end`` of it, with edits made there.

    The edits do not overlap; of two at one offset, the first stands first.

    >>> edited("y = x", [Edit(0, 0, "z = "), Edit(5, 5, ".sin()")])
    'z = y = x.sin()'
    """
    parts: list[str] = []
    done = start
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [source[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, source[done:end]])


class SourceText:
    """A text, and where each node of its syntax tree stands in it. Offsets count characters from 0, lines from 1."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: list[str] = _LINE.findall(source) or [""]
        self.starts = list(accumulate(map(len, self.lines), initial=0))

    def start(self, node: ast.AST) -> int:
        """Return the offset of a node's first character; 0 for what has no place, such as an operator."""
        return self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def end(self, node: ast.AST) -> int:
        """Return the offset behind a node's last character; 0 for what has no place."""
        return self._offset(getattr(node, "end_lineno", None) or 1, getattr(node, "end_col_offset", None) or 0)

    def _offset(self, line: int, column: int) -> int:
        """Python counts columns in bytes of UTF-8."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return self.starts[line - 1] + column

    def text(self, node: ast.AST) -> str:
        """Return a node as it is written, without parentheses around it."""
        return self.source[self.start(node) : self.end(node)]

    def before(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in front of a node."""
        return Edit(self.start(node), self.start(node), text)

    def behind(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text behind a node."""
        return Edit(self.end(node), self.end(node), text)

    def instead(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in the place of a node."""
        return Edit(self.start(node), self.end(node), text)

    def line_of(self, offset: int) -> int:
        """Return the line that an offset lies in."""
        return min(bisect_right(self.starts, offset), len(self.lines))


def needs_parentheses(node: ast.expr) -> bool:
    """Whether a node has to stand in parentheses before a method can be called on it: ``5.real`` is no Python."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
        return not isinstance(node.value, bool)
    return not isinstance(node, _ATOMS)


def inside_strings(nodes: Iterable[ast.AST]) -> set[int]:
    """Return the lines that begin inside a string, where white space counts; the nodes are all of a tree."""
    strings = [node for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr)]
    return {line for node in strings for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)}


# --- the keywords of a call


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """Return the keyword of that name."""
    return next((given for given in call.keywords if given.arg == name), None)


def is_plain(call: ast.Call) -> bool:
    """Whether each argument is written out, so that its place says which one it is."""
    spread = any(isinstance(given, ast.Starred) for given in call.args) or any(not given.arg for given in call.keywords)
    return not spread and not any(isinstance(given, ast.GeneratorExp) for given in call.args)


def with_keyword(source: SourceText, call: ast.Call, name: str, value: str) -> Edit | None:
    """Return the edit that gives a keyword its value, behind the last argument if it is not there yet.

    ``None`` where it has no place: in parentheses with nothing but a comment, or that are a generator's own.
    """
    if given := keyword(call, name):
        return source.instead(given.value, value)
    close = source.end(call) - 1
    ends = [source.end(given) for given in _arguments(call)]
    if not ends:
        written = source.source[source.end(call.func) : close + 1]
        return Edit(close, close, f"{name}={value}") if _EMPTY.match(written) else None
    offset, separator = max(ends), ", "
    if offset > close:
        return None
    for place, sign in _signs(source.source, offset, close):
        offset, separator = place + 1, " " if sign == "," else separator
    return Edit(offset, offset, f"{separator}{name}={value}")


def without_keyword(source: SourceText, call: ast.Call, unwanted: ast.keyword) -> Edit:
    """Return the edit that takes a keyword out, with the comma that it needs no more."""
    text = source.source
    start, end = source.start(unwanted), source.end(unwanted)
    before = [source.end(given) for given in _arguments(call) if source.end(given) <= start]
    after = next((place for place, sign in _signs(text, end, source.end(call) - 1) if sign == ","), None)
    if after is not None:
        return _with_its_line(text, start, after + 1)
    if before:
        comma = next((place for place, sign in _signs(text, max(before), start) if sign == ","), None)
        if comma is not None and not text[comma + 1 : start].strip(" "):
            return Edit(comma, end, "")
    return Edit(start, end, "")


def toggled(source: SourceText, call: ast.Call, name: str, place: int, *, usual: bool) -> tuple[Edit | None, bool]:
    """Return the edit that gives an option the other value, and whether it has its unusual one now.

    ``place`` is where the option stands among the arguments without a name, ``usual`` its value where it is not given.
    """
    named = keyword(call, name)
    value = named.value if named else call.args[place] if len(call.args) > place else None
    true = not (isinstance(value, ast.Constant) and not value.value)
    unusual = value is not None and true != usual
    if value is None:
        return with_keyword(source, call, name, str(not usual)), unusual
    if unusual and named:
        return without_keyword(source, call, named), unusual
    return source.instead(value, str(usual if unusual else not usual)), unusual


def _arguments(call: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*call.args, *call.keywords]


def _with_its_line(source: str, start: int, end: int) -> Edit:
    """A keyword that has a line to itself takes the line along; else the blanks behind it."""
    while source[end : end + 1] == " ":
        end += 1
    line = max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) + 1
    ending = re.compile(r"\r\n|\r|\n").match(source, end)
    if ending and line and not source[line:start].strip():
        return Edit(line, ending.end(), "")
    return Edit(start, end, "")


def _signs(source: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """The closing parentheses and commas between two arguments; up to ``end``, without those in comments."""
    place = start
    while place < end:
        sign = source[place]
        if sign == "#":
            while place < end and source[place] not in "\r\n":
                place += 1
        elif sign in "),":
            yield place, sign
        elif not (sign.isspace() or sign == "\\"):
            return
        place += 1
