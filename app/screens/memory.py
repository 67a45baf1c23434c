"""The Memory page: bytes over the run by category, what was alive and why, beside the player of the same program."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import graph, memory_savings, memory_sections, memory_timeline, program_choice, results, session
from app.controls import one_of
from app.examples import MEMORY
from app.memory_timeline import PAGE, memory_of, memory_state
from components.facts import TraceIndex
from components.facts.memory import MemoryIndex
from components.facts.memory.timeline import Axis
from components.trace import why_not_measured
from components.widgets.panels import note_panel

_SECTIONS: dict[str, Callable[[MemoryIndex], None]] = {
    "What was alive": memory_sections.alive,
    "Saved for backward": memory_sections.saved,
    "Backward calls": memory_sections.calls,
    "What would save memory": memory_savings.saving,
}


def page() -> None:
    """Show the timeline and what explains it on the left, the player on the right."""
    charted, played = st.columns([0.56, 0.44], gap="medium")
    with charted:
        with st.container(horizontal=True, vertical_alignment="center"):
            index = program_choice.choose(PAGE, MEMORY, 235)
            axis = memory_timeline.choose_axis()
            program_choice.open_button(PAGE)
            memory_timeline.colours()
        program_choice.opening_problem(PAGE)
        if program_choice.waiting(PAGE) or index is None:
            return
        if index.trace.failure is not None:
            results.failure(index.trace)
        memory = _timeline(index, axis)
        if memory is not None:
            state = memory_state()
            state.section = one_of("Section", _SECTIONS, f"{PAGE}:section", last=state.section)
            _SECTIONS[state.section](memory)
            with st.container(horizontal=True):
                memory_timeline.downloads(memory)
    with played:
        graph.show(PAGE, above=190)
        with st.expander("What it printed and its leaves", icon=":material/terminal:"):
            results.below(index.trace)


def _timeline(index: TraceIndex, axis: Axis) -> MemoryIndex | None:
    """Show the timeline, or why there is none."""
    memory = memory_of(index)
    note = index.trace.memory_note
    if memory is None:
        if index.trace.failure is None or note:
            note_panel(note or "The memory of this run was not recorded. Run the program here to measure it.")
            if note and note != why_not_measured(index.trace):
                st.button("Measure again", on_click=session.measure_again, args=(PAGE,), icon=":material/refresh:")
        return None
    if not memory.events:
        st.markdown("This program allocated no memory for tensors.")
        return None
    memory_timeline.show(memory, axis)
    if note:
        note_panel(note)
    memory_sections.leak_hints(memory)
    return memory


page()
