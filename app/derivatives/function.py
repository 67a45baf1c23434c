"""Where the Derivatives page gets its function: typed in the editor, an example, or cut out of the person's program."""

from __future__ import annotations

import hashlib

import streamlit as st

from app import session
from app.examples import FIRST_FUNCTION, FUNCTIONS
from components.figures.variables import Variables, differentiable_variables
from components.source.function_text import NoFunction, function_text
from components.trace import Trace
from components.widgets.editor import Problem, code_editor
from components.widgets.panels import note_panel

_KEY = "derivatives:editor"


def edit(problem: Problem | None) -> str:
    """Show the editor and what fills it; return the text that was run last."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Examples", icon=":material/list:"):
            for name, text in FUNCTIONS.items():
                if st.button(name, key=f"derivatives:example:{name}", width="stretch"):
                    _given(text)
        with st.popover("From my program", icon=":material/content_cut:"):
            _from_program()
    source = str(session.state().setdefault("derivatives:source", FIRST_FUNCTION))
    number = session.state().setdefault("derivatives:given", 0)
    revision = hashlib.sha256(f"{number}\n{source}".encode()).hexdigest()[:16]
    edited = code_editor(
        source,
        key=_KEY,
        revision=revision,
        words=session.completions(),
        problem=problem,
        height=330,
        label="A function and the point at which to look at it",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Run", key="derivatives:run", type="primary", icon=":material/play_arrow:"):
            session.state()["derivatives:text"] = edited.text
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
    if edited.run != session.state().get("derivatives:asked") or "derivatives:text" not in session.state():
        session.state()["derivatives:asked"] = edited.run
        session.state()["derivatives:text"] = edited.text
    return str(session.state()["derivatives:text"])


def _given(text: str) -> None:
    state = session.state()
    state["derivatives:source"] = state["derivatives:text"] = text
    state["derivatives:given"] = state.get("derivatives:given", 0) + 1
    for key in [key for key in state if str(key).startswith("derivatives:choice:")]:
        del state[key]


def _from_program() -> None:
    page = session.latest()
    trace = session.trace(page) if page is not None else None
    if page is None or trace is None:
        st.markdown("There is no program yet. Run one on **Code**, **Lessons** or **Playground**, and come back.")
        return
    found = differentiable_variables(trace)
    if not _usable(trace) or not found.outputs or not found.inputs:
        st.markdown(
            f"The program on **{session.PROGRAM_PAGES[page]}** has no variable that was computed from a leaf with "
            "`requires_grad=True`."
        )
        return
    _choose(page, trace, found)


def _choose(page: str, trace: Trace, found: Variables) -> None:
    st.markdown(f"The program on **{session.PROGRAM_PAGES[page]}**, as a function:")
    output = st.selectbox("Output", found.outputs, key="derivatives:output")
    inputs = st.multiselect("Differentiate by", found.inputs, default=found.inputs[:4], key="derivatives:by")
    if not inputs or output is None:
        st.caption("Choose at least one input.")
        return
    try:
        text = function_text(trace.program.source, output, inputs)
    except NoFunction as none:
        note_panel(str(none))
        return
    st.code(text, language="python", height=240)
    if st.button("Use this function", type="primary", key="derivatives:use"):
        _given(text)


def _usable(trace: Trace) -> bool:
    """Whether the program was read to its end by Python, so that reading it here is safe."""
    return trace.failure is None or trace.failure.kind == "raised"
