"""An editor and what its program did: the frame that the Code and Lessons pages share."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import results, session


def workbench(page: str, source: str, *, editor_height: int = 330) -> None:
    """Show the editor, filled with ``source`` whenever that changes, and the results of what was run last."""
    key = f"{page}:editor"
    if session.state().get(f"{page}:given") != source:
        session.state()[f"{page}:given"] = source
        session.state()[key] = source
        session.start(page, source)
    # Streamlit forgets a widget that was not on the last page; the program must not be lost with it.
    session.state()[key] = session.state().get(key, session.state().get(f"{page}:text", source))
    did, made = frame(page, [0.7, 0.3])
    with made:
        _editor(page, key, editor_height)
    with did:
        if results.progress(page):
            return
    trace = session.trace(page)
    if trace is None:
        return
    with did:
        results.graph(page)
        results.below(trace)
    with made:
        results.failure(trace)
        results.status(trace)


def frame(page: str, widths: list[float]) -> list[DeltaGenerator]:
    """Return two columns, of which a wide window shows the first at the right and a phone at the top."""
    with st.container(key=f"{page}-frame"):
        return st.columns(widths, gap="medium")


def _editor(page: str, key: str, height: int) -> None:
    fresh = f"{page}:fresh"

    def typed() -> None:
        session.state()[fresh] = True
        session.start(page, session.state()[key])

    text = st.text_area("Program", key=key, height=height, on_change=typed, label_visibility="collapsed")
    session.state()[f"{page}:text"] = text
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Run", key=f"{page}:again", type="primary", icon=":material/play_arrow:")
        # Leaving the editor for the button has started what was typed already.
        if not session.state().pop(fresh, False) and pressed:
            session.start(page, text, again=True)
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
