"""The Memory page: bytes over the run by category, what was alive and why, beside the player of the same program."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import (
    gpu_sample,
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
from app.memory_timeline import PAGE
from app.workbench import ABOVE, frame
from components.facts.memory.timeline import Axis
from components.reading.memory_sections import MemoryAbout
from components.widgets.panels import note_panel

_SECTIONS: dict[str, Callable[[MemoryAbout], None]] = {
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
        shown = program_choice.program(PAGE, "Memory", MEMORY)
        if shown is not None and shown.program.device == "cpu":
            gpu_sample.offer("memory:gpu")
    if shown is None:
        return
    if asked != (what_if.asked(PAGE) is not None):
        st.rerun()  # another program is shown, and another frame
    for beside in charted:
        with beside:
            _charts()
    with played:
        what_if_shown.show(PAGE, program_choice.place(PAGE, MEMORY), above=ABOVE)


def _charts() -> None:
    """Show the timeline and what explains it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        axis = memory_timeline.choose_axis()
        memory_timeline.colours()
    about = _timeline(axis)
    if about is not None:
        _SECTIONS[kept_one_of("Section", _SECTIONS, f"{PAGE}:section")](about)
        with st.container(horizontal=True):
            memory_timeline.downloads(about)


def _timeline(axis: Axis) -> MemoryAbout | None:
    """Show the timeline, or why there is none."""
    told, shown = memory_timeline.told(), session.shown(PAGE)
    about, note = told.about, told.note
    failed = shown is not None and shown.failure is not None
    if about is None and session.running(PAGE) is not None:
        note_panel("The memory of this run is being measured.")
    elif about is None and (not failed or note):
        note_panel(note or "The memory of this run was not recorded. Run the program here to measure it.")
        if note and not told.final:
            st.button("Measure again", on_click=session.measure_again, args=(PAGE,), icon=":material/refresh:")
    if about is None:
        return None
    if not about.events:
        st.markdown("This program allocated no memory for tensors.")
        return None
    memory_timeline.show(about, axis)
    if note:
        note_panel(note)
    memory_sections.leak_hints()
    return about


page()
