"""The Memory page: bytes over the run by category, what was alive and why, beside the player of the same program."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import chosen, graph, results
from app.memory import alive, downloads, graphs, opening, saving, state, timeline
from app.memory.examples import EXAMPLES
from components.figures import TraceIndex
from components.figures.memory import Axis
from components.widgets.panels import note_panel

_SECTIONS: dict[str, Callable[[state.Shown], None]] = {
    "What was alive": alive.alive,
    "Saved for backward": graphs.saved,
    "Backward calls": graphs.calls,
    "What would save memory": saving.saving,
}


def page() -> None:
    """Show the timeline and what explains it on the left, the player on the right."""
    charted, played = st.columns([0.56, 0.44], gap="medium")
    with charted:
        with st.container(horizontal=True, vertical_alignment="center"):
            index = chosen.choose(state.PAGE, EXAMPLES, 235)
            axis = timeline.choose_axis()
            opening.open_button()
            timeline.colours()
        opening.problem()
        above, sections = st.container(), st.container()
        with sections:  # they stand on the page whatever runs, so that the choice is not forgotten
            section = st.segmented_control(
                "Section",
                list(_SECTIONS),
                default="What was alive",
                key="memory:section",
                required=True,
                label_visibility="collapsed",
            )
        with above:
            if chosen.waiting(state.PAGE) or index is None:
                return
            if index.trace.failure is not None:
                results.failure(index.trace)
            shown = _timeline(index, axis)
        if shown is not None:
            with sections:
                _SECTIONS[section or "What was alive"](shown)
                with st.container(horizontal=True):
                    downloads.downloads(shown)
    with played:
        graph.show(state.PAGE, above=190, goto=state.goto())
        with st.expander("What it printed and its leaves", icon=":material/terminal:"):
            results.below(index.trace)


def _timeline(index: TraceIndex, axis: Axis) -> state.Shown | None:
    """Show the timeline, or why there is none."""
    shown = state.shown(index)
    note = index.trace.memory_note
    if shown is None:
        if index.trace.failure is None or note:
            note_panel(note or "The memory of this run was not recorded. Run the program here to measure it.")
        return None
    if not shown.tables.events:
        st.markdown("This program allocated no memory for tensors.")
        return None
    timeline.show(shown, axis)
    if note:
        note_panel(note)
    graphs.leak_hints(shown)
    return shown


page()
