"""The program's text cut into coloured pieces, line by line: all that is known here of Pygments."""

from __future__ import annotations

from typing import Any

from pygments import lex
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Number, String

_CLASSES: tuple[tuple[Any, str], ...] = ((Keyword, "k"), (String, "s"), (Number, "m"), (Comment, "c"))


def code_tokens(source: str) -> list[list[tuple[str, str]]]:
    """Return the program's lines as pairs of a word for the style sheet (empty for plain) and a text."""
    lines: list[list[tuple[str, str]]] = [[]]
    for kind, text in lex(source.rstrip(), PythonLexer(stripnl=False, ensurenl=False)):
        css = next((name for token, name in _CLASSES if kind in token), "")
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append([])
            if part:
                lines[-1].append((css, part))
    return lines
