"""A program's text to the code that runs: Python's own, and for an observer what a cell's last value needs.

In programs with cells (``# %%``) the value of a cell's last expression is shown, as a notebook does: the expression
becomes the argument of ``VALUE``, a function that the observer puts among Python's built-in ones. Code that is
``marked`` tells which line runs (``line_marks``) and shows nothing.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from types import CodeType

from .line_marks import mark_lines
from .parsing import PROGRAM_FILENAME, LeftOut, Parsed, SourceLimits, SourceTooLarge, parse

VALUE = "__value_of_cell__"
_DEFAULT_LIMITS = SourceLimits()


@dataclass(frozen=True)
class Compiled:
    """Code whose frames carry the file name ``PROGRAM_FILENAME`` and the program's own lines; what was left out."""

    code: CodeType
    tree: ast.Module
    text: str
    left_out: tuple[LeftOut, ...]
    cells: tuple[int, ...]


def compile_program(source: str, limits: SourceLimits = _DEFAULT_LIMITS, *, marked: bool = False) -> Compiled:
    """Compile a program.

    Raises:
        SyntaxError: Python's own, with its line.
        SourceTooLarge: too long or nested too deeply.
    """
    parsed = parse(source, limits)
    if marked:
        ast.fix_missing_locations(mark_lines(parsed.tree))
    elif parsed.cells:
        _show_values(parsed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(parsed.tree, PROGRAM_FILENAME, "exec", dont_inherit=True)
    except (RecursionError, MemoryError):
        raise SourceTooLarge("The program is nested too deeply.") from None
    return Compiled(code, parsed.tree, parsed.text, parsed.left_out, parsed.cells)


def _show_values(parsed: Parsed) -> None:
    """Hand the value of each cell's last expression to ``VALUE``, unless a semicolon ends it as in a notebook."""
    body, lines = parsed.tree.body, parsed.text.split("\n")
    ends = [*parsed.cells, len(lines) + 1]
    for place, statement in enumerate(body):
        following = body[place + 1].lineno if place + 1 < len(body) else len(lines) + 1
        last = statement.end_lineno or statement.lineno
        closes = any(last < marker <= following for marker in ends)
        if closes and isinstance(statement, ast.Expr) and not _is_silenced(lines[last - 1], statement):
            call = ast.Call(ast.Name(VALUE, ast.Load()), [statement.value], [])
            for node in (call, call.func):
                ast.copy_location(node, statement.value)
            statement.value = call


def _is_silenced(line: str, statement: ast.Expr) -> bool:
    rest = line.encode()[statement.end_col_offset or 0 :].decode(errors="replace").partition("#")[0]
    return rest.strip().startswith(";")
