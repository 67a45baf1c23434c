"""The sections of the Derivatives page: n-th derivatives, matrices in two ways, checks, curves and surfaces."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import graph, results, session
from app.controls import chart, one_of
from app.derivatives_questions import ask, chosen, inputs_chosen, is_floating, known, typed_numbers
from components.facts.derivatives import (
    check_words,
    curve_info,
    descent_words,
    matrix_info,
    spectrum_words,
    surface_info,
)
from components.facts.text import number_text, plain_in_markdown, values_text
from components.figures.charts.derivatives import (
    check_rows,
    curve_figure,
    matrix_figure,
    nth_table,
    nth_words,
    surface_figure,
)
from components.trace import (
    Checks,
    ChecksAnswer,
    Curve,
    CurveAnswer,
    Derivative,
    DerivativeAnswer,
    Input,
    NthDerivatives,
    NthDerivativesAnswer,
    Quantity,
    Surface,
    SurfaceAnswer,
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


_REACH = 3.0
_FARTHEST = 1e9


def plots(text: str) -> None:
    """Show the plot that the function's inputs allow."""
    if known(text) is None:
        # The simplest question tells what the function takes.
        ask("first", text, Derivative(quantity="jacobian"))
    function = known(text)
    if function is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs, element = chosen(text, one_number=True)
    by = [one for one in function.inputs if (one.name in inputs if inputs is not None else is_floating(one))]
    count = sum(math.prod(one.shape) for one in by)
    point = [number for one in by for number in _flat(one.values)]
    if count == 1 and point:
        _curve(text, inputs, element, by[0].name, point[0])
    elif count == 2 and len(point) == 2:
        _surface(text, inputs, element, _names(by), point)
    elif count in (1, 2):
        note_panel("The point is not a finite number. Bind the input to one, as in x = torch.tensor(2.0).")
    else:
        note_panel(
            f"A plot shows a function of one or two numbers; these inputs are {count:,}. Choose fewer inputs above, or "
            "write a function of the one or two numbers that you want to vary."
        )


def _flat(values: Any) -> list[float]:
    if isinstance(values, list):
        return [number for value in values for number in _flat(value)]
    return [float(values)] if isinstance(values, int | float) else []


def _curve(text: str, inputs: tuple[str, ...] | None, element: tuple[int, ...] | None, name: str, point: float) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        low, high = _range(name, point)
    if not low < high:
        note_panel("The range is empty: its end has to be greater than its beginning.")
        return
    answer = ask("curve", text, Curve(inputs=inputs, element=element, low=low, high=high))
    if not isinstance(answer, CurveAnswer):
        return
    key = f"derivatives:choice:tangent:{low}:{high}"  # a slider cannot remember what is not in its range
    at = st.slider("Tangent at", low, high, min(max(point, low), high), (high - low) / 160, key=key)
    info = curve_info(answer, None if at == point else at)
    if info.value is not None and info.slope is not None:
        name, variable = plain_in_markdown(answer.function.name), plain_in_markdown(info.variable)
        st.markdown(
            f"At {variable} = **{number_text(info.at)}**: {name} = **{number_text(info.value)}**, "
            f"slope {name}′ = **{number_text(info.slope)}**"
        )
    chart(curve_figure(info), "derivatives:curve")
    if answer.problem is not None:
        st.caption(f"Gaps: {plain_in_markdown(answer.problem)}")


def _range(name: str, point: float) -> tuple[float, float]:
    """Let the person say from where to where an input runs."""
    reach = _REACH * max(1.0, abs(point) / 2)
    ends = []
    for word, sign in (("from", -1), ("to", 1)):
        key = f"derivatives:choice:{word}:{name}:{point}"
        value = min(max(round(point + sign * reach, 2), -_FARTHEST), _FARTHEST)
        typed = st.number_input(f"{name} {word}", -_FARTHEST, _FARTHEST, value, key=key, width=116)
        ends.append(float(typed))
    return ends[0], ends[1]


def _names(by: list[Input]) -> tuple[str, str]:
    """The two numbers that vary: two inputs, or the elements of one."""
    if len(by) == 2:
        return by[0].name, by[1].name
    return f"{by[0].name}[0]", f"{by[0].name}[1]"


def _surface(
    text: str,
    inputs: tuple[str, ...] | None,
    element: tuple[int, ...] | None,
    names: tuple[str, str],
    point: list[float],
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, second = _range(names[0], point[0]), _range(names[1], point[1])
        rate = st.number_input("Rate", 0.0, 1e6, 0.05, 0.01, format="%.4g", key="derivatives:choice:rate", width=110)
        steps = st.slider("Descent steps", 0, 200, 20, key="derivatives:choice:steps", width=200)
    if not (first[0] < first[1] and second[0] < second[1]):
        note_panel("The range is empty: its end has to be greater than its beginning.")
        return
    question = Surface(
        inputs=inputs,
        element=element,
        low=(first[0], second[0]),
        high=(first[1], second[1]),
        rate=float(rate),
        steps=int(steps),
    )
    answer = ask("surface", text, question)
    if not isinstance(answer, SurfaceAnswer):
        return
    st.markdown(descent_words(answer, float(rate)))
    st.caption("White arrows: the gradient, which points uphill. Red: the steps of gradient descent. Drag the surface.")
    if answer.problem is not None:
        note_panel(answer.problem)
    chart(surface_figure(surface_info(answer)), "derivatives:surface")
