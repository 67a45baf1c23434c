"""An exercise beside its editor: the task, Check with what each check found, hints one at a time, the solution."""

from __future__ import annotations

import streamlit as st

from app import advice, results, session
from app.course import Exercise, Lesson
from app.progress import LessonsState, editor_of, is_solved, kept_of
from components.reading import KeptTrace
from components.trace import Exercise as Question
from components.trace import Verdict
from components.widgets.panels import verdict_panel

_PAGE = "lessons-check"


def check_button(lesson: Lesson) -> None:
    """Show the button that runs the answer and its checks."""
    key = f"lessons:check:{lesson.slug}"
    st.button("Check", key=key, type="primary", icon=":material/task_alt:", on_click=_ask_to_check, args=(lesson,))


def _ask_to_check(lesson: Lesson) -> None:
    session.remembered(LessonsState, "lessons").to_check = lesson.slug
    editor_of(lesson).press()


def check(lesson: Lesson, exercise: Exercise, answer: str) -> None:
    """Run the checks on an answer that is run, if that was asked too."""
    state = session.remembered(LessonsState, "lessons")
    wanted, state.to_check = state.to_check == lesson.slug, ""
    if wanted:
        state.checked, state.hint_last = (lesson.slug, answer), False
        session.start(_PAGE, answer, Question(checks=exercise.checks, solution=exercise.solution))


def hint_button(lesson: Lesson, exercise: Exercise) -> None:
    """Show the button for the next hint, as long as there is one."""
    kept, count = kept_of(lesson), len(exercise.hints)
    if kept.hints_seen < count:
        label = f"Hint {kept.hints_seen + 1} of {count}"
        key = f"lessons:hint:{lesson.slug}"
        st.button(label, key=key, icon=":material/lightbulb:", on_click=_see_hint, args=(lesson, kept.hints_seen + 1))


def _see_hint(lesson: Lesson, number: int) -> None:
    kept_of(lesson).hints_seen = number
    session.remembered(LessonsState, "lessons").hint_last = True


def found(lesson: Lesson, exercise: Exercise, answer: str) -> None:
    """Show what the checks found, the hints and at last the solution. ``answer`` is the program as it stands."""
    seen = kept_of(lesson).hints_seen
    with st.container(key="lessons-found"):
        # What was asked for last comes first: there is little room.
        hints_first = session.remembered(LessonsState, "lessons").hint_last
        if hints_first:
            _hints(exercise.hints[:seen])
        _verdict(lesson, answer)
        if not hints_first:
            _hints(exercise.hints[:seen])
        if seen >= len(exercise.hints) or is_solved(lesson):
            with st.expander("The reference solution", icon=":material/visibility:"):
                st.code(exercise.solution, language="python")


def _hints(seen: tuple[str, ...]) -> None:
    for number, hint in reversed(list(enumerate(seen, start=1))):
        with st.container(border=True):
            st.markdown(f"**Hint {number}.** {hint}")


def _verdict(lesson: Lesson, answer: str) -> None:
    """What the checks of this exercise found, if they ran."""
    slug, checked = session.remembered(LessonsState, "lessons").checked
    if slug != lesson.slug or results.progress(_PAGE):
        return
    shown = session.shown(_PAGE)
    if shown is None:
        return
    if checked != answer:
        st.html(
            '<p class="al-note al-old">The answer has changed since it was checked. This is about the one before.</p>'
        )
    with st.container(key="lessons-verdict-old" if checked != answer else "lessons-verdict"):
        verdict = shown.head.answer
        if shown.failure is not None:
            _failed(lesson, shown)
        elif isinstance(verdict, Verdict):
            verdict_panel(verdict)
            if verdict.solved and kept_of(lesson).solved != checked:
                first = not is_solved(lesson)
                kept_of(lesson).solved = checked
                if first:
                    st.rerun()


def _failed(lesson: Lesson, shown: KeptTrace) -> None:
    """Say that the checks could not run, and why, unless the page says that of the answer's own run."""
    st.markdown("**The checks could not run, since the program failed:**")
    own = session.shown("lessons")
    if own is None or own.failure is None or own.program.source != shown.program.source:
        results.failure(shown, advice.in_editor(editor_of(lesson), name=":checked"))
