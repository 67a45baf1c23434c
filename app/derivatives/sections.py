"""The sections that show numbers: n-th derivatives, gradient to Hessian computed in two ways, and how they check."""

from __future__ import annotations

import streamlit as st

from app import graph, results, session
from app.controls import chart, one_of
from app.derivatives.questions import ask, chosen, inputs_chosen, known, typed_numbers
from components.facts.derivatives import check_words, matrix_info, spectrum_words
from components.facts.text import number_text, plain_in_markdown, values_text
from components.figures.charts.derivatives import check_rows, matrix_figure, nth_table, nth_words
from components.trace import (
    Checks,
    ChecksAnswer,
    Derivative,
    DerivativeAnswer,
    NthDerivatives,
    NthDerivativesAnswer,
    Quantity,
)
from components.widgets.panels import note_panel

_QUANTITIES: dict[str, Quantity] = {
    "Gradient": "gradient",
    "Jacobian": "jacobian",
    "Hessian": "hessian",
    "JVP": "jvp",
    "VJP": "vjp",
    "Directional": "directional",
}
_MEANINGS: dict[Quantity, str] = {
    "gradient": "One row: the derivative of one number by every input. What `backward()` adds to `.grad`.",
    "jacobian": "A row for each output, a column for each input: how every output moves with every input.",
    "hessian": "The second derivatives of one number: how its gradient moves with every input.",
    "jvp": "The Jacobian times a tangent v of the inputs: how the outputs move when the inputs move along v.",
    "vjp": "A cotangent v of the outputs times the Jacobian. Every step of `backward()` is one of these.",
    "directional": "The slope of one number along the direction v: the gradient times v.",
}


def nth_derivatives(text: str) -> None:
    """Show the derivatives of each order in a table, and the graph that each adds."""
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
    session.ask(page, source)
    if not results.progress(page):
        graph.show(page, above=230, show_code=False)


def matrices(text: str) -> None:
    """Show gradient, Jacobian, Hessian, JVP, VJP or directional derivative, each computed in two ways."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity = _QUANTITIES[one_of("Quantity", _QUANTITIES, "derivatives:quantity", first="Jacobian")]
        inputs, element = chosen(text, one_number=quantity in ("gradient", "hessian", "directional"))
        vector = None
        if quantity in ("jvp", "vjp", "directional"):
            what = "Cotangent v of the output" if quantity == "vjp" else "Tangent v of the inputs"
            vector = typed_numbers(what, f"derivatives:choice:{quantity}", "1, 1, … (ones)")
    st.caption(_MEANINGS[quantity])
    question = Derivative(quantity=quantity, inputs=inputs, element=element, vector=vector)
    answer = ask("matrix", text, question)
    if isinstance(answer, DerivativeAnswer):
        _matrix(answer)


def _matrix(answer: DerivativeAnswer) -> None:
    if answer.numbers:
        size = f"{len(answer.rows):,} × {len(answer.columns):,}"
        name = answer.quantity.upper() if answer.quantity in ("jvp", "vjp") else answer.quantity.capitalize()
        st.markdown(f"**{name}** · {size}")
        chart(matrix_figure(matrix_info(answer)), "derivatives:matrix")
    if answer.spectrum is not None:
        st.markdown("\n".join(f"- {words}" for words in spectrum_words(answer.spectrum)))
    _two_ways(answer)


def _two_ways(answer: DerivativeAnswer) -> None:
    if answer.farthest is not None:
        first, second = answer.farthest.first, answer.farthest.second
        if answer.agree:
            st.markdown(":green[:material/check:] Both ways give the same numbers.")
        else:
            place = f"{answer.rows[answer.farthest.row]} by {answer.columns[answer.farthest.column]}"
            note_panel(f"The two ways differ, most at {place}: {number_text(first, 7)} and {number_text(second, 7)}.")
    for column, way in zip(st.columns(2), answer.ways, strict=False):
        with column:
            seconds = f" · {way.seconds * 1000:.2f} ms" if way.problem is None else ""
            st.markdown(f"**{way.api}**{seconds}")
            st.code(way.code.removeprefix("import torch\n\n").rstrip(), language="python", wrap_lines=True)
            if way.problem is not None:
                note_panel(way.problem)


def checks(text: str) -> None:
    """Hold the derivative against finite differences and SymPy."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs, _ = chosen(text, one_number=False)
    st.caption(
        "In double precision: the derivative that `backward()` gives, beside central differences "
        "(f(x + ε) − f(x − ε)) / 2ε with ε = 10⁻⁶, and beside SymPy's derivative of the formula."
    )
    answer = ask("checks", text, Checks(inputs=inputs))
    if not isinstance(answer, ChecksAnswer):
        return
    words = check_words(answer)
    tell = {True: st.success, False: st.error, None: st.warning}[words.good]
    tell(words.verdict, icon={True: ":material/check_circle:", False: ":material/error:", None: None}[words.good])
    for more in words.more:
        st.caption(more)
    if answer.entries:
        st.markdown(check_rows(answer))
        total = len(answer.rows) * len(answer.columns)
        if total > len(answer.entries):
            st.caption(f"The {len(answer.entries)} entries farthest off, of {total:,}.")
    if answer.gradcheck is False and answer.message:
        with st.expander("What gradcheck says"):
            st.code(answer.message, language=None)
