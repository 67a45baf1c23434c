"""The Playground: an expression, its leaves, and buttons that write the program which runs."""

from __future__ import annotations

import streamlit as st

from app import graph, playground_form, playground_leaves, playground_plots, results, session
from app.playground_errors import show_failure
from app.workbench import frame
from components.facts import leaf_rows
from components.source.form import Form, FormError, Written, write_program
from components.widgets.panels import leaves_panel


def page() -> None:
    """Show the form on the left, below it what it did, and the picture on the right."""
    form = playground_form.current()
    written, problem = _written(form)
    if written is not None:
        session.ask("playground", written.source)
    trace = session.trace("playground")
    stopped = trace is not None and written is not None and _stops(written)
    did, made = frame("playground", [0.66, 0.34])
    with made, st.container(key="playground-made", gap="small"):
        playground_form.show_expression(problem)
        playground_leaves.show(form)
        playground_form.show_switches()
        playground_form.show_buttons(stopped)
        playground_plots.show(form, written)
        if written is not None and stopped:
            show_failure(form, written)
        if trace is not None:
            leaves_panel(leaf_rows(trace))
        if written is not None:
            with st.expander("The program that runs", icon=":material/code:"):
                st.code(written.source, language="python")
    with did:
        if not results.progress("playground"):
            graph.show("playground", above=150)


def _written(form: Form) -> tuple[Written | None, FormError | None]:
    try:
        return write_program(form, session.device()), None
    except FormError as problem:
        return None, problem  # and what was computed last stays in view


def _stops(written: Written) -> bool:
    """Whether the program that the form stands for has run, and stopped with an error."""
    trace = session.trace("playground")
    return trace is not None and trace.failure is not None and trace.program.source == written.source


page()
