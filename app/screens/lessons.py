"""The Lessons page: the course, each lesson ready to run and to change, each exercise to be solved."""

from __future__ import annotations

import streamlit as st

from app import exercise, session
from app.controls import download, one_of
from app.course import Lesson
from app.exercise import DamagedProgress, LessonsState, is_solved, progress_file, restore_progress
from app.workbench import workbench

_GROUPS = {"examples": "Examples", "exercises": "Exercises", "beyond": "Beyond", "own": "Of this class"}


def page() -> None:
    """Show the lesson that the address or the person asks for."""
    course = session.course()
    with st.container(horizontal=True, vertical_alignment="center"):
        lesson = _chosen(course.lessons)
        _progress([lesson for lesson in course.lessons if lesson.exercise is not None])
    for problem in course.problems:
        st.warning(f"A lesson was left out. {problem}", icon=":material/report:")
    if lesson.exercise is None:
        with st.expander(lesson.summary, expanded=False, icon=":material/menu_book:"):
            for text in lesson.texts:
                st.markdown(text)
        workbench("lessons", "Lessons", lesson.source, name=f":{lesson.slug}", beside=110)
    else:
        parts = lesson.exercise
        workbench(
            "lessons",
            "Lessons",
            lesson.source,
            name=f":{lesson.slug}",
            beside=200,
            made=0.45,
            run_first=False,
            before=lambda: exercise.task(lesson),
            after=lambda answer: exercise.checking(lesson, parts, answer),
        )


def _chosen(lessons: tuple[Lesson, ...]) -> Lesson:
    """Let the person choose a group and a lesson in it; the address says which was open."""
    by_slug = {lesson.slug: lesson for lesson in lessons}
    state = session.remembered(LessonsState, "lessons")
    asked = by_slug.get(session.address().get("lesson", state.last), lessons[0])
    groups = [group for group in _GROUPS if any(lesson.group == group for lesson in lessons)]
    group = one_of("Part of the course", groups, "lessons:group", _GROUPS.__getitem__, first=asked.group)
    of_group = [lesson for lesson in lessons if lesson.group == group]
    slugs = [lesson.slug for lesson in of_group]
    slug = st.selectbox(
        "Lesson",
        slugs,
        index=slugs.index(asked.slug) if asked.slug in slugs else 0,
        format_func=lambda slug: _label(by_slug[slug]),
        key=f"lessons:slug:{group}",
        label_visibility="collapsed",
        width=440,
    )
    session.address()["lesson"] = state.last = slug
    return by_slug[slug]


def _label(lesson: Lesson) -> str:
    solved = "✓ " if lesson.exercise is not None and is_solved(lesson) else ""
    return f"{solved}{lesson.number}. {lesson.title.replace('`', '')}"


def _progress(exercises: list[Lesson]) -> None:
    with st.popover(f"{sum(map(is_solved, exercises))} of {len(exercises)} solved", icon=":material/trophy:"):
        st.markdown("What you solved and typed stays until this browser tab is closed or reloaded.")
        download("Save progress", progress_file(), "autograd-lab-progress.json", "lessons:save", icon=None)
        saved = st.file_uploader("Open saved progress", type=["json"], key="lessons:progress")
        state = session.remembered(LessonsState, "lessons")
        if saved is not None and state.restored != saved.file_id:
            state.restored = saved.file_id
            try:
                restore_progress(saved.getvalue())
            except DamagedProgress as problem:
                st.error(str(problem))
            else:
                st.rerun()


page()
