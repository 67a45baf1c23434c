"""The table of modules under a picture: what each has, keeps, gets and takes, measured when somebody looks at it.

Under the picture, and no page of its own, because its rows are the picture's boxes: a row leads there, and its columns
colour them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from app import results, session
from app.controls import download, table
from components.facts.modules import BYTES, COLUMNS, TIMES, Column, ModuleRow, ModuleTable
from components.facts.terms import meaning_of
from components.facts.text import bytes_text, plain_in_markdown, plural
from components.figures.charts.spreadsheets import modules_csv
from components.reading.modules import ModulesTold, has_modules, modules_told, table_of_modules
from components.trace import MeasureModules

# In CSS pixels: the rows that are seen at once, and what else the table takes of the window.
_ROW, _MOST_HEIGHT = 35, 248
HEIGHT = 300
_MODULES = re.compile(r"\bnn\b|\bModule\b")
_UNITS = dict.fromkeys(BYTES, ", B") | dict.fromkeys(TIMES, ", ms")
# Of these the words mean something else in other tables.
_MEANINGS: dict[Column, str] = {
    "saved": "Bytes that the nodes of the module keep for backward.",
    "backward": "How long backward() took in the nodes of the module.",
}
_FORMATS = dict.fromkeys(BYTES, "localized") | dict.fromkeys(TIMES, "%.3f") | {"parameters": "localized"}


def offered(page: str) -> bool:
    """Whether the program of a page may have modules."""
    shown = session.shown(page)
    return shown is not None and (_MODULES.search(shown.program.source) is not None or session.look(page, has_modules))


def told(page: str) -> ModulesTold:
    """Return what was measured of the modules of the trace that a page shows; have it measured if nobody has.

    A trace that was recorded elsewhere has what came with it: its program need not run here.
    """
    shown = session.shown(page)
    if shown is None:
        return ModulesTold()
    if shown.opened:
        return ModulesTold(session.look(page, modules_told).costs)
    session.ask(_run_of(page), shown.program.source, MeasureModules())
    if session.collect(_run_of(page)) or session.shown(_run_of(page)) is None:
        return ModulesTold(under_way=True)
    return session.look(_run_of(page), modules_told)


def _run_of(page: str) -> str:
    return f"{page}:modules"


def show(page: str, measured: ModulesTold, pick: Callable[[str], None]) -> None:
    """Show the table; ``pick`` is called with the path of the module whose row is pressed."""
    if measured.under_way and not results.progress(_run_of(page)):
        st.rerun()  # it has ended since
    if measured.problem:
        st.caption(f"The run in which modules are measured ended early: {plain_in_markdown(measured.problem)}")
    rows = session.look(page, table_of_modules, measured.costs)
    if not rows.rows:
        if not measured.under_way:
            st.markdown("No `nn.Module` was called, as far as this trace knows.")
        return
    _rows(page, rows, pick)
    st.caption(_total(rows.total))
    _copies(rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        download("Table as CSV", lambda: modules_csv(rows), "modules.csv", f"{page}:modules:csv")
        st.html('<span class="al-note">A row leads to its box. A head sorts, and says where it was measured.</span>')
    for note in rows.notes:
        st.caption(note)


def _rows(page: str, shown: ModuleTable, pick: Callable[[str], None]) -> None:
    known = [column for column in COLUMNS if any(row.value(column) is not None for row in shown.rows)]
    key = f"{page}:modules:rows:{len(known)}"

    def pressed() -> None:
        event: Any = session.widgets().get(key)
        chosen = event.get("selection", {}).get("rows", []) if event is not None else []
        if chosen and chosen[0] < len(shown.rows):
            pick(shown.rows[chosen[0]].path)

    heads: dict[str, Any] = {
        _head(column): st.column_config.NumberColumn(help=_help(shown, column), format=_FORMATS.get(column, "%.3g"))
        for column in known
    }
    heads |= {word: st.column_config.Column(help=meaning_of(word)) for word in ("module", "class", "calls", "line")}
    st.dataframe(
        [_cells(row, known) for row in shown.rows],
        key=key,
        hide_index=True,
        height=min(_ROW * (len(shown.rows) + 1) + 3, _MOST_HEIGHT),
        column_config=heads,
        on_select=pressed,
        selection_mode="single-row",
    )


def _cells(row: ModuleRow, known: list[Column]) -> dict[str, object]:
    cells: dict[str, object] = {"module": row.path}
    if row.calls is not None:
        cells |= {"class": row.kind, "calls": row.calls}
    for column in known:
        value = row.value(column)
        cells[_head(column)] = value / 1e6 if value is not None and column in TIMES else value
    return {**cells, "line": row.line}


def _head(column: Column) -> str:
    return f"{column}{_UNITS.get(column, '')}"


def _help(shown: ModuleTable, column: Column) -> str:
    return f"{_MEANINGS.get(column) or meaning_of(column)} Measured in {shown.sources.get(column, 'no run')}."


def _total(total: ModuleRow) -> str:
    """``All modules: 26 parameters in 104 B, 2 of them frozen · 200 B of activations · 172 B saved``."""
    parts = []
    if total.parameters is not None:
        frozen = f", {total.frozen:,} of them frozen" if total.frozen else ""
        parts.append(f"{plural(total.parameters, 'parameter')} in {bytes_text(total.parameter_bytes or 0)}{frozen}")
    if total.activations is not None:
        parts.append(f"{bytes_text(total.activations)} of activations")
    if total.saved is not None:
        parts.append(f"{bytes_text(total.saved)} saved")
    for word, time in (("forward", total.forward), ("backward", total.backward)):
        if time is not None:
            parts.append(f"{word} {time / 1e6:,.3f} ms")
    return f"All modules: {' · '.join(parts)}"


def _copies(shown: ModuleTable) -> None:
    """List the weights that are there in two dtypes."""
    if not shown.copies:
        return
    made = sum(copy.copy_bytes or 0 for copy in shown.copies)
    own = sum({copy.name: copy.bytes for copy in shown.copies}.values())
    under = " under autocast" if all(copy.autocast for copy in shown.copies) else ""
    title = f"Weights in two dtypes{under}: {bytes_text(made)} of copies beside {bytes_text(own)}"
    with st.expander(title, icon=":material/content_copy:"):
        table(
            [
                {
                    "tensor": copy.name,
                    "dtype": copy.source,
                    "bytes": copy.bytes,
                    "copy in": copy.target,
                    "bytes of a copy": copy.copy_bytes,
                    "times copied": copy.times,
                    "line": copy.line,
                }
                for copy in shown.copies
            ]
        )
        st.caption(
            "A copy is there for as long as a node keeps it for backward, or autocast keeps it for its next use."
        )
