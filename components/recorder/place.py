"""Where a training is recorded: the file or notebook cell that asked for it, its text, and its functions that run."""

from __future__ import annotations

import ast
import linecache
import os
from dataclasses import dataclass
from types import FrameType

from ..capture.names import program_frames, weak_names
from ..source import SourceLimits, parse

_CUT = "# (the rest is longer than what the Lab reads)\n"


@dataclass(frozen=True)
class Place:
    """``file`` is its name as Python has it, ``line`` that of the ``with``, ``weak`` the names of loops' variables.

    A script that is recorded as it is has no ``with``.
    """

    file: str
    line: int | None
    text: str
    weak: frozenset[str]

    @property
    def name(self) -> str:
        """What to call it."""
        name = os.path.basename(self.file)
        return name if os.path.exists(self.file) and "ipykernel" not in self.file else "notebook cell"

    def frames(self) -> list[tuple[FrameType, int]]:
        """Return its functions that run, outermost first, each with its line; the one that asked is at its ``with``."""
        running = list(program_frames())[::-1]
        lines = [self.line or frame.f_lineno if frame is running[0] else frame.f_lineno for frame in running]
        return list(zip(running, lines, strict=True))


def place_of(file: str, line: int | None) -> Place:
    """Return the place with this file name; what is no Python, as a cell with ``%magic``, has no loops that we know."""
    text = _bounded("".join(linecache.getlines(file)), SourceLimits().max_chars)
    try:
        tree: ast.AST = parse(text).tree
    except Exception:
        tree = ast.Module([], [])
    return Place(file, line, text, weak_names(tree))


def _bounded(text: str, most: int) -> str:
    """Return the whole lines that fit."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= most:
        return text
    return text[: text.rfind("\n", 0, most - len(_CUT)) + 1] + _CUT
