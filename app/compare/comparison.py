"""What the Compare page shows of two traces: the verdict, numbers, graphs, results and memory, side by side."""

from __future__ import annotations

import streamlit as st

from app import graph, results
from app.compare import sides
from app.controls import chart, one_of
from components.facts import TraceIndex
from components.facts.compare.verdict import Comparison, compare
from components.facts.memory.timeline import timelines_info
from components.figures.charts.compare import AXES, timelines_figure
from components.widgets.compare_panels import (
    graphs_panel,
    printed_panel,
    quantities_panel,
    results_panels,
    verdict_line,
)
from components.widgets.editor import is_built
from components.widgets.panels import note_panel
from components.worker.collector import collector_paused


def show(left: TraceIndex, right: TraceIndex) -> None:
    """Show the comparison of two traces."""
    compared = comparison(left, right)
    changed = sides.switch_now() if sides.side(sides.RIGHT).source == sides.SWITCH else None
    verdict_line(compared.verdict, changed.what if changed is not None else "")
    indices = left, right
    if any(index.trace.failure is not None for index in indices):
        for column, index in zip(st.columns(2, gap="medium"), indices, strict=True):
            with column:
                results.failure(index.trace)
    quantities_panel(compared.quantities)
    only = compared.graphs.only_left, compared.graphs.only_right
    for column, name, marked in zip(st.columns(2, gap="medium"), sides.SIDES, only, strict=True):
        with column:
            graph.show(sides.page_of(name), above=360, show_code=not is_built(), only=marked)
    graphs_panel(compared.graphs)
    results_panels(compared.results)
    printed_panel(compared.printed)
    _memory(left, right)


def comparison(left: TraceIndex, right: TraceIndex) -> Comparison:
    """Compare two traces, once."""
    state = sides.compare_state()
    known = state.comparison
    if known is None or known[0] is not left.trace or known[1] is not right.trace:
        with collector_paused():
            known = state.comparison = left.trace, right.trace, compare(left, right)
    return known[2]


@st.fragment
def _memory(left: TraceIndex, right: TraceIndex) -> None:
    """The memory of both over time. A fragment: its switches draw nothing else anew."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Memory**")
        by = one_of("Over", AXES, "compare:axis", AXES.__getitem__, first="line")
        saved = st.toggle("saved for backward", value=True, key="compare:saved")
    info = timelines_info(left.trace, right.trace, by)
    if info.sides:
        chart(timelines_figure(info, saved=saved), f"compare:memory:{by}")
    for note in info.notes:
        note_panel(note)
