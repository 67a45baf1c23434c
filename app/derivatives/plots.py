"""The Plot section of the Derivatives page: a curve with its tangent, or a surface with a descent."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app.controls import chart
from app.derivatives.questions import ask, chosen, is_floating, known
from components.facts.derivatives import curve_info, descent_words, surface_info
from components.facts.text import number_text, plain_in_markdown
from components.figures.charts.derivatives import curve_figure, surface_figure
from components.trace import Curve, CurveAnswer, Derivative, Input, Surface, SurfaceAnswer
from components.widgets.panels import note_panel

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
