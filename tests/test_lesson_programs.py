"""Every program of the course beyond the examples: the workers print what plain Python prints, and nothing fails."""

from __future__ import annotations

from typing import Any

import pytest

from app.course import load_course
from components.trace import Program
from components.worker import Pool
from tests.plain import plain_python

LESSONS = [lesson for lesson in load_course().lessons if lesson.group != "examples"]
PROGRAMS = {lesson.slug: lesson.source for lesson in LESSONS} | {
    f"{lesson.slug}, solved": lesson.exercise.solution for lesson in LESSONS if lesson.exercise is not None
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_what_plain_python_prints(pool: Pool, name: str) -> None:
    trace = pool.run(Program(source=PROGRAMS[name]))
    plain = plain_python(PROGRAMS[name])
    assert (trace.stdout, trace.failure) == (plain.stdout, plain.error)
    assert trace.stdout
    assert trace.warnings == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_lesson_says_what_it_shows_and_what_to_try(lesson: Any) -> None:
    assert lesson.summary.endswith(".")
    assert len(lesson.summary) < 200
    assert "**Try:**" in " ".join(lesson.texts) or lesson.exercise is not None
