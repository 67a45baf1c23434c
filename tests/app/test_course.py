"""The course is read as it is written, its programs print what its table says, and a malformed file is named."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from app.course import LESSONS, LessonError, load_course, load_lesson, load_lessons
from components import settings
from tests.plain import plain_python

PRINTS = {
    1: "x.grad: tensor(4.)\n",  # d/dx x**2 = 2x = 2 * 2
    2: "dy/dx: tensor(4.)\ndy/dz: tensor(1.)\n",  # z + 2x = 2 + 2 * 1, and x = 1
    3: "dc/da: tensor(4.)\n",  # d/da ab = b = 4
    # d/dx x**3 = 3 * 2**2 = 12, and 12 + 12
    4: "First backward, x.grad: tensor(12.)\nSecond backward, x.grad (accumulated): tensor(24.)\n",
    # d/dx x**3 = 3 * 2**2 = 12, d/dx 3 * x**2 = 6 * 2 = 12
    5: "First derivative: tensor(12., grad_fn=<MulBackward0>)\nSecond derivative: tensor(12.)\n",
    # d/dx_j x_i**2 = 2 * x_i where i = j
    6: "Jacobian:\ntensor([[2., 0., 0.],\n        [0., 4., 0.],\n        [0., 0., 6.]])\n",
    7: "Before clearing, x.grad: tensor(2.)\nAfter clearing, x.grad: tensor(0.)\n",  # 2 * 1, then 0
    8: "b: tensor(2.)\nb.grad_fn: None\nb.requires_grad: False\n",  # 1 * 2
    9: "z: tensor([4., 9.])\nz.requires_grad: False\n",  # 2**2, 3**2
    10: None,  # bytes on a GPU, nothing without
}
EXAMPLES = LESSONS / "examples"
FILES = {int(path.name[:2]): path for path in EXAMPLES.glob("[0-9]*.py")}


@pytest.mark.parametrize("number", PRINTS)
def test_an_example_prints_what_the_table_says_and_its_source_is_that_program(number: int) -> None:
    lesson = next(lesson for lesson in load_lessons(EXAMPLES) if lesson.number == number)
    plain = plain_python(FILES[number].read_text(encoding="utf-8"), "error")
    expected = PRINTS[number]
    if expected is None:
        expected = "Allocated bytes: 0\n" if torch.cuda.is_available() else ""
    assert (plain.stdout, plain.stderr, plain.error, plain.exit_code) == (expected, "", None, 0)
    assert ast.dump(ast.parse(lesson.source)) == ast.dump(ast.parse(FILES[number].read_text(encoding="utf-8")))


def test_the_examples_are_numbered_one_to_ten_with_titles_and_summaries() -> None:
    lessons = load_lessons(EXAMPLES)
    assert [lesson.number for lesson in lessons] == list(range(1, 11))
    assert lessons[3].title == "`retain_graph` in `backward()`"
    assert lessons[3].slug == "retain_graph"
    assert len({lesson.slug for lesson in lessons}) == 10
    for lesson in lessons:
        assert lesson.summary.endswith(".")
        assert len(lesson.summary) < 200
        kinds = [cell.kind for cell in lesson.cells if cell.kind not in ("predict", "without gpu")]
        assert kinds in (["text", "code", "text"], ["text", "code", "code", "text"])
    assert [lesson.number for lesson in lessons if lesson.predictions] == [4, 7, 8]
    assert [lesson.number for lesson in lessons if lesson.without_gpu] == [10]


def test_the_source_is_the_code_alone_and_cells_know_their_line_in_it(tmp_path: Path) -> None:
    lesson = load_lesson(
        written(
            tmp_path,
            "# %% [markdown]\n# # Two cells\n#\n# What they\n# show.\n#\n# More.\n\n"
            "# %%\n\nx = 1\n\n\ny = 2\n\n# %% [markdown]\n# Between.\n\n# %% a title\nprint(x + y)\n",
        )
    )
    assert (lesson.number, lesson.slug, lesson.title, lesson.summary) == (3, "name", "Two cells", "What they show.")
    assert lesson.source == "x = 1\n\n\ny = 2\n\nprint(x + y)\n"
    assert [(cell.kind, cell.first_line) for cell in lesson.cells] == [
        ("text", 1),
        ("code", 1),
        ("text", 6),
        ("code", 6),
    ]
    assert lesson.cells[2].text == "Between."
    assert lesson.source.splitlines()[lesson.cells[3].first_line - 1] == "print(x + y)"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    text = "# %% [markdown]\n# # Title\n#\n# Summary.\n\n# %%\nprint('é')\n"
    plain = load_lesson(written(tmp_path, text))
    path = tmp_path / "03_name.py"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_lesson(path) == plain


HEAD = "# %% [markdown]\n# # Title\n#\n# Summary.\n\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "no title"),
        ("print(1)\n", 1, "text before the first cell"),
        ("\n# %%\nprint(1)\n", 3, "no title"),
        ("# %% [markdown]\n# Not a heading.\n\n# %%\nprint(1)\n", 2, "no title"),
        ("# %% [markdown]\n# # Title\n\n# %%\nprint(1)\n", 2, "followed by a paragraph"),
        (HEAD, 1, "no code"),
        (HEAD + "# %%\n# only a comment\nx = (1,\n", 8, "not Python"),
        (HEAD + "# %%\nx = 1\ny = = 2\n", 8, "not Python: invalid syntax"),
        (HEAD + "# %%\nx = 1\0\n", 7, "not Python"),
        (HEAD + "# %% [raw]\nx\n", 6, "unknown cell type [raw]"),
        (HEAD + "# %% [markdown]\nx = 1\n", 7, "begins with '#'"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(LessonError) as caught:
        load_lesson(written(tmp_path, text))
    assert str(caught.value).startswith(f"03_name.py, line {line}: ")
    assert problem in str(caught.value)
    assert caught.value.line == line


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "03_name.py"
    path.write_bytes(HEAD.encode() + b"# %%\nprint('caf\xe9')\n")
    with pytest.raises(LessonError, match=r"03_name.py, line 7: the file is not UTF-8 \(byte 0xe9\)"):
        load_lesson(path)


def test_a_file_that_is_no_lesson_and_a_number_used_twice_are_refused(tmp_path: Path) -> None:
    written(tmp_path, HEAD + "# %%\nx = 1\n", "notes.py")
    with pytest.raises(LessonError, match="notes.py, line 1: a lesson's file is named like"):
        load_lessons(tmp_path)
    (tmp_path / "notes.py").rename(tmp_path / "_notes.py")
    assert load_lessons(tmp_path) == ()
    written(tmp_path, HEAD + "# %%\nx = 1\n", "07_a.py")
    written(tmp_path, HEAD + "# %%\nx = 1\n", "07_b.py")
    with pytest.raises(LessonError, match="07_b.py, line 1: there is another lesson 07_a.py"):
        load_lessons(tmp_path)


def test_lessons_are_sorted_by_number_and_not_by_name(tmp_path: Path) -> None:
    for name in ("10_a.py", "9_b.py"):
        written(tmp_path, HEAD + "# %%\nx = 1\n", name)
    assert [lesson.slug for lesson in load_lessons(tmp_path)] == ["b", "a"]


def test_reading_the_course_does_not_import_torch() -> None:
    code = "import sys, app.course; app.course.load_course(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_the_course_has_four_parts_in_order_and_every_slug_once() -> None:
    course = load_course()
    assert course.problems == ()
    counts = Counter(lesson.group for lesson in course.lessons)
    assert list(counts.items()) == [("chapters", 4), ("examples", 10), ("exercises", 10), ("beyond", 15)]
    assert len({lesson.slug for lesson in course.lessons}) == 39
    assert [course.lessons[place].name for place in (0, 4, 14, 24)] == [
        "Chapter 1",
        "Example 1",
        "Exercise 1",
        "Beyond 1",
    ]
    assert {lesson.group for lesson in course.lessons if lesson.exercise is not None} == {"exercises"}


def test_lessons_of_a_teacher_follow_and_what_is_wrong_with_them_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, HEAD + "# %%\nx = 1\n", "02_mine.py")
    written(tmp_path, EXERCISE, "01_task.py")
    written(tmp_path, HEAD + "# %%\nx = (\n", "03_broken.py")
    written(tmp_path, HEAD + "# %%\nx = 1\n", "04_retain_graph.py")
    monkeypatch.setenv(settings.LESSONS.name, str(tmp_path))
    course = load_course()
    assert [(lesson.slug, lesson.group) for lesson in course.lessons[-2:]] == [("task", "own"), ("mine", "own")]
    assert [str(problem).partition(":")[0] for problem in course.problems] == [
        "03_broken.py, line 7",
        "04_retain_graph.py, line 1",
    ]
    monkeypatch.setenv(settings.LESSONS.name, str(tmp_path / "missing"))
    assert "no such folder" in str(load_course().problems[0])


EXERCISE = """\
# %% [markdown]
# # Task
#
# Write `double(x)`.

# %% starter
def double(x):
    ...

# %% [markdown] hint
# Twice.

# %% [markdown] hint
# Two times x.

# %% solution
def double(x):
    return 2 * x

# %% check
# At three
assert double(3) == 6, "Twice three."
"""


def test_an_exercise_has_a_starter_hints_a_solution_and_checks(tmp_path: Path) -> None:
    lesson = load_lesson(written(tmp_path, EXERCISE))
    assert lesson.source == "def double(x):\n    ...\n"
    assert lesson.texts == ("# Task\n\nWrite `double(x)`.",)
    assert lesson.exercise is not None
    assert lesson.exercise.hints == ("Twice.", "Two times x.")
    assert lesson.exercise.solution == "def double(x):\n    return 2 * x\n"
    assert lesson.exercise.checks.startswith("# At three\nassert")


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"),
    [
        ("# %% starter", "# %%", 1, "needs a '# %% starter' cell"),
        ("# %% solution", "# %% starter", 1, "needs a '# %% solution' cell"),
        ("[markdown] hint", "[markdown]", 1, "needs a '# %% [markdown] hint' cell"),
        ("# %% check", "# %%\nx = 1\n# %% check", 20, "a code cell of an exercise is a starter"),
        ("# At three\n", "", 21, "needs a title"),
        (', "Twice three."', "", 22, "needs a message"),
        ("assert double(3) == 6", "assert double(3) == = 6", 22, "not Python"),
        ('assert double(3) == 6, "Twice three."', "print(double(3))", 21, "there is no assert"),
    ],
)
def test_a_malformed_exercise_is_named_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, problem: str
) -> None:
    assert before in EXERCISE
    with pytest.raises(LessonError) as caught:
        load_lesson(written(tmp_path, EXERCISE.replace(before, after)))
    assert problem in str(caught.value)
    assert caught.value.line == line


def test_what_the_documentation_shows_is_a_lesson_a_prediction_and_an_exercise(tmp_path: Path) -> None:
    text = (LESSONS / "README.md").read_text(encoding="utf-8")
    plain_lesson, predicting, cell, exercise = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert load_lesson(written(tmp_path, plain_lesson)).exercise is None
    assert [asked.answer for asked in load_lesson(written(tmp_path, predicting)).predictions] == ["24", "12"]
    without = load_lesson(written(tmp_path, plain_lesson + cell)).without_gpu
    assert without is not None
    assert plain_python(without.program, "error").stdout == "4000 bytes\n"
    assert load_lesson(written(tmp_path, exercise)).exercise is not None
    plain = plain_python(exercise, "error")
    assert (plain.stdout, plain.error, plain.exit_code) == ("", None, 0)


def written(folder: Path, text: str, name: str = "03_name.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
