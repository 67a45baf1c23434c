"""Asking the function: one question for each section, and the choices that most questions share."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import streamlit as st

from app import results, session
from app.derivatives.function import PAGE, derivatives_state
from components.trace import Answered, Asked, Function, Input, Unanswered, Verdict
from components.widgets.panels import note_panel

_MOST_ELEMENTS = 64
_LARGEST = 1e300


def ask(section: str, text: str, question: Asked) -> Answered | None:
    """Ask the function a question; show progress, failure or why there is no answer, and then return ``None``."""
    page, state = f"{PAGE}-{section}", derivatives_state()
    session.ask(page, text, question)
    if results.progress(page):
        return None
    trace = session.trace(page)
    if trace is None:
        return None
    state.failure = text, trace.failure
    answer = trace.answer
    if trace.failure is not None:
        results.failure(trace)
        return None
    if isinstance(answer, Unanswered):
        if answer.function is not None and known(text) is None:
            state.function = text, answer.function
            st.rerun()  # now there is something to choose from
        note_panel(answer.problem)
        return None
    if isinstance(answer, Answered) and not isinstance(answer, Verdict):
        state.function = text, answer.function
        return answer
    return None


def chosen(text: str, *, one_number: bool) -> tuple[tuple[str, ...] | None, tuple[int, ...] | None]:
    """Let the person choose inputs and, where one number is needed, an element of the output."""
    function = known(text)
    if function is None:
        return None, None
    names = [one.name for one in function.inputs if is_floating(one)]
    inputs: tuple[str, ...] | None = None
    element: tuple[int, ...] | None = None
    if len(names) > 1:
        picked = st.multiselect("Differentiate by", names, default=names, key="derivatives:choice:inputs", width=260)
        inputs = tuple(name for name in names if name in picked) if picked else None
    if one_number and math.prod(function.output_shape) > 1:
        element = _element(function)
    return inputs, element


def _element(function: Function) -> tuple[int, ...] | None:
    count = min(math.prod(function.output_shape), _MOST_ELEMENTS)
    places = [_place(number, function.output_shape) for number in range(count)]
    return st.selectbox(
        "Element of the output",
        places,
        format_func=lambda place: f"{function.name}{list(place)}",
        key="derivatives:choice:element",
        width=180,
    )


def typed_numbers(label: str, key: str, hint: str) -> tuple[float, ...] | None:
    """Let the person type the numbers of a vector; nothing typed is one in every element."""
    typed = st.text_input(label, key=key, placeholder=hint, width=260)
    words = re.findall(r"[^\s,;\[\]()]+", typed or "")
    numbers = [_number(word) for word in words]
    wrong = [word for word, number in zip(words, numbers, strict=True) if number is None]
    if wrong:
        st.caption(f":red[This is no finite number: {wrong[0]}]")
        st.stop()
    return tuple(number for number in numbers if number is not None) or None


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if abs(number) <= _LARGEST else None


def known(text: str) -> Function | None:
    """Return what the last answer said of the function, if it was about this text."""
    about, function = derivatives_state().function
    return function if about == text else None


def inputs_chosen(function: Function) -> int:
    """How many numbers the function is differentiated by."""
    return sum(math.prod(one.shape) for one in function.inputs if one.chosen)


def is_floating(given: Input) -> bool:
    """Whether an input holds numbers that something can be differentiated by."""
    return given.dtype.startswith(("float", "bfloat"))


def _place(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The index of an element by its number in the row of all."""
    place: list[int] = []
    for size in reversed(shape):
        number, rest = divmod(number, max(size, 1))
        place.insert(0, rest)
    return tuple(place)
