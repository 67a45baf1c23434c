"""The Playground: an expression, its leaves, and buttons that write the program which runs."""

from __future__ import annotations

import streamlit as st

from app import graph, playground_form, session
from app.workbench import ABOVE, MADE, frame, heading, show_told
from components.source.form import FormError, write_source
from components.widgets.panels import note_panel


def page() -> None:
    """Show the form on the left, what it does in the middle and below what it means."""
    making, did = frame("playground", [MADE, 1 - MADE])
    with making:
        with heading("playground", "Playground"):
            pass
        form = playground_form.edit()
        try:
            source = write_source(form)
        except FormError as problem:
            note_panel(str(problem))  # and what was computed last stays in view
        else:
            session.ask("playground", source)
            with st.expander("The program that runs", icon=":material/code:"):
                st.code(source, language="python")
        show_told("playground")
    with did:
        graph.show("playground", above=ABOVE)


page()
