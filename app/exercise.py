"""An exercise beside its editor: the task, Check with what each check found, hints one at a time, the solution.

Which exercises a person has solved, and with what, stays in the session, can be saved as a file and read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import streamlit as st

from app import results, session
from app.course import Exercise, Lesson
from components.trace import Exercise as Question
from components.trace import Verdict
from components.widgets.panels import verdict_panel

_PAGE = "lessons-check"
_LONGEST_ANSWER = 50_000
_MOST_BYTES = 4_000_000


@dataclass
class LessonsState:
    """What the Lessons page remembers."""

    last: str = ""
    """The slug of the lesson that was open last."""
    hints_seen: dict[str, int] = field(default_factory=dict)
    checked: tuple[str, str] = "", ""
    """The slug of the exercise that was checked last, and the answer."""
    solved: dict[str, str] = field(default_factory=dict)
    restored: str = ""
    """The uploaded file that progress was read from."""


def task(lesson: Lesson) -> None:
    """Show what is to be done."""
    solved = " · :green[:material/check_circle: solved]" if is_solved(lesson) else ""
    with st.expander(f"**{lesson.title}**{solved}", expanded=True, icon=":material/assignment:"):
        for text in lesson.texts:
            st.markdown(text.partition("\n")[2] if text.startswith("# ") else text)


def checking(lesson: Lesson, exercise: Exercise, answer: str) -> None:
    """Show the Check button, what the checks found, and the hints. ``answer`` is the program as it stands."""
    count, hints_seen = len(exercise.hints), _state().hints_seen
    seen = hints_seen.get(lesson.slug, 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Check", key="lessons:check", type="primary", icon=":material/task_alt:"):
            _state().checked = lesson.slug, answer
            session.start(_PAGE, answer, Question(checks=exercise.checks, solution=exercise.solution))
        if seen < count and st.button(f"Hint {seen + 1} of {count}", key="lessons:hint", icon=":material/lightbulb:"):
            hints_seen[lesson.slug] = seen + 1
            st.rerun()
    _verdict(lesson, answer)
    for number, hint in enumerate(exercise.hints[:seen], start=1):
        with st.container(border=True):
            st.markdown(f"**Hint {number}.** {hint}")
    if seen >= count or is_solved(lesson):
        with st.expander("The reference solution", icon=":material/visibility:"):
            st.code(exercise.solution, language="python")


def _verdict(lesson: Lesson, answer: str) -> None:
    """What the checks of this exercise found, if they ran."""
    slug, checked = _state().checked
    if slug != lesson.slug or results.progress(_PAGE):
        return
    trace = session.trace(_PAGE)
    if trace is None:
        return
    if trace.failure is not None:
        st.markdown("**The checks could not run, since the program failed:**")
        results.failure(trace)
    elif isinstance(trace.answer, Verdict):
        verdict_panel(trace.answer)
        if trace.answer.solved and not is_solved(lesson):
            _state().solved[lesson.slug] = trace.program.source
            st.rerun()
    if checked != answer:
        st.caption("The program has changed since it was checked.")


# --- what was solved


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers that passed all checks, by the lesson's slug: the last that did."""

    solved: dict[str, str] = msgspec.field(default_factory=dict)


class DamagedProgress(ValueError):
    """The file is no saved progress; the message says so."""


def is_solved(lesson: Lesson) -> bool:
    """Whether this person has solved the exercise."""
    return lesson.slug in _state().solved


def progress_file() -> bytes:
    """Return the progress as JSON."""
    return msgspec.json.format(msgspec.json.encode(Progress(_state().solved)), indent=2)


def restore_progress(data: bytes) -> None:
    """Add saved progress to this session's; raises ``DamagedProgress``."""
    try:
        if len(data) > _MOST_BYTES:
            raise DamagedProgress("This file is too large to be saved progress.")
        saved = msgspec.json.decode(data, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DamagedProgress("This file is not saved progress. Choose the file that *Save progress* gave.") from None
    _state().solved |= {slug: answer for slug, answer in saved.solved.items() if len(answer) <= _LONGEST_ANSWER}


def _state() -> LessonsState:
    return session.remembered(LessonsState, "lessons")
