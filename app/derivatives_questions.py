"""What the Derivatives page asks: of which function (typed, an example, cut out of a program), and what of it.

Each section asks one question; the choices that most questions share are here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import advice, linked, results, session
from app.editors import Editor
from app.examples import FIRST_FUNCTION, FUNCTIONS
from app.workbench import heading
from components.facts.variables import Variables
from components.reading import KeptTrace
from components.reading.sections import variables_of
from components.source.function_text import NoFunction, function_text
from components.trace import Answered, Asked, Failure, Findings, Function, Input, Unanswered, Verdict
from components.widgets.editor import Problem, code_editor
from components.widgets.panels import note_panel

PAGE = "derivatives"
EDITOR = Editor(f"{PAGE}:editor", FIRST_FUNCTION)


@dataclass
class DerivativesState:
    """What the Derivatives page remembers."""

    failure: tuple[str, Failure | None] = "", None
    """How the last run ended, and of which text."""
    function: tuple[str, Function | None] = "", None
    """What the last answer said of the function, and of which text."""


def derivatives_state() -> DerivativesState:
    """Return what this session's Derivatives page remembers."""
    return session.remembered(DerivativesState, PAGE)


def edit(problem: Problem | None) -> str:
    """Show the editor and what fills it; return the text that was run last."""
    linked.follow(EDITOR)
    with heading(PAGE, "Derivatives"):
        with st.popover("Examples", icon=":material/list:"):
            for name, text in FUNCTIONS.items():
                st.button(name, key=f"{PAGE}:example:{name}", width="stretch", on_click=_fill, args=(text,))
        with st.popover("From my program", icon=":material/content_cut:"):
            _from_program()
    edited = EDITOR.typed()
    asked, pressed = EDITOR.asks(edited), EDITOR.take_press()
    if asked or pressed:
        EDITOR.run(edited.text)
    code_editor(
        edited,
        key=EDITOR.key,
        words=session.completions(),
        problem=problem,
        height=330,
        label="A function and the point at which to look at it",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Run", key=f"{PAGE}:run", type="primary", icon=":material/play_arrow:", on_click=EDITOR.press)
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
    linked.note(EDITOR)
    text, failure = derivatives_state().failure
    if failure is not None and text == EDITOR.ran:
        advice.failure(failure, text, advice.in_editor(EDITOR))
    return EDITOR.ran


def _fill(text: str) -> None:
    """Fill the editor, run that, and forget the choices, which were about another function."""
    widgets = session.widgets()
    EDITOR.fill(text)
    for key in [key for key in widgets if str(key).startswith(f"{PAGE}:choice:")]:
        del widgets[key]


def _from_program() -> None:
    page = session.latest()
    shown = session.shown(page) if page is not None else None
    if page is None or shown is None:
        st.markdown("There is no program yet. Run one on **Code**, **Lessons** or **Playground**, and come back.")
        return
    variables = session.look(page, variables_of)
    if not _usable(shown) or not variables.outputs or not variables.inputs:
        st.markdown(
            f"The program on **{session.PROGRAM_PAGES[page]}** has no variable that was computed from a leaf with "
            "`requires_grad=True`."
        )
        return
    _choose(page, shown.program.source, variables)


def _choose(page: str, source: str, variables: Variables) -> None:
    st.markdown(f"The program on **{session.PROGRAM_PAGES[page]}**, as a function:")
    output = st.selectbox("Output", variables.outputs, key="derivatives:output")
    inputs = st.multiselect("Differentiate by", variables.inputs, default=variables.inputs[:4], key="derivatives:by")
    if not inputs or output is None:
        st.caption("Choose at least one input.")
        return
    try:
        text = function_text(source, output, inputs)
    except NoFunction as none:
        note_panel(str(none))
        return
    st.code(text, language="python", height=240)
    st.button("Use this function", type="primary", key="derivatives:use", on_click=_fill, args=(text,))


def _usable(shown: KeptTrace) -> bool:
    """Whether the program was read to its end by Python, so that reading it here is safe."""
    return shown.failure is None or shown.failure.kind == "raised"


_MOST_ELEMENTS = 64
_LARGEST = 1e300


def ask(section: str, text: str, question: Asked) -> Answered | None:
    """Ask the function a question; show progress, failure or why there is no answer, and then return ``None``."""
    page, state = f"{PAGE}-{section}", derivatives_state()
    session.ask(page, text, question)
    if results.progress(page):
        return None
    shown = session.shown(page)
    if shown is None:
        return None
    state.failure = text, shown.failure
    answer = shown.head.answer
    if shown.failure is not None:
        st.html('<p class="al-note">The function stops with an error: it stands below the function.</p>')
        return None
    if isinstance(answer, Unanswered):
        if answer.function is not None and known(text) is None:
            state.function = text, answer.function
            st.rerun()  # now there is something to choose from
        note_panel(answer.problem)
        return None
    if isinstance(answer, Answered) and not isinstance(answer, Findings | Verdict):
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
