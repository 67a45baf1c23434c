"""Changes a text in a few places and leaves the rest as it was typed."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Edit(NamedTuple):
    """Put ``text`` in the place of the bytes from ``start`` to ``end`` of a line; lines count from 1, bytes from 0."""

    line: int
    start: int
    end: int
    text: str


def apply(text: str, edits: list[Edit]) -> str:
    """Return the text with the edits made; of two at one place, the first of the list stands first."""
    lines = [line.encode() for line in text.split("\n")]
    for _, edit in sorted(enumerate(edits), key=lambda item: (item[1].line, item[1].start, item[0]), reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.start] + edit.text.encode() + line[edit.end :]
    return b"\n".join(lines).decode()


def indent(text: str, tree: ast.Module) -> str:
    """Return the text four spaces further in, apart from lines that begin inside a string."""
    inside = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.split("\n"), start=1)
    return "\n".join(f"    {line}" if line.strip() and number not in inside else line for number, line in lines)
