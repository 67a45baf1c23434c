"""Quiet panels in HTML: output, leaves, failure, an exercise's verdict; markupsafe escapes all texts in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import markupsafe
import streamlit as st

from ..facts import LeafRow
from ..facts.output import Output, OutputPiece
from ..facts.terms import meaning_of
from ..facts.text import visible
from ..source.line_changes import LineChange
from ..trace import Check, Failure, Verdict


class Markup(markupsafe.Markup):
    """HTML around texts of programs: what is formatted or joined into it is escaped, and none of it turns a line."""

    @classmethod
    def escape(cls, s: object, /) -> Markup:
        """Escape a text, of which every letter stands where it is read."""
        return cls(visible(str(markupsafe.escape(s))))


_KINDS = {
    "syntax": "Syntax error",
    "not_allowed": "Not available here",
    "timeout": "Stopped",
    "out_of_memory": "Out of memory",
    "crashed": "The program's process ended",
    "too_large": "Too large",
}


# What of a long line does not fit goes on below, further in than the line begins; a line far in begins as if here.
_DEEPEST = 12


def failure_panel(failure: Failure, *, hint: bool = True) -> None:
    """Say what went wrong: what it means here, PyTorch's own message and, as text, the hint of what would mend it."""
    kind = failure.error_type or _KINDS.get(failure.kind, "Error")
    where = f" on line {failure.line}" if failure.line is not None else ""
    # What it means here comes first, because there is little room; the message can be long.
    parts = [Markup("<b>{}</b>{}").format(kind, where)]
    if failure.explanation:
        parts.append(Markup('<div class="means">{}</div>').format(with_code(failure.explanation)))
    parts.append(Markup('<div class="message">{}</div>').format(failure.message))
    if failure.hint and hint:
        parts.append(Markup('<div class="al-note">Try this instead:</div><pre>{}</pre>').format(failure.hint))
    st.html(Markup('<div class="al-fail" role="alert" tabindex="0">{}</div>').format(joined(parts)))


def change_panel(changes: Sequence[LineChange]) -> Markup:
    """Return a change of a program: its lines as they are, struck out, and as they would be, each with its number."""
    rows, moved = [], 0
    for change in changes:
        for mark, sign, lines, first in (("del", "−", change.old, 0), ("ins", "+", change.new, moved)):
            rows += [
                Markup('<{0} style="--indent: {4}"><i>{1} {2}</i>{3}</{0}>').format(
                    mark, change.line + first + number, sign, line, min(len(line) - len(line.lstrip()), _DEEPEST)
                )
                for number, line in enumerate(lines)
            ]
        moved += len(change.new) - len(change.old)
    return Markup('<pre class="al-change" tabindex="0" aria-label="Change of the program">{}</pre>').format(
        joined(rows)
    )


def note_panel(text: str) -> None:
    """Say what to write instead. Plain text: a person's own words must not turn into markup."""
    st.html(Markup('<div class="al-tell" role="status">{}</div>').format(text))


def output_panel(output: Output) -> Markup:
    """Return what the program printed and showed, in order, and its warnings."""
    text = joined(map(_piece, output.pieces)) or Markup('<span class="al-note">The program printed nothing.</span>')
    tall = " al-pictures" if any(piece.kind == "picture" for piece in output.pieces) else ""
    cut = Markup('<div class="al-note">… the rest was cut.</div>') if output.cut else ""
    warned = joined(
        Markup('<div class="al-note">{}, line {}: {}</div>').format(w.category, w.line, w.message[:300])
        for w in output.warned
    )
    return panel("Printed", Markup('<pre class="al-out{}" tabindex="0">{}{}{}</pre>').format(tall, text, cut, warned))


def _piece(piece: OutputPiece) -> Markup:
    where = f"line {piece.line}" if piece.line is not None else ""
    match piece.kind:
        case "picture":
            return Markup('<img src="{}" alt="{}" title="{}">').format(piece.source, piece.text, where)
        case "error":
            return Markup('<span class="al-err" title="standard error, {}">{}</span>').format(where, piece.text)
        case "value":
            return Markup('<span class="al-value" title="{}">{}</span>').format(where, piece.text)
    return Markup.escape(piece.text)


def leaves_panel(rows: Sequence[LeafRow], *, stopped: bool = False) -> Markup:
    """Return the leaves and their ``.grad``; ``stopped`` says that the program did not come to its end."""
    if rows:
        row = Markup('<tr><td>{1}</td><td>{0.value}</td><td class="grad">{0.grad}</td><td>{0.added}</td></tr>')
        cells = joined(row.format(leaf, breakable(leaf.name)) for leaf in rows[:100])
        head = heads("leaf", "value", ".grad", "added last")
        longest = max(len(leaf.name) for leaf in rows[:100])
        body = Markup(
            '<div class="al-scroll" tabindex="0"><table class="al-table" style="--name: {}">{}{}</table></div>'
        ).format(longest, head, cells)
    else:
        nothing = "No leaf that requires a gradient was used"
        nothing += " before the program stopped." if stopped else ". Write requires_grad=True where one is made."
        body = Markup('<p class="al-out al-note" tabindex="0">{}</p>').format(nothing)
    return panel("Leaves at the end", body)


def verdict_panel(verdict: Verdict) -> None:
    """Show each check of an exercise: passed, or what was expected, what came and where to look; the first is open."""
    passed = sum(check.passed for check in verdict.checks)
    first = next((check for check in verdict.checks if not check.passed), None)
    # There is little room: what failed comes first.
    checks = sorted(verdict.checks, key=lambda check: check.passed)
    items = joined(_check(check, opened=check is first) for check in checks)
    head = "All checks pass" if verdict.solved else f"{passed} of {len(verdict.checks)} checks pass"
    kind = "solved" if verdict.solved else "unsolved"
    st.html(Markup('<div class="al-verdict {}" role="status"><b>{}</b><ul>{}</ul></div>').format(kind, head, items))


def _check(check: Check, *, opened: bool) -> Markup:
    if check.passed:
        return Markup('<li class="passed">{}</li>').format(check.title)
    where = f" (line {check.line})" if check.line is not None else ""
    return Markup(
        '<li class="failed"><details{opened}><summary>{title}{where}</summary>'
        "<dl><dt>expected</dt><dd>{expected}</dd><dt>came</dt><dd>{came}</dd></dl><p>{look_at}</p></details></li>"
    ).format(
        opened=" open" if opened else "",
        title=check.title,
        where=where,
        expected=check.expected,
        came=check.came,
        look_at=with_code(check.look_at),
    )


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return pieces of HTML in a row; plain texts among them are escaped."""
    return Markup(between).join(parts)


def breakable(name: str) -> Markup:
    """Return a name that is broken after one of its dots where it is too long."""
    return Markup(".<wbr>").join(name.split("."))


def heads(*words: str) -> Markup:
    """Return a table's row of heads; each explains itself to whoever points at it or reaches it with Tab."""
    return Markup("<tr>{}</tr>").format(joined(head(word, meaning_of(word)) for word in words))


def head(word: str, meaning: str) -> Markup:
    """Return the head of a column with what it means."""
    return Markup(
        '<th scope="col" tabindex="0" aria-description="{meaning}"><span class="al-asked">{word}</span>'
        '<span class="al-tip" aria-hidden="true">{meaning}</span></th>'
    ).format(word=word, meaning=meaning)


def with_code(text: str) -> Markup:
    """Escape a sentence and set its `names` as code."""
    plain = str(Markup.escape(text))  # re.sub would join the pieces of a Markup by its own, escaping, join
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", plain))


def panel(title: str, body: str) -> Markup:
    """Return a panel: a frame with a title above its body."""
    return Markup('<div class="al-panel"><div class="al-head">{}</div>{}</div>').format(title, body)
