"""Source text to code that asks before it touches an attribute.

It runs in the worker's child process: a text can be nested so deeply that parsing it ends the interpreter.
"""

from __future__ import annotations
import __future__

import ast
import re
import warnings
from types import CodeType

from components.language.errors import SourceTooLarge
from components.language.limits import PROGRAM_FILENAME, SourceLimits
from components.language.line_marks import mark_lines
from components.language.transformer import LessonPolicy

_DEFAULT_LIMITS = SourceLimits()
_ANNOTATIONS_AS_TEXT = __future__.annotations.compiler_flag
# Enough of these in a row exhaust the parser's own stack.
_LONG_PREFIX = re.compile(r"(?:[-+~(\[{]\s*|not\s+|lambda\s*:\s*){300,}")


def compile_program(source: str, limits: SourceLimits = _DEFAULT_LIMITS, *, marked: bool = False) -> CodeType:
    """Return the program's code, whose frames carry the file name ``PROGRAM_FILENAME`` and true line numbers.

    ``marked`` code tells which line runs through the calls of ``line_marks``.

    Raises:
        SyntaxError: Python's own, with its line.
        NotAllowed: the first construct or name that is not available, with its line.
        SourceTooLarge: too long or nested too deeply.
    """
    source = source.removeprefix("\ufeff")
    if "\0" in source:
        line = source.partition("\0")[0].count("\n") + 1
        raise SyntaxError("source code cannot contain null bytes", (PROGRAM_FILENAME, line, None, None))
    _check_size(source, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(source, PROGRAM_FILENAME, "exec")
            _check_nesting(tree, limits)
            policy = LessonPolicy()
            tree = policy.visit(tree)
            if policy.refusals:
                raise min(policy.refusals, key=lambda refusal: refusal.line or 0)
            if marked:
                tree = mark_lines(tree)
            ast.fix_missing_locations(tree)
            code: CodeType = compile(tree, PROGRAM_FILENAME, "exec", flags=_ANNOTATIONS_AS_TEXT, dont_inherit=True)
            return code
    except (RecursionError, MemoryError):
        raise SourceTooLarge("The program is nested too deeply.") from None
    except ValueError as problem:
        raise SyntaxError(str(problem), (PROGRAM_FILENAME, 1, None, None)) from None


def _check_size(source: str, limits: SourceLimits) -> None:
    if len(source) > limits.max_chars:
        raise SourceTooLarge(f"The program has {len(source):,} characters; {limits.max_chars:,} are allowed.")
    lines = source.count("\n") + 1
    if lines > limits.max_lines:
        raise SourceTooLarge(f"The program has {lines:,} lines; {limits.max_lines:,} are allowed.")
    if _LONG_PREFIX.search(source):
        raise SourceTooLarge("The program is nested too deeply.")


def _check_nesting(tree: ast.AST, limits: SourceLimits) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(limits.max_nesting):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise SourceTooLarge(f"The program is nested more than {limits.max_nesting} levels deep.")
