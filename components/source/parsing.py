"""The one door through which a program's text is parsed, in whichever process: measured first, then read by Python.

Python's parser recurses in C and its trees are large, so a text is bounded before it is read: its length, its lines,
and whatever nests. What notebooks have beside Python (``%magic``, ``!command``, ``name?``, whole ``%%bash`` cells) is
left out, line by line, and told; the lines that remain keep their numbers.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

import msgspec

PROGRAM_FILENAME = "<program>"
# Enough of these in a row exhaust the parser's own stack.
_LONG_PREFIX = re.compile(r"(?:[-+~(\[{]\s*|not\s+|lambda\s*:\s*){300,}")
# Without the white space before it; each part can be matched in one way only, so that no line takes long.
_COMMAND = re.compile(r"(?:\w[\w., \t]*=[ \t]*)?(?:%{1,2}[ \t]*[A-Za-z]|!|\?)|[\w.*%]+\?{1,2}$")
_CELL = re.compile(r"^# ?%%|^# In ?\[[ \d]*\]")
# Cell magics after which Python follows; what follows any other one is in another language.
_OF_PYTHON = re.compile(r"^%%(?:time|timeit|capture|prun|python3?|pypy)\b")
# So many are taken out one by one; where there are more, all lines that look like one go at once.
_ONE_BY_ONE, _MOST_READINGS = 5, 10
_NO_CHARACTER = "source code cannot contain null bytes or halves of surrogate pairs"


class SourceTooLarge(Exception):
    """The text is longer or nested deeper than is allowed; the message says which and by how much."""


class SourceLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds on source text: characters, lines, and levels of nesting in its syntax tree."""

    max_chars: int = 50_000
    max_lines: int = 3_000
    max_nesting: int = 200


@dataclass(frozen=True)
class LeftOut:
    """A line of a notebook that is no Python: its number, and its text."""

    line: int
    text: str


@dataclass(frozen=True)
class Parsed:
    """A program that Python can read: its text without what was ``left_out``, its tree, and where its cells begin.

    ``cells`` are the lines of the cells' markers (``# %%``); a program without markers has none.
    """

    text: str
    tree: ast.Module
    left_out: tuple[LeftOut, ...]
    cells: tuple[int, ...]


_DEFAULT_LIMITS = SourceLimits()


def parse(source: str, limits: SourceLimits = _DEFAULT_LIMITS, *, commands: bool = True) -> Parsed:
    """Read a program, with notebooks' ``commands`` in it or, for who needs every line, without.

    Raises:
        SyntaxError: Python's own, with its line.
        SourceTooLarge: too long or nested too deeply.
    """
    # As Python reads a file: without the mark of its encoding, and with one kind of line end.
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in source:
        line = source.partition("\0")[0].count("\n") + 1
        raise SyntaxError(_NO_CHARACTER, (PROGRAM_FILENAME, line, None, None))
    check_size(source, limits)
    try:
        text, tree, left_out = _without_commands(source) if commands else (source, _read(source), [])
        _check_nesting(tree, limits)
    except (RecursionError, MemoryError):
        raise SourceTooLarge("The program is nested too deeply.") from None
    except UnicodeEncodeError as problem:
        line = source[: problem.start].count("\n") + 1
        raise SyntaxError(_NO_CHARACTER, (PROGRAM_FILENAME, line, None, None)) from None
    cells = tuple(number for number, line in enumerate(text.split("\n"), 1) if _CELL.match(line))
    return Parsed(text, tree, tuple(left_out), cells)


def parse_expression(text: str) -> ast.expr:
    """Read one short expression; raises ``SyntaxError``, and ``SourceTooLarge``."""
    check_size(text)
    try:
        return ast.parse(text, PROGRAM_FILENAME, mode="eval").body
    except (RecursionError, MemoryError):
        raise SourceTooLarge("The expression is nested too deeply.") from None
    except ValueError:
        raise SyntaxError(_NO_CHARACTER, (PROGRAM_FILENAME, 1, None, None)) from None


def check_size(source: str, limits: SourceLimits = _DEFAULT_LIMITS) -> None:
    """Raise ``SourceTooLarge`` if a text is not even to be parsed."""
    if len(source) > limits.max_chars:
        raise SourceTooLarge(f"The program has {len(source):,} characters; {limits.max_chars:,} are allowed.")
    lines = source.count("\n") + 1
    if lines > limits.max_lines:
        raise SourceTooLarge(f"The program has {lines:,} lines; {limits.max_lines:,} are allowed.")
    if _LONG_PREFIX.search(source):
        raise SourceTooLarge("The program is nested too deeply.")


def _read(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, PROGRAM_FILENAME)


def _without_commands(source: str) -> tuple[str, ast.Module, list[LeftOut]]:
    """Take out notebooks' commands, but only where Python itself stumbles over one: a text may hold lines like them."""
    text, left_out, first = source, list[LeftOut](), None
    for reading in range(_MOST_READINGS):
        try:
            return text, _read(text), left_out
        except SyntaxError as error:
            first = first or error
            line = error.lineno or 0
            if line in {left.line for left in left_out}:
                raise first from None  # it was none: without it Python stumbles at the same place
            found = _command_at(text, line)
            if not found:
                raise
            text = _put_out(text, found, left_out)
            if reading >= _ONE_BY_ONE:
                for number in range(line + 1, text.count("\n") + 2):
                    text = _put_out(text, _command_at(text, number), left_out)
    raise first or SyntaxError("too many lines that are no Python", (PROGRAM_FILENAME, 1, None, None))


def _put_out(text: str, numbers: list[int], left_out: list[LeftOut]) -> str:
    """Replace the first of some lines by ``pass``, which a block may need, and empty the others."""
    if not numbers:
        return text
    lines = text.split("\n")
    for number in numbers:
        line = lines[number - 1]
        left_out.append(LeftOut(number, line.strip()))
        lines[number - 1] = f"{line[: len(line) - len(line.lstrip())]}pass" if number == numbers[0] else ""
    return "\n".join(lines)


def _command_at(text: str, number: int) -> list[int]:
    """Return the lines of the command that a syntax error at line ``number`` is about, none if it is about another."""
    lines = text.split("\n")
    if not 0 < number <= len(lines) or not _COMMAND.match(lines[number - 1].strip()):
        return []
    line = lines[number - 1]
    if line.startswith("%%") and not _OF_PYTHON.match(line):
        ends = (place for place in range(number, len(lines)) if _CELL.match(lines[place]))
        return list(range(number, next(ends, len(lines)) + 1))
    last = number
    while lines[last - 1].rstrip().endswith("\\") and last < len(lines):
        last += 1
    return list(range(number, last + 1))


def _check_nesting(tree: ast.AST, limits: SourceLimits) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(limits.max_nesting):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise SourceTooLarge(f"The program is nested more than {limits.max_nesting} levels deep.")
