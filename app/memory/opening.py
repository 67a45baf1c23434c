"""Opening a trace file, as one that was recorded on a machine with a GPU."""

from __future__ import annotations

import streamlit as st

from app import session
from app.memory.state import PAGE
from app.uploads import OpenError, opened_trace
from components.widgets.panels import note_panel

_PROBLEM = "memory:upload-problem"


def open_button() -> None:
    """Show the button that opens a trace."""
    with st.popover("Open a trace", icon=":material/folder_open:", key=_key("open")):
        st.caption(
            "A `trace.json` from *Download* of any page, or of `python -m app trace PROGRAM.py` on another machine, "
            "such as one with a GPU. Nothing in it is run."
        )
        st.file_uploader("Trace", type=["json"], key=_key("upload"), label_visibility="collapsed", on_change=_opened)


def problem() -> None:
    """Say why the file that was chosen last could not be opened, if so."""
    found = session.state().get(_PROBLEM)
    if found:
        note_panel(found)


def _key(word: str) -> str:
    """Another key after each trace that was opened: the browser then makes the panel anew, which is closed."""
    opened = opened_trace(PAGE)
    return f"{PAGE}:{word}:{opened[2] if opened is not None else 0}"


def _opened() -> None:
    session.state().pop(_PROBLEM, None)
    upload = session.state().get(_key("upload"))
    if upload is None:
        return
    try:
        trace = opened_trace(upload.name, upload.getvalue())
    except OpenError as problem:
        session.state()[_PROBLEM] = str(problem)
        return
    open_trace(PAGE, upload.name, trace)
