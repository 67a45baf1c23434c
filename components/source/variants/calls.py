"""Keywords of a call, added, removed and changed in the text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .changes import Edit
from .reading import Code

_EMPTY = re.compile(r"\)*\s*\(\s*\)\Z")


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """Return the keyword of that name."""
    return next((one for one in call.keywords if one.arg == name), None)


def is_plain(call: ast.Call) -> bool:
    """Whether each argument is written out, so that its place says which one it is."""
    spread = any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
    return not spread and not any(isinstance(one, ast.GeneratorExp) for one in call.args)


def with_keyword(code: Code, call: ast.Call, text: str) -> Edit | None:
    """Return the edit that adds ``text``, such as ``retain_graph=True``, behind the last argument."""
    end = code.end(call) - 1
    ends = [code.end(one) for one in _arguments(call)]
    if not ends:
        written = code.source[code.end(call.func) : end + 1]
        return Edit(end, end, text) if _EMPTY.match(written) else None
    place, lead = max(ends), ", "
    for offset, sign in _signs(code.source, place, end):
        place, lead = offset + 1, " " if sign == "," else lead
    return Edit(place, place, lead + text)


def without_keyword(code: Code, call: ast.Call, unwanted: ast.keyword) -> Edit:
    """Return the edit that takes a keyword out, with the comma that it needs no more."""
    source = code.source
    start, end = code.start(unwanted), code.end(unwanted)
    before = [code.end(one) for one in _arguments(call) if code.end(one) <= start]
    after = next((offset for offset, sign in _signs(source, end, code.end(call) - 1) if sign == ","), None)
    if after is not None:
        return _with_its_line(source, start, after + 1)
    if before:
        comma = next((offset for offset, sign in _signs(source, max(before), start) if sign == ","), None)
        if comma is not None and not source[comma + 1 : start].strip(" "):
            return Edit(comma, end, "")
    return Edit(start, end, "")


def toggled(code: Code, call: ast.Call, name: str, place: int, *, usual: bool) -> tuple[Edit | None, bool]:
    """Return the edit that gives an option the other value, and whether it has its unusual one now.

    ``place`` is where the option stands among the arguments without a name, ``usual`` its value where it is not given.
    """
    named = keyword(call, name)
    value = named.value if named else call.args[place] if len(call.args) > place else None
    true = not (isinstance(value, ast.Constant) and not value.value)
    unusual = value is not None and true != usual
    if value is None:
        return with_keyword(code, call, f"{name}={not usual}"), unusual
    if unusual and named:
        return without_keyword(code, call, named), unusual
    return Edit(code.start(value), code.end(value), str(usual if unusual else not usual)), unusual


def _with_its_line(source: str, start: int, end: int) -> Edit:
    """A keyword that has a line to itself takes the line along; else the blanks behind it."""
    while source[end : end + 1] == " ":
        end += 1
    line = max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) + 1
    ending = re.compile(r"\r\n|\r|\n").match(source, end)
    if ending and line and not source[line:start].strip():
        return Edit(line, ending.end(), "")
    return Edit(start, end, "")


def _arguments(call: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*call.args, *call.keywords]


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
