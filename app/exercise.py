"""An exercise beside its editor: the task, Check with what each check found, hints one at a time, the solution."""

from __future__ import annotations

import msgspec
import streamlit as st

from app import results, session
from app.course import Exercise, Lesson
from components.trace import Exercise as Question
from components.trace import Trace, Verdict
from components.widgets.panels import verdict_panel

_PAGE = "lessons-check"


def task(lesson: Lesson) -> None:
    """Show what is to be done."""
    solved = " · :green[:material/check_circle: solved]" if is_solved(lesson) else ""
    with st.expander(f"**{lesson.title}**{solved}", expanded=True, icon=":material/assignment:"):
        for text in lesson.texts:
            st.markdown(text.partition("\n")[2] if text.startswith("# ") else text)


def checking(lesson: Lesson, exercise: Exercise, answer: str) -> None:
    """Show the Check button, what the checks found, and the hints. ``answer`` is the program as it stands."""
    shown = len(exercise.hints)
    key = f"lessons:hints:{lesson.slug}"
    seen = int(session.state().get(key, 0))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Check", key="lessons:check", type="primary", icon=":material/task_alt:"):
            session.state()[f"{_PAGE}:for"] = lesson.slug, answer
            session.start(_PAGE, answer, Question(checks=exercise.checks))
        if seen < shown and st.button(f"Hint {seen + 1} of {shown}", key="lessons:hint", icon=":material/lightbulb:"):
            session.state()[key] = seen = seen + 1
            st.rerun()
    _found(lesson, answer)
    for number, hint in enumerate(exercise.hints[:seen], start=1):
        with st.container(border=True):
            st.markdown(f"**Hint {number}.** {hint}")
    if seen >= shown or is_solved(lesson):
        with st.expander("The reference solution", icon=":material/visibility:"):
            st.code(exercise.solution, language="python")


def _found(lesson: Lesson, answer: str) -> None:
    """What the checks of this exercise found, if they ran."""
    slug, checked = session.state().get(f"{_PAGE}:for", (None, None))
    if slug != lesson.slug:
        return
    if results.progress(_PAGE):
        return
    trace = session.trace(_PAGE)
    if trace is None:
        return
    _tell(lesson, trace)
    if checked != answer:
        st.caption("The program has changed since it was checked.")


def _tell(lesson: Lesson, trace: Trace) -> None:
    if trace.failure is not None:
        st.markdown("**The checks could not run, since the program failed:**")
        results.failure(trace)
    elif isinstance(trace.answer, Verdict):
        verdict_panel(trace.answer)
        if trace.answer.solved and not is_solved(lesson):
            note_solved(lesson.slug, trace.program.source)
            st.rerun()


_KEY = "progress"
_LONGEST_ANSWER = 50_000
_MOST_BYTES = 4_000_000


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers that passed all checks, by the lesson's slug."""

    solved: dict[str, str] = msgspec.field(default_factory=dict)


class DamagedProgress(ValueError):
    """The file is no saved progress; the message says so."""


def progress() -> Progress:
    """Return this session's progress."""
    found = session.state().get(_KEY)
    return found if isinstance(found, Progress) else Progress()


def note_solved(slug: str, answer: str) -> None:
    """Remember that ``answer`` solved an exercise; the last one that did counts."""
    session.state()[_KEY] = Progress({**progress().solved, slug: answer})


def is_solved(lesson: Lesson) -> bool:
    """Whether this person has solved the exercise."""
    return lesson.slug in progress().solved


def as_file() -> bytes:
    """Return the progress as JSON."""
    return msgspec.json.format(msgspec.json.encode(progress()), indent=2)


def restore(data: bytes) -> int:
    """Add saved progress to this session's and return how many exercises it holds; raises ``DamagedProgress``."""
    try:
        if len(data) > _MOST_BYTES:
            raise DamagedProgress("This file is too large to be saved progress.")
        saved = msgspec.json.decode(data, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DamagedProgress("This file is not saved progress. Choose the file that *Save progress* gave.") from None
    kept = {slug: answer for slug, answer in saved.solved.items() if len(answer) <= _LONGEST_ANSWER}
    session.state()[_KEY] = Progress({**progress().solved, **kept})
    return len(kept)
