"""The course: the folders of lessons, ours and a teacher's own, read when the server starts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from app.lesson_file import OWN, Lesson, LessonError, load_lesson

LESSONS = Path(__file__).parent / "lessons"
OWN_LESSONS_VARIABLE = "AUTOGRAD_LAB_LESSONS"
_GROUPS = ("examples", "exercises", "beyond")


@dataclass(frozen=True, slots=True)
class Course:
    """All lessons in order, and what is wrong with those of a teacher that could not be read."""

    lessons: tuple[Lesson, ...]
    problems: tuple[LessonError, ...]


def load_course(own: Path | None = None) -> Course:
    """Read the course and a teacher's lessons, from ``own`` or the folder that ``AUTOGRAD_LAB_LESSONS`` names.

    Without either they are in ``lessons/own``. A malformed file of the teacher's is left out and told in ``problems``.
    Raises ``LessonError`` for one of ours.
    """
    lessons = [lesson for group in _GROUPS for lesson in load_lessons(LESSONS / group, group)]
    folder = own or Path(os.environ.get(OWN_LESSONS_VARIABLE) or LESSONS / OWN)
    problems: list[LessonError] = []
    if folder.is_dir():
        lessons += _readable(folder, {lesson.slug for lesson in lessons}, problems)
    elif OWN_LESSONS_VARIABLE in os.environ:
        problems.append(LessonError(folder, 1, f"there is no such folder ({OWN_LESSONS_VARIABLE} names it)"))
    return Course(tuple(lessons), tuple(problems))


def _readable(folder: Path, taken: set[str], problems: list[LessonError]) -> list[Lesson]:
    found: list[Lesson] = []
    for path in _files(folder):
        try:
            lesson = load_lesson(path)
            if lesson.slug in taken:
                raise LessonError(path, 1, f"the course has a lesson named {lesson.slug} already; rename the file")
        except LessonError as problem:
            problems.append(problem)
        else:
            taken.add(lesson.slug)
            found.append(lesson)
    return sorted(found, key=lambda lesson: lesson.number)


def load_lessons(folder: Path, group: str = OWN) -> tuple[Lesson, ...]:
    """Read every ``NN_name.py`` of a folder, in the order of their numbers; a name that begins with ``_`` is no lesson.

    Raises:
        LessonError: a file is malformed, or two have the same number or slug.
    """
    lessons: list[Lesson] = []
    for path in _files(folder):
        lesson = load_lesson(path, group)
        for other in lessons:
            if other.number == lesson.number or other.slug == lesson.slug:
                raise LessonError(path, 1, f"there is another lesson {other.number:02}_{other.slug}.py")
        lessons.append(lesson)
    return tuple(sorted(lessons, key=lambda lesson: lesson.number))


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
