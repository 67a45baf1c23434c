"""The Memory page: bytes over the run by category, what was alive and why, beside the player of the same program."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import graph, program_choice, results, session
from app.examples import MEMORY
from app.memory import opening, savings, sections, state, timeline
from components.figures import TraceIndex
from components.figures.memory import Axis
from components.trace import why_not_measured
from components.widgets.panels import note_panel

_SECTIONS: dict[str, Callable[[state.Shown], None]] = {
    "What was alive": sections.alive,
    "Saved for backward": sections.saved,
    "Backward calls": sections.calls,
    "What would save memory": savings.saving,
}

_SECTION, _SECTION_KEPT = "memory:section", "memory:section:kept"


def page() -> None:
    """Show the timeline and what explains it on the left, the player on the right."""
    charted, played = st.columns([0.56, 0.44], gap="medium")
    with charted:
        with st.container(horizontal=True, vertical_alignment="center"):
            index = program_choice.choose(state.PAGE, MEMORY, 235)
            axis = timeline.choose_axis()
            opening.open_button()
            timeline.colours()
        opening.problem()
        if program_choice.waiting(state.PAGE) or index is None:
            return
        if index.trace.failure is not None:
            results.failure(index.trace)
        shown = _timeline(index, axis)
        if shown is not None:
            _SECTIONS[_section()](shown)
            with st.container(horizontal=True):
                timeline.downloads(shown)
    with played:
        graph.show(state.PAGE, above=190, goto=state.goto())
        with st.expander("What it printed and its leaves", icon=":material/terminal:"):
            results.below(index.trace)


def _section() -> str:
    """Let the person choose what to read below the timeline; runs without one do not forget it."""
    now = session.state()
    now[_SECTION] = now.get(_SECTION) or now.get(_SECTION_KEPT, "What was alive")
    found = st.segmented_control("Section", list(_SECTIONS), key=_SECTION, required=True, label_visibility="collapsed")
    now[_SECTION_KEPT] = found or "What was alive"
    return found or "What was alive"


def _timeline(index: TraceIndex, axis: Axis) -> state.Shown | None:
    """Show the timeline, or why there is none."""
    shown = state.shown(index)
    note = index.trace.memory_note
    if shown is None:
        if index.trace.failure is None or note:
            note_panel(note or "The memory of this run was not recorded. Run the program here to measure it.")
            if note and note != why_not_measured(index.trace):
                st.button(
                    "Measure again", on_click=session.measure_again, args=(state.PAGE,), icon=":material/refresh:"
                )
        return None
    if not shown.tables.events:
        st.markdown("This program allocated no memory for tensors.")
        return None
    timeline.show(shown, axis)
    if note:
        note_panel(note)
    sections.leak_hints(shown)
    return shown


page()
