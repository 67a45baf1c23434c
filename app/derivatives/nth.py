"""The section of n-th derivatives: a table of them, and the graph that each adds."""

from __future__ import annotations

import streamlit as st

from app import graph, results, session
from app.derivatives.asking import ask, chosen, inputs_chosen, known, typed_numbers
from components.facts.text import plain_in_markdown, values_text
from components.figures.charts.derivatives import nth_table, nth_words
from components.trace import NthDerivatives, NthDerivativesAnswer
from components.widgets.panels import note_panel


def nth_derivatives(text: str) -> None:
    """Show the section."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.slider("Up to order", 1, 6, 3, key="derivatives:order", width=200)
        inputs, element = chosen(text, one_number=True)
        direction = None
        function = known(text)
        if function is not None and inputs_chosen(function) > 1:
            direction = typed_numbers("Direction v", "derivatives:choice:direction", "1, 1, … (ones)")
    answer = ask("nth", text, NthDerivatives(inputs=inputs, element=element, order=order, direction=direction))
    if not isinstance(answer, NthDerivativesAnswer):
        return
    if answer.direction is not None:
        numbers = values_text(answer.direction, 60) or f"{len(answer.direction)} numbers"
        st.caption(f"Of several inputs: g(t) = {answer.function.name}(x + t·v) at t = 0, along v = {numbers}.")
    st.markdown(nth_table(answer))
    st.caption(nth_words(answer))
    if answer.problem is not None:
        note_panel(answer.problem)
    if answer.no_formula is not None:
        st.caption(f"No formula from SymPy: {plain_in_markdown(answer.no_formula)}")
    for note in answer.notes:
        st.caption(plain_in_markdown(note))
    _graph_of(text, answer)


def _graph_of(text: str, answer: NthDerivativesAnswer) -> None:
    """The graph that each derivative adds, in the player: the function's program goes on with these lines."""
    with st.expander("The lines that compute them", icon=":material/code:"):
        st.code(answer.code, language="python")
    page, source = "derivatives-graph", f"{text.rstrip()}\n\n{answer.code.removeprefix('import torch').lstrip()}"
    if "import torch" not in text:
        source = f"import torch\n{source}"
    if session.state().get(f"{page}:source") != source:
        session.state()[f"{page}:source"] = source
        session.start(page, source)
    if not results.progress(page):
        graph.show(page, above=230, show_code=False)
