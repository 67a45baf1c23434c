"""The course: lessons, which are plain Python files in the percent format, in our folders and a teacher's own.

A lesson file runs anywhere and reads like a notebook. It begins with a ``# %% [markdown]`` cell whose first line is the
title, as a heading, and whose first paragraph is the summary. ``# %%`` begins a code cell. The program that the worker
runs is the code alone.

``# %% [markdown] predict`` asks something before the code that answers it (``app.predictions``);
``# %% [markdown] without gpu`` holds a program that shows, on the CPU, what the lesson is about.

An exercise has a ``# %% starter`` cell in place of plain code, hints (``# %% [markdown] hint``), a ``# %% solution``
and a ``# %% check`` cell whose asserts are the checks (``components.source.check_cells``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.predictions import Prediction, PredictionError, read_prediction
from components import settings
from components.source import parse
from components.source.check_cells import CheckCellError, read_checks

LESSONS = Path(__file__).parent / "lessons"
GROUPS = {"chapters": "Chapter", "examples": "Example", "exercises": "Exercise", "beyond": "Beyond"}
"""The parts of the course in their order, and what one lesson of each is called."""
Kind = Literal["text", "code", "hint", "predict", "without gpu", "starter", "solution", "check"]
_FILE_NAME = re.compile(r"(\d+)_(\w+)\.py")
_MARKER = re.compile(r"# ?%%\s*(?P<type>\[[^\]]*\])?\s*(?P<rest>.*)")
_CODE_KINDS: dict[str, Kind] = {"starter": "starter", "solution": "solution", "check": "check"}
_TEXT_KINDS: dict[str, Kind] = {"hint": "hint", "predict": "predict", "without gpu": "without gpu"}
_FENCED = re.compile(r"^```python\n(?P<program>.*?)^```$", re.MULTILINE | re.DOTALL)
OWN = "own"


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

    kind: Kind
    text: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Exercise:
    """What makes a lesson an exercise: hints in order, a reference solution (a whole program), its checks' text."""

    hints: tuple[str, ...]
    solution: str
    checks: str


@dataclass(frozen=True, slots=True)
class WithoutGpu:
    """What a lesson about a GPU shows where there is none: words, and a whole program for the CPU."""

    words: str
    program: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; ``source`` is its code cells, or an exercise's starter, joined by one blank line: a whole program.

    ``group`` is the folder it is in, ``own`` for a teacher's.
    """

    slug: str
    number: int
    title: str
    summary: str
    source: str
    cells: tuple[Cell, ...]
    group: str = OWN
    exercise: Exercise | None = None
    predictions: tuple[Prediction, ...] = ()
    without_gpu: WithoutGpu | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The lesson's text cells: no hints, no predictions."""
        return self.texts_before(len(self.predictions))

    def texts_before(self, prediction: int) -> tuple[str, ...]:
        """The text cells that stand before a prediction (from 0); those behind it may give the answer away."""
        asked = [place for place, cell in enumerate(self.cells) if cell.kind == "predict"]
        end = asked[prediction] if prediction < len(asked) else len(self.cells)
        return tuple(cell.text for cell in self.cells[:end] if cell.kind == "text")

    def source_before(self, prediction: int) -> str:
        """The program up to a prediction (from 0); past the last one, the whole."""
        if prediction >= len(self.predictions):
            return self.source
        lines = self.source.split("\n")[: self.predictions[prediction].line - 1]
        return "\n".join(lines).rstrip("\n") + "\n"

    @property
    def notebook(self) -> list[tuple[str, str]]:
        """The cells of a notebook of it, ``text`` or ``code``; the answer to a question is folded away."""
        questions, cells = iter(self.predictions), list[tuple[str, str]]()
        for cell in self.cells:
            if cell.kind == "predict":
                cells.append(("text", next(questions).as_text))
            elif cell.kind in ("text", "code", "starter"):
                cells.append(("text" if cell.kind == "text" else "code", cell.text))
        return cells

    @property
    def name(self) -> str:
        """What the lesson is called: its place in the course, such as ``Example 4``."""
        return f"{GROUPS.get(self.group, 'Lesson')} {self.number}"


@dataclass(frozen=True, slots=True)
class _RawCell:
    """A cell as it stands in the file; ``line`` is that of its marker."""

    kind: Kind
    line: int
    lines: tuple[str, ...]


def load_lesson(path: Path, group: str = OWN) -> Lesson:
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
    exercise = _exercise(path, raw, cells)
    source = _joined(cells, "code" if exercise is None else "starter")
    if not source.strip():
        raise LessonError(path, 1, "the lesson has no code")
    predictions = tuple(_predictions(path, raw, exercise is not None))
    without = next((_without_gpu(path, cell) for cell in raw if cell.kind == "without gpu"), None)
    return Lesson(name[2], int(name[1]), title, summary, source, cells, group, exercise, predictions, without)


def _joined(cells: tuple[Cell, ...], kind: Kind) -> str:
    return "\n\n".join(cell.text for cell in cells if cell.kind == kind) + "\n"


def _exercise(path: Path, raw: list[_RawCell], cells: tuple[Cell, ...]) -> Exercise | None:
    """The parts of an exercise, ``None`` for a lesson without any; all of them or none have to be there."""
    kinds = {cell.kind for cell in cells}
    if not kinds & {"hint", "starter", "solution", "check"}:
        return None
    missing = [word for word in ("starter", "hint", "solution", "check") if word not in kinds]
    if missing:
        marker = "# %% [markdown] hint" if missing[0] == "hint" else f"# %% {missing[0]}"
        raise LessonError(path, 1, f"an exercise needs a '{marker}' cell")
    plain = next((cell for cell in raw if cell.kind == "code"), None)
    if plain is not None:
        raise LessonError(path, plain.line, "a code cell of an exercise is a starter, a solution or a check")
    for cell in raw:
        if cell.kind == "check":
            try:
                read_checks("\n".join(cell.lines))
            except CheckCellError as error:
                raise LessonError(path, cell.line + error.line, error.problem) from None
    hints = tuple(cell.text for cell in cells if cell.kind == "hint")
    return Exercise(hints, _joined(cells, "solution"), _joined(cells, "check"))


def _predictions(path: Path, raw: list[_RawCell], in_exercise: bool) -> Iterator[Prediction]:
    """Read the predictions, each with the line of the program that comes after it."""
    next_line = 1
    for place, cell in enumerate(raw):
        if cell.kind == "code" and (code := _code(path, cell)):
            next_line += code.count("\n") + 2
        if cell.kind != "predict":
            continue
        if in_exercise:
            raise LessonError(path, cell.line, "an exercise has no predictions; ask in its task or in a hint")
        if next_line == 1:
            raise LessonError(path, cell.line, "a prediction comes after code: there is nothing to look at yet")
        if not any(later.kind == "code" and _code(path, later) for later in raw[place + 1 :]):
            raise LessonError(path, cell.line, "a prediction comes before code: no line is left that answers it")
        try:
            yield replace(read_prediction(_plain_lines(path, cell)), line=next_line)
        except PredictionError as error:
            raise LessonError(path, cell.line + 1 + error.line, error.problem) from None


def _without_gpu(path: Path, cell: _RawCell) -> WithoutGpu:
    """Read the words and the program between the fences: as code of the file it would run with the lesson's own."""
    text = "\n".join(_plain_lines(path, cell))
    found = list(_FENCED.finditer(text))
    if len(found) != 1:
        raise LessonError(path, cell.line, "a 'without gpu' cell holds one program, between '# ```python' and '# ```'")
    before, program = text[: found[0].start()], found[0]["program"]
    try:
        parse(program, commands=False)
    except SyntaxError as error:
        line = cell.line + 1 + before.count("\n") + (error.lineno or 1)
        raise LessonError(path, line, f"this is not Python: {error.msg}") from None
    words = f"{before}{text[found[0].end() :]}".strip("\n")
    return WithoutGpu(words, program)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LessonError(path, 1, f"the file cannot be read: {error.strerror}") from None
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


def _kind(path: Path, line: int, marker: str) -> Kind:
    match = _MARKER.match(marker)
    assert match is not None
    word = match["rest"].strip()
    if match["type"] == "[markdown]":
        return _TEXT_KINDS.get(word, "text")
    if match["type"] is not None:
        raise LessonError(path, line, f"unknown cell type {match['type']}; a cell is '# %% [markdown]' or '# %%'")
    return _CODE_KINDS.get(word, "code")


def _cells(path: Path, raw: list[_RawCell]) -> Iterator[Cell]:
    next_line = 1
    for cell in raw:
        text = _code(path, cell) if cell.kind in ("code", *_CODE_KINDS) else _markdown(path, cell)
        if not text:
            continue
        yield Cell(cell.kind, text, next_line)
        if cell.kind in ("code", "starter"):
            next_line += text.count("\n") + 2


def _markdown(path: Path, cell: _RawCell) -> str:
    return "\n".join(_plain_lines(path, cell)).strip("\n")


def _plain_lines(path: Path, cell: _RawCell) -> list[str]:
    """The lines of a [markdown] cell without their ``#``."""
    text: list[str] = []
    for index, line in enumerate(cell.lines):
        if line.strip() and not line.startswith("#"):
            raise LessonError(path, cell.line + 1 + index, "a line of a [markdown] cell begins with '#'")
        text.append(line.removeprefix("#").removeprefix(" ").rstrip())
    return text


def _code(path: Path, cell: _RawCell) -> str:
    try:
        parse("\n".join(cell.lines), commands=False)
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


# --- the folders


@dataclass(frozen=True, slots=True)
class Course:
    """All lessons in order, and what is wrong with those of a teacher that could not be read."""

    lessons: tuple[Lesson, ...]
    problems: tuple[LessonError, ...]


def load_course(own: Path | None = None) -> Course:
    """Read the course and a teacher's lessons, from ``own`` or the folder that the setting ``LESSONS`` names.

    Without either they are in ``lessons/own``. A malformed file of the teacher's is left out and told in ``problems``.
    Raises ``LessonError`` for one of ours.
    """
    lessons = [lesson for group in GROUPS for lesson in load_lessons(LESSONS / group, group)]
    folder = own or Path(settings.LESSONS.value() or LESSONS / OWN)
    problems: list[LessonError] = []
    if folder.is_dir():
        lessons += _readable(folder, {lesson.slug for lesson in lessons}, problems)
    elif settings.LESSONS.value():
        problems.append(LessonError(folder, 1, f"there is no such folder ({settings.LESSONS.name} names it)"))
    return Course(tuple(lessons), tuple(problems))


def _readable(folder: Path, taken: set[str], problems: list[LessonError]) -> list[Lesson]:
    lessons: list[Lesson] = []
    for path in _files(folder):
        try:
            lesson = load_lesson(path)
            if lesson.slug in taken:
                raise LessonError(path, 1, f"the course has a lesson named {lesson.slug} already; rename the file")
        except LessonError as problem:
            problems.append(problem)
        else:
            taken.add(lesson.slug)
            lessons.append(lesson)
    return sorted(lessons, key=lambda lesson: lesson.number)


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
