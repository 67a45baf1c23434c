"""The Lessons page: the course, each lesson ready to run and to change, each exercise to be solved.

The address says which lesson is open, so that Back, Forward and links lead to it; an address without one means the
lesson that was open last.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import streamlit as st

from app import progress, session
from app.controls import download
from app.course import Course, Lesson
from app.lesson_guides import ExerciseGuide, LessonGuide
from app.progress import DamagedProgress, LessonsKept, LessonsState, solved
from app.workbench import frame, heading, workbench
from components.widgets.panels import Markup

# The text wants more of the width than a program. The rest are CSS pixels: the least height of the editor, and what
# more than on other pages is taken beside it: by a lesson's text, by an exercise's task and verdict.
_MADE, _EDITOR, _TEXT, _TASK = 0.44, 200, 270, 330
_SAVED = "lessons:progress"


def page() -> None:
    """Show the lesson that the address or the person asks for."""
    course = session.course()
    slug = _asked(course.lessons)
    lesson = next((lesson for lesson in course.lessons if lesson.slug == slug), None)
    progress.checking()
    for problem in course.problems:
        st.warning(f"A lesson was left out. {problem}", icon=":material/report:")
    if lesson is None:
        with frame("lessons", [_MADE, 1 - _MADE])[0]:
            with heading("lessons", ""):
                _tools(course, lesson)
            _missing(course.lessons, slug)
        return
    session.kept(LessonsKept, "lessons").last = lesson.slug
    if "lesson" not in session.address():
        # Back to this entry of the history is back to this lesson.
        session.rewrite("", ["lesson"], {"lesson": lesson.slug})
    workbench(
        "lessons",
        "",
        lesson.source,
        name=f":{lesson.slug}",
        called=lesson.title.replace("`", ""),
        cells=lesson.notebook,
        made=_MADE,
        height=_EDITOR,
        beside=_TEXT if lesson.exercise is None else _TASK,
        tools=lambda: _tools(course, lesson),
        guide=LessonGuide(lesson) if lesson.exercise is None else ExerciseGuide(lesson, lesson.exercise),
    )


# --- which lesson


def _asked(lessons: Sequence[Lesson]) -> str:
    """Return the slug that is asked for."""
    state = session.remembered(LessonsState, "lessons")
    if not state.unnamed or state.choice not in session.widgets():
        # Somebody comes from another page. Back leads to this address again, and then means the same.
        state.unnamed = session.kept(LessonsKept, "lessons").last or lessons[0].slug
    return session.address().get("lesson", state.unnamed)


def _open(slug: str) -> None:
    # What else the address said was about another lesson.
    session.go_to(lesson=slug)


def _tools(course: Course, lesson: Lesson | None) -> None:
    """Let the person go to the lesson before, to any, to the next; and show what was solved."""
    lessons = course.lessons
    place = lessons.index(lesson) if lesson is not None else -1
    _step("Previous", lessons[place - 1] if place > 0 else None, ":material/chevron_left:")
    done = solved(lessons)
    labels = {other.slug: _label(other, solved=other.slug in done) for other in lessons}
    # The address decides, so another lesson has another control; and so have other words, by which browsers know what
    # was chosen.
    numbers = ",".join(str(number) for number, other in enumerate(lessons) if other.slug in done)
    key = f"lessons:choice:{lesson.slug if lesson is not None else ''}:{numbers}"
    session.remembered(LessonsState, "lessons").choice = key
    st.selectbox(
        "Lesson",
        list(labels),
        index=place if lesson is not None else None,
        key=key,
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        placeholder="Choose a lesson",
        on_change=lambda: _open(session.widgets()[key]),
    )
    _step("Next", lessons[place + 1] if 0 <= place < len(lessons) - 1 else None, ":material/chevron_right:")
    _progress(course, len(done))


def _step(word: str, lesson: Lesson | None, icon: str) -> None:
    st.button(
        word,
        key=f"lessons:{word.lower()}",
        icon=icon,
        icon_position="left" if word == "Previous" else "right",
        help=f"{word}: {lesson.name}. {lesson.title}" if lesson is not None else None,
        disabled=lesson is None,
        on_click=_open,
        args=(lesson.slug if lesson is not None else "",),
    )


def _label(lesson: Lesson, *, solved: bool) -> str:
    return f"{'✓ ' if solved else ''}{lesson.name} · {lesson.title.replace('`', '')}"


def _missing(lessons: Sequence[Lesson], slug: str) -> None:
    """Say that there is no such lesson, and lead on."""
    st.html(Markup('<h1 class="al-title al-lesson">There is no lesson “{}”.</h1>').format(slug[:60]))
    by_word = {word: lesson for lesson in lessons for word in (lesson.slug, lesson.title.lower().replace("`", ""))}
    close = get_close_matches(slug.lower().replace("-", "_"), by_word, n=5, cutoff=0.5)
    near = {by_word[word].slug: by_word[word] for word in close}
    if near:
        st.markdown("Did you mean one of these?")
    else:
        st.markdown("The link may be of another class, or mistyped. The course begins here:")
    for lesson in list(near.values())[:3] or lessons[:1]:
        label = f"{lesson.name}: {lesson.title}"
        st.button(label, key=f"lessons:instead:{lesson.slug}", on_click=_open, args=(lesson.slug,))


# --- what was solved


def _progress(course: Course, done: int) -> None:
    exercises = [lesson for lesson in course.lessons if lesson.exercise is not None]
    label = f"{done} of {len(exercises)} solved"
    with st.popover(label, icon=":material/trophy:"):
        st.markdown(
            "What you solve and type is kept in this browser. A file takes it to another one, or to your teacher: it "
            "holds solved and unfinished answers, and whoever opens it sees them checked once more."
        )
        data = progress.progress_file(course.lessons)
        download("Save progress", data, "autograd-lab-progress.json", "lessons:save", icon=":material/save:")
        st.file_uploader("Open saved progress", type=["json"], key=_SAVED, on_change=_opened, args=(course.lessons,))
        damaged = session.remembered(LessonsState, "lessons").damaged
        if damaged:
            st.error(damaged)


def _opened(lessons: Sequence[Lesson]) -> None:
    state, saved = session.remembered(LessonsState, "lessons"), session.widgets().get(_SAVED)
    state.damaged = ""
    if saved is None:
        return
    try:
        progress.open_progress(lessons, saved.getvalue())
    except DamagedProgress as problem:
        state.damaged = str(problem)


page()
