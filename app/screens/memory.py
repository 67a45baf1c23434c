"""The Memory page: bytes over the run by category, what was alive and why, beside the player of the same program."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import (
    memory_savings,
    memory_sections,
    memory_timeline,
    program_choice,
    session,
    what_if,
    what_if_shown,
)
from app.controls import kept_one_of
from app.examples import MEMORY
from app.memory_timeline import PAGE, memory_of
from app.workbench import ABOVE, frame
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
    """Show the program on the left, its picture in the middle, the timeline and what explains it on the right."""
    asked = what_if.asked(PAGE) is not None
    made, played, *charted = frame(PAGE, [0.28, 0.72] if asked else [0.28, 0.3, 0.42])
    with made:
        index = program_choice.program(PAGE, "Memory", MEMORY)
    if index is None:
        return
    if asked != (what_if.asked(PAGE) is not None):
        st.rerun()  # another program is shown, and another frame
    for beside in charted:
        with beside:
            _charts(index)
    with played:
        what_if_shown.show(PAGE, program_choice.place(PAGE, MEMORY), above=ABOVE)


def _charts(index: TraceIndex) -> None:
    """Show the timeline and what explains it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        axis = memory_timeline.choose_axis()
        memory_timeline.colours()
    memory = _timeline(index, axis)
    if memory is not None:
        _SECTIONS[kept_one_of("Section", _SECTIONS, f"{PAGE}:section")](memory)
        with st.container(horizontal=True):
            memory_timeline.downloads(memory)


def _timeline(index: TraceIndex, axis: Axis) -> MemoryIndex | None:
    """Show the timeline, or why there is none."""
    memory = memory_of(index)
    note = index.trace.memory_note
    if memory is None and session.running(PAGE) is not None:
        note_panel("The memory of this run is being measured.")
    elif memory is None and (index.trace.failure is None or note):
        note_panel(note or "The memory of this run was not recorded. Run the program here to measure it.")
        if note and note != why_not_measured(index.trace):
            st.button("Measure again", on_click=session.measure_again, args=(PAGE,), icon=":material/refresh:")
    if memory is None:
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
