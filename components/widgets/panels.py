"""Quiet panels in HTML: output, leaves, failure. Everything that comes from a program is escaped."""

from __future__ import annotations

import html
import re

import streamlit as st

from ..facts import LeafRow
from ..facts.output import Piece, shown_pieces
from ..trace import Check, Failure, Trace, Verdict

_KINDS = {
    "syntax": "Syntax error",
    "not_allowed": "Not available here",
    "timeout": "Stopped",
    "out_of_memory": "Out of memory",
    "crashed": "The program's process ended",
    "too_large": "Too large",
}


def failure_panel(failure: Failure) -> None:
    """Say what went wrong: PyTorch's own message, what it means here, and the line that fixes it."""
    kind = failure.error_type or _KINDS.get(failure.kind, "Error")
    where = f" on line {failure.line}" if failure.line is not None else ""
    parts = [f"<b>{html.escape(kind)}</b>{where}", f'<div class="message">{html.escape(failure.message)}</div>']
    if failure.explanation:
        parts.append(f"<div>{_with_code(failure.explanation)}</div>")
    if failure.hint:
        parts.append(f'<div class="al-note">Try this instead:</div><pre>{html.escape(failure.hint)}</pre>')
    st.html(f'<div class="al-fail" role="alert">{"".join(parts)}</div>')


def note_panel(text: str) -> None:
    """Say what to write instead. Plain text: a person's own words must not turn into markup."""
    st.html(f'<div class="al-tell" role="status">{html.escape(text)}</div>')


def output_panel(trace: Trace) -> None:
    """Show what the program printed and showed, in order, and its warnings."""
    pieces = shown_pieces(trace)
    text = "".join(map(_piece, pieces)) or '<span class="al-note">The program printed nothing.</span>'
    tall = " al-pictures" if any(one.kind == "picture" for one in pieces) else ""
    cut = '<div class="al-note">… the rest was cut.</div>' if trace.stdout_truncated else ""
    warned = "".join(
        f'<div class="al-note">{html.escape(w.category)}, line {w.line}: {html.escape(w.message[:300])}</div>'
        for w in trace.warnings[:5]
    )
    st.html(f'{_head("Printed")}<pre class="al-out{tall}">{text}{cut}{warned}</pre></div>')


def _piece(piece: Piece) -> str:
    text = html.escape(piece.text)
    where = f"line {piece.line}" if piece.line is not None else ""
    match piece.kind:
        case "picture":
            return f'<img src="{html.escape(piece.source)}" alt="{text}" title="{where}">'
        case "error":
            return f'<span class="al-err" title="standard error, {where}">{text}</span>'
        case "value":
            return f'<span class="al-value" title="{where}">{text}</span>'
    return text


def leaves_panel(rows: list[LeafRow]) -> None:
    """Show the leaves and their ``.grad``."""
    if not rows:
        body = '<p class="al-out al-note">No leaf requires a gradient. Write requires_grad=True where one is made.</p>'
    else:
        cells = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(text)}</td>" for text in (row.name, row.value))
            + f'<td class="grad">{html.escape(row.grad)}</td><td>{html.escape(row.added)}</td></tr>'
            for row in rows[:100]
        )
        head = "<tr><th>leaf</th><th>value</th><th>.grad</th><th>added last</th></tr>"
        body = f'<div class="al-scroll"><table class="al-table">{head}{cells}</table></div>'
    st.html(f"{_head('Leaves')}{body}</div>")


def verdict_panel(verdict: Verdict) -> None:
    """Show each check of an exercise: passed, or what was expected, what came and where to look; the first is open."""
    passed = sum(check.passed for check in verdict.checks)
    first = next((check for check in verdict.checks if not check.passed), None)
    items = "".join(_check(check, opened=check is first) for check in verdict.checks)
    head = "All checks pass" if verdict.solved else f"{passed} of {len(verdict.checks)} checks pass"
    kind = "solved" if verdict.solved else "unsolved"
    st.html(f'<div class="al-verdict {kind}" role="status"><b>{head}</b><ul>{items}</ul></div>')


def _check(check: Check, *, opened: bool) -> str:
    title = html.escape(check.title)
    if check.passed:
        return f'<li class="passed">{title}</li>'
    rows = [("expected", check.expected), ("came", check.came)]
    cells = "".join(f"<dt>{word}</dt><dd>{html.escape(text)}</dd>" for word, text in rows)
    where = f" (line {check.line})" if check.line is not None else ""
    found = f"<dl>{cells}</dl><p>{_with_code(check.look_at)}</p>"
    summary = f"<summary>{title}{where}</summary>"
    return f'<li class="failed"><details{" open" if opened else ""}>{summary}{found}</details></li>'


def _with_code(text: str) -> str:
    """Escape a sentence and set its `names` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _head(title: str) -> str:
    return f'<div class="al-panel"><div class="al-head">{html.escape(title)}</div>'
