"""What a program printed and showed, in the order in which it came: pieces of text, pictures, values, standard error.

The pages and the one-file player show the same pieces. Texts are as a terminal leaves them: what a carriage return goes
back over (a progress bar) is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from urllib.parse import quote

from ..trace import Display, Trace, Warned

STDERR = "application/vnd.jupyter.stderr"
PieceKind = Literal["printed", "error", "value", "picture"]
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_LONGEST_WORD = 80
_MOST_WARNED = 5


@dataclass(frozen=True)
class OutputPiece:
    """One piece: its text, for a picture what it is in words, and the address of its data (``data:...``)."""

    kind: PieceKind
    text: str
    line: int | None = None
    source: str = ""


@dataclass(frozen=True)
class Output:
    """Everything that a program printed and showed, whether the rest was ``cut``, and its first warnings."""

    pieces: tuple[OutputPiece, ...]
    cut: bool
    warned: tuple[Warned, ...]


def output_of(trace: Trace) -> Output:
    """Return what a program printed and showed."""
    return Output(tuple(_pieces(trace)), trace.stdout_truncated, tuple(trace.warnings[:_MOST_WARNED]))


def _pieces(trace: Trace) -> Iterator[OutputPiece]:
    printed = 0
    for (at, mime), displays in groupby(sorted(trace.displays, key=_place), key=lambda one: (one.at, one.mime)):
        if at > printed:
            yield OutputPiece("printed", as_terminal(trace.stdout[printed:at]))
            printed = at
        together = list(displays)
        if mime == STDERR:  # what several lines wrote over each other, as a progress bar does
            yield OutputPiece("error", as_terminal("".join(one.text for one in together)), together[-1].line)
        else:
            yield from map(piece, together)
    if printed < len(trace.stdout):
        yield OutputPiece("printed", as_terminal(trace.stdout[printed:]))


def _place(display: Display) -> int:
    return display.at


def piece(display: Display) -> OutputPiece:
    """Return a picture or a value as a piece."""
    if display.mime == "text/plain":
        return OutputPiece("value", as_terminal(display.text), display.line)
    return OutputPiece("picture", display.text, display.line, picture_address(display))


def picture_address(display: Display) -> str:
    """Return the address of a picture's own data. An image element runs no script, also of an SVG."""
    if display.mime == "image/png":
        return f"data:image/png;base64,{display.data}"
    return f"data:image/svg+xml,{quote(display.data)}"


def in_words(display: Display) -> str:
    """Return a display in a few words, for a chip beside its line."""
    if display.data:
        return "shows a figure"
    text = as_terminal(display.text).strip("\n")
    return text if display.mime == "text/plain" else text[-_LONGEST_WORD:]


def as_terminal(text: str) -> str:
    """Return what a terminal shows of a text: no colours, and of a line that was written over its last state."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" not in text:
        return text
    return "\n".join(_written_over(line) for line in text.replace("\r\n", "\n").split("\n"))


def _written_over(line: str) -> str:
    parts = line.split("\r")
    shown = parts.pop()
    for part in reversed(parts):  # what was longer sticks out
        if len(part) > len(shown):
            shown += part[len(shown) :]
    return shown
