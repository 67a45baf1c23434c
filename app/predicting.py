"""Predict, then reveal: a lesson's question beside its picture, the program up to it, and after an answer the rest.

What a person answered is kept in the browser, in the order of the questions; ``SHOWN`` where they asked to be shown.
"""

from __future__ import annotations

import streamlit as st

from app import graph, session
from app.course import Lesson
from app.predictions import SHOWN, Prediction, read_number
from app.progress import LessonsState, kept_of
from components.reading.account import first_moment

_PAGE = "lessons"


def program(lesson: Lesson, text: str) -> str:
    """Return what is to be run of a text in the lesson's editor: of the lesson's own as far as nobody has answered."""
    return lesson.source_before(len(_given(lesson))) if text == lesson.source else text


def answered(lesson: Lesson) -> int:
    """Return how many of the lesson's questions have been answered."""
    return len(_given(lesson))


def show_all(lesson: Lesson) -> None:
    """The whole program was asked for: nothing is left to be predicted."""
    _show(lesson, len(lesson.predictions))


def follow_link(lesson: Lesson) -> None:
    """Show, once, what was shown where the page's address was shared: a step of it may be behind a question."""
    state, told = session.remembered(LessonsState, _PAGE), session.address().get("answered", "")
    if state.followed != (lesson.slug, told):
        state.followed = lesson.slug, told
        if told.isdecimal():
            _show(lesson, min(int(told[:3]), len(lesson.predictions)))


def _show(lesson: Lesson, count: int) -> None:
    given = _given(lesson)
    _put(lesson, [*given, *[SHOWN] * (count - len(given))])


def panel(lesson: Lesson, text: str) -> int:
    """Show the question whose turn it is, or how the one before was answered; return about how high that is.

    ``text`` is what the editor ran.
    """
    count, of = answered(lesson), len(lesson.predictions)
    if text != lesson.source:
        if count == of:
            return 0
        st.html(
            '<p class="al-note">The program was changed, so the lesson\'s questions wait. Reset brings them back.</p>'
        )
        return 30
    if not of:
        return 0
    _lead(lesson, text)
    with st.container(key="lessons-predict"):
        if count == of or session.remembered(LessonsState, _PAGE).telling == (lesson.slug, count - 1):
            _told(lesson, count - 1)
            return 125
        _asked(lesson, count)
        # Choices that do not fit beside each other stand below.
        rows = sum(len(choice) + 10 for choice in lesson.predictions[count].choices) // 70
        return 100 + 52 * rows


# --- the question


def _asked(lesson: Lesson, number: int) -> None:
    """Ask; the program has run up to here."""
    asked, of = lesson.predictions[number], len(lesson.predictions)
    count = f" {number + 1} of {of}" if of > 1 else ""
    st.markdown(f"**Predict{count}.** {asked.question}")
    key = f"lessons:predict:{lesson.slug}:{number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for place, choice in enumerate(asked.choices):
            st.button(choice, key=f"{key}:{place}", on_click=_answer, args=(lesson, choice))
        if asked.choices:
            st.button("Show me", key=f"{key}:show", type="tertiary", on_click=_answer, args=(lesson, SHOWN))
        else:
            _field(lesson, key)
    if session.remembered(LessonsState, _PAGE).not_a_number == key:
        st.caption(":red[That is not a number.] Write it like 24, 0.5, 1/3 or -2e3.")


def _field(lesson: Lesson, key: str) -> None:
    """The field for a number; a form, since looking at the picture in between is no answer yet."""
    with st.form(f"{key}:form", border=False), st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input("Your answer, a number", key=key, placeholder="a number", label_visibility="collapsed", width=150)
        st.form_submit_button("Answer", key=f"{key}:send", type="primary", on_click=_typed, args=(lesson, key))
        st.form_submit_button("Show me", key=f"{key}:show", type="tertiary", on_click=_answer, args=(lesson, SHOWN))


def _typed(lesson: Lesson, key: str) -> None:
    """Take a number that was typed; anything else is asked for again."""
    text = str(session.widgets().get(key) or "")
    if read_number(text) is None:
        session.remembered(LessonsState, _PAGE).not_a_number = key
        return
    _answer(lesson, text.strip())


def _answer(lesson: Lesson, given: str) -> None:
    before = _given(lesson)
    state = session.remembered(LessonsState, _PAGE)
    state.lead_to, state.not_a_number = lesson.predictions[len(before)].line, ""
    state.telling = lesson.slug, len(before)
    _put(lesson, [*before, given])


# --- the answer


def _told(lesson: Lesson, number: int) -> None:
    """Say whether the prediction was right, and why it is so."""
    asked = lesson.predictions[number]
    with st.container(horizontal=True, vertical_alignment="top"):
        with st.container():
            st.markdown(f"{_verdict(asked, _given(lesson)[number])} {asked.why}")
        with st.container(width="content", gap="xsmall", key="lessons-predict-next"):
            if number + 1 < len(lesson.predictions):
                st.button("Next question", key=f"lessons:ask:{lesson.slug}", type="primary", on_click=_go_on)
            st.button(
                "Show the step",
                key=f"lessons:step:{lesson.slug}",
                on_click=_lead_again,
                args=(asked.line,),
                help="Leads the picture to the first step behind the question; → goes on.",
            )
            if number + 1 == len(lesson.predictions):
                key = f"lessons:ask-again:{lesson.slug}"
                st.button("Ask me again", key=key, type="tertiary", on_click=_put, args=(lesson, []))


def _verdict(asked: Prediction, given: str) -> str:
    if given == SHOWN:
        return f"**It is: {asked.answer}.**"
    if asked.is_right(given):
        return f":green[:material/check_circle: **Right: {asked.answer}.**]"
    return f":orange[:material/cancel: **Not {given}.**] **It is: {asked.answer}.**"


def _go_on() -> None:
    session.remembered(LessonsState, _PAGE).telling = "", 0


def _lead_again(line: int) -> None:
    session.remembered(LessonsState, _PAGE).lead_to = line


def _lead(lesson: Lesson, text: str) -> None:
    """Lead the player to the first step behind the question that was answered, once its program has run."""
    state, shown = session.remembered(LessonsState, _PAGE), session.shown(_PAGE)
    if not state.lead_to or shown is None or shown.program.source != program(lesson, text):
        return
    moment, state.lead_to = session.look(_PAGE, first_moment, state.lead_to), 0
    if moment is not None:
        graph.lead(_PAGE, moment)


def _given(lesson: Lesson) -> list[str]:
    return kept_of(lesson).predicted[: len(lesson.predictions)]


def _put(lesson: Lesson, given: list[str]) -> None:
    kept_of(lesson).predicted = given
