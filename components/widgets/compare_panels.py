"""The Compare page's tables in HTML, two programs side by side. Everything that comes from a program is escaped."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from ..facts.compare.graphs import ChangedNodes, EdgeGroup, GraphComparison, NodeGroup
from ..facts.compare.results import Compared, Results
from ..facts.compare.verdict import Printed, PrintedLine, RunQuantity

_MOST_ROWS = 200
# The rows of the numbers: their titles, the attributes of their cells, and what stands in those.
_SIDES: tuple[tuple[str, str, Callable[[RunQuantity], str]], ...] = (
    ("left", "", lambda row: row.text(row.left)),
    ("right", "", lambda row: row.text(row.right)),
    ("right − left", ' class="grad"', lambda row: row.difference_text),
)
_MARKS = {"same": "=", "rounding": "≈", "different": "≠"}


def verdict_line(text: str, about: str = "") -> None:
    """Say the comparison in one line; ``about`` is what the change of the program does."""
    note = f'<div class="al-note">{html.escape(about.replace("`", ""))}</div>' if about else ""
    st.html(f'<div class="al-tell al-says" role="status"><b>{html.escape(text)}</b>{note}</div>')


def quantities_panel(rows: Iterable[RunQuantity]) -> None:
    """Show the numbers of both runs, a column for each, their difference, and where each was measured."""
    rows = tuple(rows)
    names = "".join(f'<th scope="col" title="{html.escape(row.measured)}">{row.name}</th>' for row in rows)
    cells = "".join(
        f'<tr><th scope="row">{title}</th>{"".join(f"<td{kind}>{text(row)}</td>" for row in rows)}</tr>'
        for title, kind, text in _SIDES
    )
    measured: dict[str, list[str]] = {}
    for row in rows:
        if row.unit != "count":
            measured.setdefault(row.measured, []).append(row.name)
    told = " · ".join(f"{', '.join(names)}: {html.escape(how)}" for how, names in measured.items())
    st.html(
        '<div class="al-panel"><div class="al-scroll"><table class="al-table al-pair al-across">'
        f'<tr><th scope="col">Numbers</th>{names}</tr>{cells}</table></div><p class="al-from al-note">{told}</p></div>'
    )


def graphs_panel(graphs: GraphComparison) -> None:
    """Say which nodes and edges only one graph has, and which nodes of both keep something else."""
    parts = [_only("left", graphs.left, graphs.left_edges), _only("right", graphs.right, graphs.right_edges)]
    changed = "".join(_changed(row) for row in graphs.changed[:_MOST_ROWS])
    if changed:
        head = _header("in both", "left", "right")
        parts.append(f'<table class="al-table al-pair al-thirds">{head}{changed}</table>')
    notes = "".join(f'<p class="al-out al-note">{html.escape(note)}</p>' for note in graphs.notes)
    body = "".join(parts) or '<p class="al-out al-note">The graphs have the same nodes and edges.</p>'
    st.html(f'{_head(f"Graphs: {graphs.text}")}<div class="al-scroll">{body}{notes}</div></div>')


def results_panel(title: str, rows: Sequence[Compared], notes: Sequence[str] = ()) -> None:
    """Show tensors or gradients of both sides with their largest difference."""
    counts = Counter(row.text for row in rows)
    said = " · ".join(f"{count:,} {word}" for word, count in counts.items())
    cells = "".join(_compared(row) for row in rows[:_MOST_ROWS])
    more = len(rows) - _MOST_ROWS
    cut = f'<p class="al-out al-note">and {more:,} more.</p>' if more > 0 else ""
    head = _header("", "left", "right", "", "max |left − right|", "")
    table = f'<table class="al-table al-pair al-sixths">{head}{cells}</table>' if rows else ""
    nothing = "" if rows else '<p class="al-out al-note">None on either side.</p>'
    told = "".join(f'<p class="al-out al-note">{html.escape(note)}</p>' for note in notes)
    st.html(
        f'{_head(title + (f": {said}" if said else ""))}<div class="al-scroll">{table}{nothing}{cut}{told}</div></div>'
    )


def printed_panel(printed: Printed) -> None:
    """Show what both printed, lines that only one side has marked with ≠."""
    if not printed.left and not printed.right:
        st.html(f'<p class="al-panel al-from al-note">{html.escape(f"Printed: {printed.text}")}</p>')
        return
    sides = "".join(f'<pre class="al-out">{_lines(lines)}</pre>' for lines in (printed.left, printed.right))
    cut = '<p class="al-out al-note">The rest is not shown.</p>' if printed.cut else ""
    st.html(f'{_head(f"Printed: {printed.text}")}<div class="al-twice">{sides}</div>{cut}</div>')


def results_panels(results: Results) -> None:
    """Show the gradients, which the page is about, above the tensors."""
    results_panel("Gradients", results.gradients)
    results_panel("Last values of tensors", results.tensors, results.notes)


def _only(side: str, nodes: Sequence[NodeGroup], edges: Sequence[EdgeGroup]) -> str:
    if not nodes and not edges:
        return ""
    rows = [
        f'<tr><th scope="row">{html.escape(one.text)}</th><td>{html.escape(one.where)}</td>'
        f"<td>{html.escape(one.code[:90])}</td></tr>"
        for one in nodes[:_MOST_ROWS]
    ]
    rows += [
        f'<tr><th scope="row">{html.escape(edge.text)}</th><td>edge</td><td>{_between(edge.lines)}</td></tr>'
        for edge in edges[:_MOST_ROWS]
    ]
    more = len(nodes) + len(edges) - len(rows)
    rows += [f'<tr><th scope="row">and {more:,} more</th><td></td><td></td></tr>'] if more else []
    return f'<table class="al-table al-pair al-thirds">{_header(f"only on the {side}", "", "")}{"".join(rows)}</table>'


def _between(lines: tuple[int | None, int | None]) -> str:
    one, other = ("?" if line is None else str(line) for line in lines)
    return f"line {one}" if one == other else f"from line {one} to line {other}"


def _changed(row: ChangedNodes) -> str:
    one, other = row.lines
    where = f"line {one}" if one == other else f"line {one}, right {other}"
    return (
        f'<tr><th scope="row">{html.escape(row.text)} <span class="al-note">{where}</span></th>'
        f"<td>{html.escape(row.left)}</td><td>{html.escape(row.right)}</td></tr>"
    )


def _compared(row: Compared) -> str:
    mark = _MARKS.get(row.state, "")
    kind = "differs" if row.state == "different" else "agrees"
    return (
        f'<tr class="{kind}"><th scope="row">{html.escape(row.name)}</th><td>{html.escape(row.left)}</td>'
        f'<td>{html.escape(row.right)}</td><td class="state"><b>{mark}</b> {row.text}</td>'
        f'<td>{row.largest_text}</td><td class="from">{html.escape(row.note)}</td></tr>'
    )


def _lines(lines: Sequence[PrintedLine]) -> str:
    if not lines:
        return '<span class="al-note">nothing</span>'
    told = (f"{' ' if line.same else '≠'} {html.escape(line.text)}" for line in lines)
    return "\n".join(text if line.same else f"<b>{text}</b>" for text, line in zip(told, lines, strict=True))


def _header(*words: str) -> str:
    cells = "".join(f'<th scope="col">{word}</th>' for word in words)
    return f"<tr>{cells}</tr>"


def _head(title: str) -> str:
    return f'<div class="al-panel"><div class="al-head">{html.escape(title)}</div>'
