"""The programs that several tests run: no set of them may be empty, as one is whose folder has moved."""

from __future__ import annotations

from pathlib import Path

from app.course import LESSONS as COURSE
from app.course import load_course, load_lessons

FOLDER = Path(__file__).with_name("programs")


def texts(folder: Path) -> dict[str, str]:
    """Return the Python files of a folder, by their names without the ending."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    assert found, folder
    return found


PROGRAMS = texts(FOLDER)
EXAMPLES = {f"lesson_{one.number:02}_{one.slug}": one.source for one in load_lessons(COURSE / "examples")}
LESSONS = {lesson.slug: lesson.source for lesson in load_course().lessons}
assert EXAMPLES.keys()
assert len(LESSONS) > len(EXAMPLES)
