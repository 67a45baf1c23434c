"""Which program is shown by a page that makes none: that of another page, an example that it runs, an opened trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from app import results, session
from app.uploads import OpenError, opened_trace
from components.facts import TraceIndex
from components.trace import Trace
from components.widgets.panels import note_panel

OPENED = "opened"


@dataclass
class ProgramChoice:
    """What a page was told to show, and the trace that was opened on it, if one was."""

    chosen: str = ""
    trace: Trace | None = None
    file: str = ""
    """The name of the file that the trace is from."""
    opened: int = 0
    """How many traces were opened so far."""
    problem: str = ""
    """Why the last file could not be opened."""


def choose(page: str, examples: Mapping[str, str], width: int = 300) -> TraceIndex | None:
    """Let the person choose a program; return the tables of its trace once it has run."""
    state = _state(page)
    made = [program_page for program_page in session.PROGRAM_PAGES if session.trace(program_page) is not None]
    options = [*([OPENED] if state.trace is not None else []), *made, *examples]
    latest = session.latest()
    first = OPENED if state.trace is not None else latest if latest in made else options[0]

    def words(option: str) -> str:
        if option == OPENED:
            return f"Trace: {state.file}"
        return f"My program on {session.PROGRAM_PAGES[option]}" if option in made else f"Example: {option}"

    state.chosen = st.selectbox(
        "Program",
        options,
        index=options.index(first),
        format_func=words,
        key=f"{page}:program:{latest}{'' if state.trace is None else f':{state.opened}'}",
        label_visibility="collapsed",
        width=width,
    )
    if state.chosen == OPENED:
        if session.trace(page) is not state.trace:
            session.show(page, state.trace)
    elif state.chosen in examples:
        session.ask(page, examples[state.chosen])
    else:
        session.collect(state.chosen)  # what was started there may be done by now
        session.adopt(page, state.chosen)
    return session.index(page)


def waiting(page: str) -> bool:
    """Show a run that is under way, here or on the page whose program is shown; return whether there is one."""
    chosen = _state(page).chosen
    return results.progress(page) or (chosen in session.PROGRAM_PAGES and results.progress(chosen))


def open_button(page: str) -> None:
    """Show the button that opens a trace, as one that was recorded on a machine with a GPU."""
    # Another key after each trace that was opened: the browser then makes the panel anew, which is closed.
    number = _state(page).opened
    with st.popover("Open a trace", icon=":material/folder_open:", key=f"{page}:open:{number}"):
        st.caption(
            "A `trace.json` from *Download* of any page, or of `python -m app trace PROGRAM.py` on another machine, "
            "such as one with a GPU. Nothing in it is run."
        )
        st.file_uploader(
            "Trace",
            type=["json"],
            key=f"{page}:upload:{number}",
            label_visibility="collapsed",
            on_change=_uploaded,
            args=(page,),
        )


def opening_problem(page: str) -> None:
    """Say why the file that was chosen last could not be opened, if so."""
    problem = _state(page).problem
    if problem:
        note_panel(problem)


def _uploaded(page: str) -> None:
    state = _state(page)
    state.problem = ""
    upload = session.widgets().get(f"{page}:upload:{state.opened}")
    if upload is None:
        return
    try:
        state.trace = opened_trace(upload.name, upload.getvalue())
    except OpenError as problem:
        state.problem = str(problem)
        return
    state.file = upload.name
    state.opened += 1


def _state(page: str) -> ProgramChoice:
    return session.remembered(ProgramChoice, page)
