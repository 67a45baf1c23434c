"""The Playground: an expression, its leaves, and buttons that write the program which runs."""

from __future__ import annotations

import streamlit as st

from app import graph, playground_form, results, session
from app.workbench import frame
from components.source.form import FormError, write_source
from components.widgets.panels import note_panel


def page() -> None:
    """Show the form on the left, what it does in the middle and below what it means."""
    did, made = frame("playground", [0.64, 0.36])
    with made:
        form = playground_form.edit()
        try:
            source = write_source(form)
        except FormError as problem:
            note_panel(str(problem))  # and what was computed last stays in view
        else:
            session.ask("playground", source)
            with st.expander("The program that runs", icon=":material/code:"):
                st.code(source, language="python")
    with did:
        if results.progress("playground"):
            return
    trace = session.trace("playground")
    if trace is None:
        return
    with did:
        results.failure(trace)
        graph.show("playground", above=150)
        results.below(trace)


page()
