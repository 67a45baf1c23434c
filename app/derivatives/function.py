"""Where the Derivatives page gets its function: typed in the editor, an example, or cut out of the person's program."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from app import session
from app.examples import FIRST_FUNCTION, FUNCTIONS
from app.workbench import Editor
from components.facts.variables import Variables, differentiable_variables
from components.source.function_text import NoFunction, function_text
from components.trace import Failure, Function, Trace
from components.widgets.editor import Problem, code_editor
from components.widgets.panels import note_panel

PAGE = "derivatives"


@dataclass
class DerivativesState:
    """What the Derivatives page remembers."""

    editor: Editor = field(default_factory=lambda: Editor(FIRST_FUNCTION))
    text: str | None = None
    """The function that was run last."""
    failure: tuple[str, Failure | None] = "", None
    """How the last run ended, and of which text."""
    function: tuple[str, Function | None] = "", None
    """What the last answer said of the function, and of which text."""


def derivatives_state() -> DerivativesState:
    """Return what this session's Derivatives page remembers."""
    return session.remembered(DerivativesState, PAGE)


def edit(problem: Problem | None) -> str:
    """Show the editor and what fills it; return the text that was run last."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Examples", icon=":material/list:"):
            for name, text in FUNCTIONS.items():
                if st.button(name, key=f"{PAGE}:example:{name}", width="stretch"):
                    _fill(text)
        with st.popover("From my program", icon=":material/content_cut:"):
            _from_program()
    state, key = derivatives_state(), f"{PAGE}:editor"
    edited = state.editor.typed(key)
    code_editor(
        edited,
        key=key,
        words=session.completions(),
        problem=problem,
        height=330,
        label="A function and the point at which to look at it",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button("Run", key=f"{PAGE}:run", type="primary", icon=":material/play_arrow:")
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
    if state.editor.asks(edited) or clicked or state.text is None:
        state.text = edited.text
    return state.text


def _fill(text: str) -> None:
    """Fill the editor, run that, and forget the choices, which were about another function."""
    state, widgets = derivatives_state(), session.widgets()
    state.editor.fill(text)
    state.text = text
    for key in [key for key in widgets if str(key).startswith(f"{PAGE}:choice:")]:
        del widgets[key]


def _from_program() -> None:
    page = session.latest()
    trace = session.trace(page) if page is not None else None
    if page is None or trace is None:
        st.markdown("There is no program yet. Run one on **Code**, **Lessons** or **Playground**, and come back.")
        return
    variables = differentiable_variables(trace)
    if not _usable(trace) or not variables.outputs or not variables.inputs:
        st.markdown(
            f"The program on **{session.PROGRAM_PAGES[page]}** has no variable that was computed from a leaf with "
            "`requires_grad=True`."
        )
        return
    _choose(page, trace, variables)


def _choose(page: str, trace: Trace, variables: Variables) -> None:
    st.markdown(f"The program on **{session.PROGRAM_PAGES[page]}**, as a function:")
    output = st.selectbox("Output", variables.outputs, key="derivatives:output")
    inputs = st.multiselect("Differentiate by", variables.inputs, default=variables.inputs[:4], key="derivatives:by")
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
        _fill(text)


def _usable(trace: Trace) -> bool:
    """Whether the program was read to its end by Python, so that reading it here is safe."""
    return trace.failure is None or trace.failure.kind == "raised"
