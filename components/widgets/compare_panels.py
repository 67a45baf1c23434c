"""The Compare page's tables in HTML, two programs side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from ..facts.compare import Printed, PrintedLine, RunQuantity
from ..facts.compare.drift import Drift, Drifts
from ..facts.compare.graphs import ChangedNodes, EdgeGroup, GraphComparison, NodeGroup
from ..facts.compare.results import Compared, Results
from ..facts.terms import meaning_of
from .panels import Markup, breakable, head, heads, joined, panel

_MOST_ROWS = 200
# Rows above the first number that is far apart, where the table does not begin with the first.
_BEFORE = 30
# The rows of the numbers: their titles, the attributes of their cells, and what stands in those.
_SIDES: tuple[tuple[str, Markup, Callable[[RunQuantity], str]], ...] = (
    ("left", Markup(""), lambda row: row.text(row.left)),
    ("right", Markup(""), lambda row: row.text(row.right)),
    ("right − left", Markup(' class="grad"'), lambda row: row.difference_text),
)
_MARKS = {"same": "=", "rounding": "≈", "different": "≠"}
_NOTE = Markup('<p class="al-out al-note">{}</p>')
_ROW = Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>')
_THIRDS = Markup('<table class="al-table al-pair al-thirds">{}{}</table>')
_SCROLLED = Markup('<div class="al-scroll" tabindex="0">{}</div>')


def verdict_line(text: str, about: str = "") -> None:
    """Say the comparison in one line; ``about`` is what the change of the program does."""
    note = Markup('<div class="al-note">{}</div>').format(about.replace("`", "")) if about else ""
    st.html(Markup('<div class="al-tell al-says" role="status"><b>{}</b>{}</div>').format(text, note))


def quantities_panel(rows: Iterable[RunQuantity]) -> None:
    """Show the numbers of both runs, a column for each, their difference, and where each was measured."""
    rows = tuple(rows)
    names = joined(head(row.name, f"{meaning_of(row.name)} Here: {row.measured}.") for row in rows)
    cells = joined(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            title, joined(Markup("<td{}>{}</td>").format(attributes, text(row)) for row in rows)
        )
        for title, attributes, text in _SIDES
    )
    measured: dict[str, list[str]] = {}
    for row in rows:
        if row.unit != "count":
            measured.setdefault(row.measured, []).append(row.name)
    told = " · ".join(f"{', '.join(names)}: {how}" for how, names in measured.items())
    st.html(
        Markup(
            '<div class="al-panel"><div class="al-scroll" tabindex="0"><table class="al-table al-pair al-across">'
            '<tr>{}{}</tr>{}</table></div><p class="al-from al-note">{}</p></div>'
        ).format(head("Numbers", meaning_of("Numbers")), names, cells, told)
    )


def graphs_panel(graphs: GraphComparison) -> None:
    """Say which nodes and edges only one graph has, and which nodes of both keep something else."""
    parts = [_only("left", graphs.left, graphs.left_edges), _only("right", graphs.right, graphs.right_edges)]
    if graphs.changed:
        parts.append(
            _THIRDS.format(heads("in both", "left", "right"), joined(map(_changed, graphs.changed[:_MOST_ROWS])))
        )
    body = joined(parts) or _NOTE.format("The graphs have the same nodes and edges.")
    st.html(panel(f"Graphs: {graphs.text}", _SCROLLED.format(body + joined(map(_NOTE.format, graphs.notes)))))


def results_panels(results: Results) -> None:
    """Show the gradients, which the page is about, above the tensors."""
    results_panel("Gradients", results.gradients)
    results_panel("Last values of tensors", results.tensors, results.notes)


def results_panel(title: str, rows: Sequence[Compared], notes: Sequence[str] = ()) -> None:
    """Show tensors or gradients of both sides with their largest difference."""
    counts = Counter(row.text for row in rows)
    said = " · ".join(f"{count:,} {word}" for word, count in counts.items())
    more = len(rows) - _MOST_ROWS
    texts = [f"and {more:,} more.", *notes] if more > 0 else notes
    if rows:
        columns = heads("name", "left", "right", "same?", "max |left − right|", "note")
        cells = joined(map(_compared, rows[:_MOST_ROWS]))
        table = Markup('<table class="al-table al-pair al-sixths">{}{}</table>').format(columns, cells)
    else:
        table = _NOTE.format("None on either side.")
    body = _SCROLLED.format(table + joined(map(_NOTE.format, texts)))
    st.html(panel(f"{title}: {said}" if said else title, body))


def drift_panel(drift: Drifts) -> None:
    """Show place by place how far two runs in other dtypes, or on other devices, are apart."""
    first = drift.rows.index(drift.first) if drift.first is not None else 0
    start = max(0, first - _BEFORE) if first >= _MOST_ROWS else 0
    rows = drift.rows[start : start + _MOST_ROWS]
    columns = heads("number", "line", "left", "right", "max |left − right|", "relative", "in eps", "rounding explains")
    table = Markup('<table class="al-table al-pair al-drift">{}{}</table>').format(columns, joined(map(_drift, rows)))
    notes = list(drift.notes)
    if len(rows) < len(drift.rows):
        notes.append(f"Shown: {start + 1:,} to {start + len(rows):,} of {len(drift.rows):,}.")
    ran = [
        Markup('<p class="al-from">{} in <b>{}</b>: {}</p>').format(side.capitalize(), dtype, operations)
        for side, dtypes in drift.ran
        for dtype, operations in dtypes
    ]
    body = _SCROLLED.format(table + joined(map(_NOTE.format, notes))) + joined(ran)
    st.html(panel(f"Drift: {drift.text}", body))


def _drift(row: Drift) -> Markup:
    mark = "≠" if row.beyond else "–" if row.relative is None else "≈" if row.relative else "="
    return Markup(
        '<tr class="{kind}"><th scope="row">{row.name}</th><td>{line}</td><td>{row.left}</td><td>{row.right}</td>'
        "<td>{row.largest_text}</td><td>{row.relative_text}</td><td>{row.units_text}</td>"
        '<td class="state"><b>{mark}</b> {said}</td></tr>'
    ).format(
        kind="differs" if row.beyond else "agrees",
        row=row,
        line="" if row.line is None else row.line,
        mark=mark,
        said=row.note or row.explained_text,
    )


def printed_panel(printed: Printed) -> None:
    """Show what both printed, lines that only one side has marked with ≠."""
    title = f"Printed: {printed.text}"
    if not printed.left and not printed.right:
        st.html(Markup('<p class="al-panel al-from al-note">{}</p>').format(title))
        return
    sides = joined(
        Markup('<pre class="al-out">{}</pre>').format(_lines(side)) for side in (printed.left, printed.right)
    )
    cut = _NOTE.format("The rest is not shown.") if printed.cut else ""
    st.html(panel(title, Markup('<div class="al-twice">{}</div>{}').format(sides, cut)))


def _only(side: str, nodes: Sequence[NodeGroup], edges: Sequence[EdgeGroup]) -> Markup:
    if not nodes and not edges:
        return Markup("")
    rows = [_ROW.format(group.text, group.where, group.code[:90]) for group in nodes[:_MOST_ROWS]]
    rows += [_ROW.format(edge.text, "edge", _between(edge.lines)) for edge in edges[:_MOST_ROWS]]
    more = len(nodes) + len(edges) - len(rows)
    rows += [_ROW.format(f"and {more:,} more", "", "")] if more else []
    return _THIRDS.format(heads(f"only on the {side}", "where", "code"), joined(rows))


def _between(lines: tuple[int | None, int | None]) -> str:
    first, second = ("?" if line is None else str(line) for line in lines)
    return f"line {first}" if first == second else f"from line {first} to line {second}"


def _changed(row: ChangedNodes) -> Markup:
    left, right = row.lines
    where = f"line {left}" if left == right else f"line {left}, right {right}"
    return _ROW.format(Markup('{} <span class="al-note">{}</span>').format(row.text, where), row.left, row.right)


def _compared(row: Compared) -> Markup:
    kind = "differs" if row.state == "different" else "agrees"
    return Markup(
        '<tr class="{kind}"><th scope="row">{name}</th><td>{row.left}</td><td>{row.right}</td>'
        '<td class="state"><b>{mark}</b> {row.text}</td><td>{row.largest_text}</td>'
        '<td class="from">{row.note}</td></tr>'
    ).format(kind=kind, name=breakable(row.name), row=row, mark=_MARKS.get(row.state, ""))


def _lines(lines: Sequence[PrintedLine]) -> Markup:
    if not lines:
        return Markup('<span class="al-note">nothing</span>')
    rows = (f"  {line.text}" if line.same else Markup("<b>≠ {}</b>").format(line.text) for line in lines)
    return joined(Markup('<span class="al-line">{}</span>').format(row) for row in rows)
