"""The section *What was alive*: at the peak, at the moment that was clicked, or when the program ended."""

from __future__ import annotations

import html

import streamlit as st

from app import session
from app.charts import chart
from app.memory.state import AT, AT_KEPT, PAGE, Shown, click, clicked
from components.facts.memory.held import Alive, alive_info
from components.facts.text import bytes_text, exact_bytes, plural
from components.figures.charts.memory import alive_figure

_MOMENTS = {"peak": "At the peak", "clicked": "Where you clicked", "end": "At the end"}
_WIDTHS = {"block": st.column_config.TextColumn(width=150)}


def alive(shown: Shown) -> None:
    """Show the section."""
    event = _event(shown)
    if event is None:
        st.markdown("Click the timeline to see what was alive at that moment, and why.")
        return
    if session.state()[AT] == "peak" and shown.tables.record.peak_event is None:
        st.caption("The peak came after the last event that was recorded. This is the most of what was recorded.")
    known = shown.worked_out.get(("alive", event))
    if known is None:
        known = shown.worked_out["alive", event] = alive_info(shown.tables, event)
    info: Alive = known
    st.html(_sentence(info))
    chart(alive_figure(info), f"{PAGE}:{shown.index.signature}:alive", click)
    rows = [
        {
            "bytes": exact_bytes(one.bytes),
            "block": one.name,
            "category": one.category,
            "why it was held": one.why,
            "line": one.line,
            "code": one.code,
            "node": one.node,
            "operation": one.operation,
        }
        for one in info.holders
    ]
    if rows:
        with st.expander(f"All {plural(len(rows), 'block')}", icon=":material/table_rows:"):
            st.dataframe(rows, hide_index=True, height="auto" if len(rows) < 10 else 380, column_config=_WIDTHS)


def _event(shown: Shown) -> int | None:
    state = session.state()
    # Said in every run: what a callback said while this control was not on the page would not be shown by it.
    state[AT] = state.get(AT) or state.get(AT_KEPT, "peak")
    chosen = st.segmented_control(
        "Moment",
        list(_MOMENTS),
        key=AT,
        required=True,
        format_func=lambda one: _MOMENTS[one],
        label_visibility="collapsed",
    )
    state[AT_KEPT] = chosen
    if chosen == "clicked":
        found = clicked()
        return found if found is not None and found < len(shown.tables.events) else None
    return shown.tables.peak if chosen == "peak" else len(shown.tables.events) - 1


def _sentence(info: Alive) -> str:
    where = f" after line {info.line}" if info.line is not None else ""
    code = f" <code>{html.escape(info.code[:90])}</code>" if info.code else ""
    during = f", in {html.escape(info.during)}" if info.during else ""
    where = where.replace(" after", " while") + (" ran" if where else "")
    return f'<p class="al-told"><b>{bytes_text(info.total)}</b> were held{where}{code}{during}:</p>'
