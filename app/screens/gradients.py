"""The Gradients page: every leaf's `.grad` over the calls, beside the player of the same program."""

from __future__ import annotations

import streamlit as st

from app import gradients, graph, program_choice, results
from app.examples import GRADIENTS


def page() -> None:
    """Show the charts on the left and the player on the right."""
    charted, played = st.columns([0.56, 0.44], gap="medium")
    with charted:
        with st.container(horizontal=True, vertical_alignment="center"):
            index = program_choice.choose(gradients.PAGE, GRADIENTS)
            chart = gradients.choose()
        if program_choice.waiting(gradients.PAGE) or index is None:
            return
        history = gradients.history_of(index)
        if index.trace.failure is not None:
            results.failure(index.trace)
        gradients.show(chart, index, history)
    with played:
        graph.show(gradients.PAGE, above=190)
        with st.expander("What it printed and its leaves", icon=":material/terminal:"):
            results.below(index.trace)


page()
