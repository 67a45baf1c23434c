"""The program, line by line, with what each line made and printed beside it."""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from pygments import lex
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Number, String

from components.figures.text import tensor_text
from components.trace import Trace

_MOST_CHIPS = 3
_LONGEST = 42
_CLASSES: tuple[tuple[Any, str], ...] = ((Keyword, "k"), (String, "s"), (Number, "m"), (Comment, "c"))


@dataclass(frozen=True)
class Listed:
    """One line: its text, how often it ran, ``made`` and ``printed`` the last time, and its marks."""

    number: int
    text: str
    runs: int
    made: tuple[str, ...]
    printed: str
    backward: bool
    failed: bool


def listing(trace: Trace) -> list[Listed]:
    """Return the program's lines with what is known of each."""
    tensors = {tensor.id: tensor for tensor in trace.tensors}
    runs: defaultdict[int, int] = defaultdict(int)
    made: dict[int, tuple[str, ...]] = {}
    printed: defaultdict[int, str] = defaultdict(str)
    for step in trace.steps:
        runs[step.line] += 1
        if step.variables:
            made[step.line] = tuple(
                f"{name} = {tensor_text(tensors[value], 28) if value in tensors else value}"
                for name, value in list(step.variables.items())[:_MOST_CHIPS]
            )
        printed[step.line] = trace.stdout[slice(*step.stdout)] or printed[step.line]
    backwards = {backward.line for backward in trace.backwards if not backward.internal}
    failed = trace.failure.line if trace.failure is not None else None
    return [
        Listed(
            number=number,
            text=text,
            runs=runs[number],
            made=made.get(number, ()),
            printed=printed[number].rstrip("\n"),
            backward=number in backwards,
            failed=number == failed,
        )
        for number, text in enumerate(trace.program.source.rstrip().split("\n"), start=1)
    ]


def listing_html(lines: list[Listed], selected: int | None = None) -> str:
    """Return the listing as HTML; ``selected`` is the line to mark. Everything from the program is escaped."""
    code = _coloured("\n".join(line.text for line in lines))
    rows = []
    for line, text in zip(lines, code, strict=False):
        marks = " ".join(
            word
            for word, is_so in (("now", line.number == selected), ("bad", line.failed), ("back", line.backward))
            if is_so
        )
        chips = "".join(f'<span class="made">{_short(chip)}</span>' for chip in line.made)
        if line.printed:
            chips += f'<span class="out">{_short(line.printed)}</span>'
        runs = f'<span class="runs">× {line.runs}</span>' if line.runs > 1 else ""
        rows.append(
            f'<div class="row {marks}"><span class="no">{line.number}</span>'
            f'<span class="rest"><code>{text or " "}</code><span class="chips">{runs}{chips}</span></span></div>'
        )
    return f'<div class="al-listing" role="list">{"".join(rows)}</div>'


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


def _short(text: str) -> str:
    one_line = " ⏎ ".join(text.split("\n"))
    return html.escape(one_line if len(one_line) <= _LONGEST else one_line[: _LONGEST - 1] + "…")


def _coloured(source: str) -> list[str]:
    pieces = []
    for kind, text in lex(source, PythonLexer(stripnl=False, ensurenl=False)):
        css = next((name for token, name in _CLASSES if kind in token), "")
        for index, part in enumerate(text.split("\n")):
            pieces.append("\n" * (index > 0))
            pieces.append(f'<span class="{css}">{html.escape(part)}</span>' if css and part else html.escape(part))
    return "".join(pieces).split("\n")
