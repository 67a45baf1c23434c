"""The course: lessons are plain Python files in the percent format, so that they run anywhere and read like a notebook.

A lesson file begins with a ``# %% [markdown]`` cell whose first line is the title, as a heading, and whose first
paragraph is the summary. ``# %%`` begins a code cell. The program that the worker runs is the code alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LESSONS = Path(__file__).parent / "lessons"

_FILE_NAME = re.compile(r"(\d+)_(\w+)\.py")
_MARKER = re.compile(r"# ?%%\s*(?P<type>\[[^\]]*\])?\s*(?P<rest>.*)")


class LessonError(ValueError):
    """A lesson file is malformed; the message names the file, the line and what is wrong."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path.name}, line {line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a lesson: Markdown without the ``# ``, or code.

    ``first_line`` is the line of ``Lesson.source`` at which the cell begins; for text, at which the code after it does.
    """

    kind: Literal["text", "code"]
    text: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; ``source`` is its code cells joined by one blank line, a whole program."""

    slug: str
    number: int
    title: str
    summary: str
    source: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class _RawCell:
    """A cell as it stands in the file; ``line`` is that of its marker."""

    kind: Literal["text", "code"]
    line: int
    lines: tuple[str, ...]


def load_lessons(folder: Path = LESSONS) -> tuple[Lesson, ...]:
    """Read every ``NN_name.py`` of a folder, in the order of their numbers; a name that begins with ``_`` is no lesson.

    Raises:
        LessonError: a file is malformed, or two have the same number or slug.
    """
    lessons: list[Lesson] = []
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith("_"):
            continue
        lesson = load_lesson(path)
        for other in lessons:
            if other.number == lesson.number or other.slug == lesson.slug:
                raise LessonError(path, 1, f"there is another lesson {other.number:02}_{other.slug}.py")
        lessons.append(lesson)
    return tuple(sorted(lessons, key=lambda lesson: lesson.number))


def load_lesson(path: Path) -> Lesson:
    """Read one lesson file.

    Raises:
        LessonError: with the file, the line and what is wrong.
    """
    name = _FILE_NAME.fullmatch(path.name)
    if name is None:
        raise LessonError(path, 1, "a lesson's file is named like 01_computing_gradients.py")
    raw = list(_raw_cells(path, _lines(path)))
    cells = tuple(_cells(path, raw))
    title, summary = _title_and_summary(path, raw, cells)
    source = "\n\n".join(cell.text for cell in cells if cell.kind == "code") + "\n"
    if not source.strip():
        raise LessonError(path, 1, "the lesson has no code")
    return Lesson(name[2], int(name[1]), title, summary, source, cells)


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LessonError(path, line, f"the file is not UTF-8 (byte 0x{data[error.start]:02x})") from None
    # Not splitlines(): it also breaks at form feeds and other characters that Python does not count as line ends.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _raw_cells(path: Path, lines: list[str]) -> Iterator[_RawCell]:
    starts = [index for index, line in enumerate(lines) if _MARKER.match(line)]
    before = lines[: starts[0]] if starts else lines
    for index, line in enumerate(before):
        if line.strip():
            raise LessonError(path, index + 1, "text before the first cell; begin with '# %% [markdown]'")
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        yield _RawCell(_kind(path, start + 1, lines[start]), start + 1, tuple(lines[start + 1 : end]))


def _kind(path: Path, line: int, marker: str) -> Literal["text", "code"]:
    match = _MARKER.match(marker)
    assert match is not None
    if match["type"] == "[markdown]":
        return "text"
    if match["type"] is not None:
        raise LessonError(path, line, f"unknown cell type {match['type']}; a cell is '# %% [markdown]' or '# %%'")
    return "code"


def _cells(path: Path, raw: list[_RawCell]) -> Iterator[Cell]:
    next_line = 1
    for cell in raw:
        text = _markdown(path, cell) if cell.kind == "text" else _code(path, cell)
        if not text:
            continue
        yield Cell(cell.kind, text, next_line)
        if cell.kind == "code":
            next_line += text.count("\n") + 2


def _markdown(path: Path, cell: _RawCell) -> str:
    text: list[str] = []
    for index, line in enumerate(cell.lines):
        if line.strip() and not line.startswith("#"):
            raise LessonError(path, cell.line + 1 + index, "a line of a [markdown] cell begins with '#'")
        text.append(line.removeprefix("#").removeprefix(" ").rstrip())
    return "\n".join(text).strip("\n")


def _code(path: Path, cell: _RawCell) -> str:
    try:
        ast.parse("\n".join(cell.lines))
    except SyntaxError as error:
        raise LessonError(path, cell.line + (error.lineno or 1), f"this is not Python: {error.msg}") from None
    return "\n".join(line.rstrip() for line in cell.lines).strip("\n")


def _title_and_summary(path: Path, raw: list[_RawCell], cells: tuple[Cell, ...]) -> tuple[str, str]:
    line = raw[0].line + 1 if raw else 1
    if not cells or cells[0].kind != "text" or not cells[0].text.startswith("# "):
        raise LessonError(path, line, "no title; the first cell is [markdown] and begins with '# # Title'")
    heading, _, rest = cells[0].text.partition("\n")
    title = heading.removeprefix("# ").strip()
    summary = " ".join(rest.strip("\n").partition("\n\n")[0].split())
    if not title or not summary or summary.startswith("#"):
        raise LessonError(path, line, "the title is followed by a paragraph that says what the lesson shows")
    return title, summary
