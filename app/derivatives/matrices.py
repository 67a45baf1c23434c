"""The section of gradient, Jacobian, Hessian, JVP, VJP and directional derivative, each computed in two ways."""

from __future__ import annotations

import streamlit as st

from app.charts import chart
from app.derivatives.asking import ask, chosen, typed_numbers
from components.facts.derivatives import matrix_info, spectrum_words
from components.facts.text import number_text
from components.figures.charts.derivatives import matrix_figure
from components.trace import Derivative, DerivativeAnswer, Quantity
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


def matrices(text: str) -> None:
    """Show the section."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Quantity", list(_QUANTITIES), default="Jacobian", key="derivatives:quantity", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        quantity = _QUANTITIES[name or "Jacobian"]
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
