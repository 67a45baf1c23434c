"""What a person has solved and answered in the course: kept in the browser, saved as a file, opened again.

A file is anybody's, so each solved answer in it is checked by running it; only what passes counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import streamlit as st

from app import session
from app.course import Lesson
from app.editors import Editor, touched_editors
from components.facts.text import plural
from components.trace import Exercise as Question
from components.trace import Verdict

_PAGE = "lessons"
_CHECKING = "lessons-opened"
_LONGEST_ANSWER = 50_000
_MOST_BYTES = 4_000_000


class LessonsKept(msgspec.Struct):
    """What the browser keeps of the course as a whole."""

    last: str = ""
    """The slug of the lesson that was open last."""


class LessonKept(msgspec.Struct):
    """What the browser keeps of one lesson; each by itself, so that two tabs do not overwrite each other's."""

    solved: str | None = None
    """The last answer that passed all checks."""
    hints_seen: int = 0
    predicted: list[str] = msgspec.field(default_factory=list)


def kept_of(lesson: Lesson) -> LessonKept:
    """Return what the browser keeps of a lesson."""
    return session.kept(LessonKept, f"{_PAGE}:{lesson.slug}")


@dataclass
class LessonsState:
    """What the Lessons page remembers of this visit."""

    unnamed: str = ""
    """The lesson that the address without a lesson stands for."""
    choice: str = ""
    """The key of the list of lessons, as it was shown last."""
    checked: tuple[str, str] = "", ""
    """The slug of the exercise that was checked last, and the answer."""
    not_a_number: str = ""
    """The key of the field in which something else was typed."""
    followed: tuple[str, str] = "", ""
    """The lesson, and how many answers a link showed of it."""
    telling: tuple[str, int] = "", 0
    """The slug of the lesson and the number of the prediction whose answer is shown before the next is asked."""
    hint_last: bool = False
    """A hint was asked for after the last check."""
    lead_to: int = 0
    """The line whose first step the picture is to show next; 0 for none."""
    to_check: str = ""
    """The slug of the exercise that is to be checked when its answer is run next."""
    damaged: str = ""
    """Why a file of progress could not be read."""


@dataclass
class Opened:
    """The solved answers of an opened file on their way through the checks."""

    total: int = 0
    waiting: list[tuple[Lesson, str]] = field(default_factory=list)
    passed: list[Lesson] = field(default_factory=list)
    failed: list[tuple[Lesson, str]] = field(default_factory=list)
    """Those that do not pass, and why."""
    started: str = ""
    """The slug of the one whose checks were started last."""
    stopped: bool = False
    unknown: list[str] = field(default_factory=list)
    """Slugs of lessons that are not here."""
    shown: bool = False


def open_lesson() -> Lesson | None:
    """Return the lesson that is open, or was last."""
    last = session.kept(LessonsKept, _PAGE).last
    return next((lesson for lesson in session.course().lessons if lesson.slug == last), None)


def solved(lessons: Sequence[Lesson]) -> dict[str, str]:
    """Return the solved answers of this person by the lessons' slugs."""
    kept = session.in_browser().pages(LessonKept)
    answers = {lesson.slug: kept_of(lesson).solved for lesson in lessons if f"{_PAGE}:{lesson.slug}" in kept}
    return {slug: answer for slug, answer in answers.items() if answer is not None}


def is_solved(lesson: Lesson) -> bool:
    """Whether this person has solved the exercise."""
    return lesson.slug in solved([lesson])


def editor_of(lesson: Lesson) -> Editor:
    """Return the editor of a lesson."""
    return Editor(f"{_PAGE}:editor:{lesson.slug}", lesson.source)


def fill_editor(lesson: Lesson, text: str) -> None:
    """Put a text into the editor of a lesson, which may not be on the page."""
    editor_of(lesson).fill(text)


# --- the file


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By the lesson's slug: the answers that passed all checks, and what else stands in the editors."""

    solved: dict[str, str] = msgspec.field(default_factory=dict)
    answers: dict[str, str] = msgspec.field(default_factory=dict)


class DamagedProgress(ValueError):
    """The file is no saved progress; the message says so."""


def read_progress(data: bytes) -> Progress:
    """Read a file; raises ``DamagedProgress``."""
    if len(data) > _MOST_BYTES:
        raise DamagedProgress("This file is too large to be saved progress.")
    try:
        saved = msgspec.json.decode(data, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DamagedProgress("This file is not saved progress. Choose the file that *Save progress* gave.") from None
    if any(len(text) > _LONGEST_ANSWER for text in [*saved.solved.values(), *saved.answers.values()]):
        raise DamagedProgress("An answer in this file is longer than any that *Save progress* writes.")
    return saved


def progress_file(lessons: Sequence[Lesson]) -> bytes:
    """Return what was solved, what is unfinished, and which lessons were changed, as JSON."""
    correct, touched, answers = solved(lessons), touched_editors(), {}
    for lesson in lessons:
        editor = editor_of(lesson)
        if editor.key not in touched:
            continue
        text = editor.text
        if text not in (lesson.source, correct.get(lesson.slug)) and len(text) <= _LONGEST_ANSWER:
            answers[lesson.slug] = text
    return msgspec.json.format(msgspec.json.encode(Progress(correct, answers)), indent=2)


def open_progress(lessons: Sequence[Lesson], data: bytes) -> None:
    """Put the answers of a file into the editors, and let those that were solved be checked; ``DamagedProgress``."""
    saved = read_progress(data)
    known = {lesson.slug: lesson for lesson in lessons}
    texts = saved.solved | saved.answers
    opened = _opened()
    opened.waiting = [(known[slug], text) for slug, text in saved.solved.items() if _exercise(known.get(slug))]
    opened.total, opened.passed, opened.failed, opened.shown = len(opened.waiting), [], [], True
    opened.unknown = sorted(texts.keys() - known.keys())
    opened.started, opened.stopped = "", False
    for slug, text in texts.items():
        if slug in known:
            fill_editor(known[slug], text)
    session.stop(_CHECKING)


def _exercise(lesson: Lesson | None) -> bool:
    return lesson is not None and lesson.exercise is not None


# --- the checks of an opened file


def checking() -> None:
    """Show how far the checks of an opened file are, and at last what they found."""
    opened = _opened()
    if not opened.shown:
        return
    if opened.waiting:
        _watch()
    else:
        _found(opened)


@st.fragment(run_every=0.4)
def _watch() -> None:
    opened = _opened()
    with st.container(horizontal=True, vertical_alignment="center", key="lessons-checking"):
        bar = st.progress(0.0)
        st.button("Stop", key="lessons:stop-checking", icon=":material/stop_circle:", on_click=_stop)
    while opened.waiting:
        lesson, answer = opened.waiting[0]
        done = opened.total - len(opened.waiting)
        bar.progress(done / opened.total, text=f"Checking {done + 1} of {opened.total} · {lesson.name}")
        if opened.started != lesson.slug:
            opened.started = lesson.slug
            assert lesson.exercise is not None
            session.start(_CHECKING, answer, Question(checks=lesson.exercise.checks, solution=lesson.exercise.solution))
        if session.collect(_CHECKING):
            return
        _judge(opened)
    st.rerun()


def _judge(opened: Opened) -> None:
    """Take in what the checks of the first that waits have found."""
    lesson, answer = opened.waiting.pop(0)
    shown = session.shown(_CHECKING)
    assert shown is not None
    verdict = shown.head.answer
    if isinstance(verdict, Verdict) and verdict.solved and shown.failure is None:
        opened.passed.append(lesson)
        kept_of(lesson).solved = answer
    elif shown.failure is not None:
        opened.failed.append((lesson, "its program fails"))
    else:
        checks = verdict.checks if isinstance(verdict, Verdict) else []
        opened.failed.append(
            (lesson, f"{sum(check.passed for check in checks)} of {plural(len(checks), 'check')} pass")
        )


def _stop() -> None:
    session.stop(_CHECKING)
    _opened().waiting.clear()
    _opened().stopped = True


def _found(opened: Opened) -> None:
    """Say what counts, and what does not."""
    parts = []
    if opened.total:
        parts.append(f"**{len(opened.passed)} of {plural(opened.total, 'solved answer')} checked and counted.**")
    else:
        parts.append("**The answers are in the editors.** None of them was marked as solved.")
    for lesson, why in opened.failed:
        parts.append(f"{lesson.name} ({lesson.title}) does not pass: {why}.")
    if opened.stopped:
        parts.append("The checks were stopped; what was not checked does not count. Its answer is in its editor.")
    if opened.unknown:
        parts.append(f"Lessons that are not here: {', '.join(map(_as_name, opened.unknown[:10]))}.")
    good = opened.total == len(opened.passed) and not opened.unknown
    with st.container(horizontal=True, vertical_alignment="center", key="lessons-opened"):
        (st.success if good else st.warning)(" ".join(parts))
        st.button("Close", key="lessons:close-opened", type="tertiary", on_click=setattr, args=(opened, "shown", False))


def _as_name(slug: str) -> str:
    """Return a stranger's word for a lesson as Markdown, so that it is no markup of theirs."""
    plain = re.sub(r"[^\w -]", "?", slug[:60])
    return f"`{plain or '?'}`"


def _opened() -> Opened:
    return session.remembered(Opened, _PAGE)
