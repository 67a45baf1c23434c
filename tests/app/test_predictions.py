"""Predictions: how their cells are read, which answers are right, and that the course's own agree with its programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.course import Lesson, LessonError, load_course, load_lesson
from app.predictions import read_number, read_prediction
from components.trace import Program
from components.worker import Pool
from tests.plain import plain_python

ASKING = [lesson for lesson in load_course().lessons if lesson.predictions]
HEAD = "# %% [markdown]\n# # Title\n#\n# Summary.\n\n# %%\nx = 1\n\n"
CHOICE = "# %% [markdown] predict\n# How much?\n#\n# - [ ] 1\n# - [x] `2`\n#\n# Twice.\n\n"
TAIL = "# %%\nprint(2 * x)\n"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("24", 24), (" 24. ", 24), ("-0.5", -0.5), ("\N{MINUS SIGN}3", -3), ("1/3", 1 / 3), ("4,000,000", 4e6),
        ("12_000", 12_000), ("1e-3", 1e-3), ("tensor(24.)", 24), (".5", 0.5),
        ("", None), ("x", None), ("1/0", None), ("1/", None), ("1,2", None), ("nan", None), ("1e999", None),
        ("12 bytes", None), ("2*3", None),
    ],
)  # fmt: skip
def test_a_number_as_people_type_it(text: str, number: float | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("answer", "right", "wrong"),
    [
        ("24", ["24", "24.0", "tensor(24.)"], ["24.01", "12", "", "x"]),
        ("0.54", ["0.54", "0.5403", "0.535", "0.545", "27/50"], ["0.534", "0.546", "0.6"]),
        ("4000 +- 100", ["4000", "3,900", "4100"], ["3899", "4101"]),
        ("-120", ["-120", "\N{MINUS SIGN}120"], ["120"]),
    ],
)
def test_how_far_off_a_number_may_be(answer: str, right: list[str], wrong: list[str]) -> None:
    asked = read_prediction(["How much?", f"answer: {answer}", "So."])
    assert [asked.is_right(given) for given in right] == [True] * len(right)
    assert [asked.is_right(given) for given in wrong] == [False] * len(wrong)


def test_a_prediction_knows_the_line_behind_it_and_what_comes_before(tmp_path: Path) -> None:
    number = CHOICE.replace("- [ ] 1\n# - [x] `2`", "answer: 4")
    behind = "# %% [markdown]\n# Behind.\n\n"
    lesson = written(tmp_path, HEAD + CHOICE + TAIL + number + "# %%\ny = 4\n\n" + behind)
    first, second = lesson.predictions
    assert (first.question, first.choices, first.answer, first.why) == ("How much?", ("1", "`2`"), "`2`", "Twice.")
    assert (first.is_right("`2`"), first.is_right("1"), first.is_right("")) == (True, False, False)
    assert (second.choices, second.answer) == ((), "4")
    assert lesson.source == "x = 1\n\nprint(2 * x)\n\ny = 4\n"
    assert (first.line, second.line) == (3, 5)
    assert [lesson.source_before(number) for number in range(3)] == [
        "x = 1\n",
        "x = 1\n\nprint(2 * x)\n",
        lesson.source,
    ]
    assert [len(lesson.texts_before(number)) for number in range(3)] == [1, 1, 2]
    assert "How much?" not in " ".join(lesson.texts)


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"),
    [
        ("# - [ ] 1\n# - [x] `2`\n", "", 10, "needs choices ('- [ ] 12', '- [x] 24') or a number"),
        ("# How much?\n", "", 11, "begins with its question"),
        ("# Twice.\n", "", 13, "ends with a paragraph that says why"),
        ("[x]", "[ ]", 12, "of two or more choices one is right ('- [x]'); here 0 are"),
        ("[ ]", "[x]", 12, "here 2 are"),
        ("# - [ ] 1\n", "", 12, "of two or more choices"),
        ("[ ] 1", "[?] 1", 12, "'[?]' is neither '[ ]' nor '[x]'"),
        ("[ ] 1", "[ ]", 12, "a choice says something"),
        ("[ ] 1", "[ ] `2`", 13, "is there already"),
        ("# - [x] `2`", "# answer: 2\n# - [x] `2`", 13, "one 'answer:', or choices"),
        ("# - [ ] 1\n# - [x] `2`", "# answer: two", 12, "'two' is not a number"),
        ("# - [ ] 1\n# - [x] `2`", "# answer: 2 +-", 12, "'' is not a number"),
        ("# - [ ] 1\n# - [x] `2`", "# answer: 2\n# answer: 3", 13, "one 'answer:', or choices"),
        ("# - [ ] 1\n", "# - [ ] 1\n# or else\n", 13, "between the choices stands other text"),
        (TAIL, "", 9, "comes before code"),
        ("# %%\nx = 1\n\n", "", 6, "comes after code"),
    ],
)
def test_a_malformed_prediction_is_named_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, problem: str
) -> None:
    text = HEAD + CHOICE + TAIL
    assert before in text
    with pytest.raises(LessonError) as caught:
        written(tmp_path, text.replace(before, after))
    assert problem in str(caught.value)
    assert caught.value.line == line


def test_an_exercise_has_none_and_a_program_without_gpu_is_read_with_its_line(tmp_path: Path) -> None:
    parts = ["# %% [markdown] hint\n# H.\n", "# %% solution\nx = 2\n", '# %% check\n# A\nassert x == 2, "B."\n']
    with pytest.raises(LessonError, match="line 9: an exercise has no predictions"):
        written(tmp_path, HEAD.replace("# %%\n", "# %% starter\n") + CHOICE + "".join(parts))
    cell = "# %% [markdown] without gpu\n# Words.\n#\n# ```python\n# y = 1\n# ```\n# More.\n"
    without = written(tmp_path, HEAD + cell).without_gpu
    assert without is not None
    assert (without.words, without.program) == ("Words.\n\n\nMore.", "y = 1\n")
    with pytest.raises(LessonError, match="line 13: this is not Python"):
        written(tmp_path, HEAD + cell.replace("y = 1", "y = = 1"))
    with pytest.raises(LessonError, match="line 9: a 'without gpu' cell holds one program"):
        written(tmp_path, HEAD + cell.replace("python", "text"))


def test_lessons_that_have_to_ask_do() -> None:
    asking = {lesson.name: len(lesson.predictions) for lesson in ASKING}
    assert asking == {f"Chapter {number}": 2 for number in range(1, 5)} | {
        "Example 4": 1, "Example 7": 1, "Example 8": 1, "Beyond 1": 1, "Beyond 3": 1, "Beyond 11": 1,
    }  # fmt: skip


@pytest.mark.parametrize("lesson", ASKING, ids=lambda lesson: lesson.slug)
def test_the_program_up_to_each_question_runs_and_prints_a_beginning_of_the_whole(lesson: Lesson) -> None:
    whole = plain_python(lesson.source, "error").stdout
    for number in range(len(lesson.predictions)):
        plain = plain_python(lesson.source_before(number), "error")
        assert (plain.error, plain.stderr) == (None, "")
        assert whole.startswith(plain.stdout)
        assert plain.stdout != whole
    for asked in lesson.predictions:
        assert asked.why
        assert asked.line > 1


def test_the_numbers_of_the_chain_are_those_on_the_edges(pool: Pool) -> None:
    """``1, 5, 60, 120``: what the engine's steps took in and handed on, as the trace has it."""
    lesson = next(lesson for lesson in ASKING if lesson.slug == "chain_rule")
    (run,) = pool.run(Program(source=lesson.source)).backwards
    arriving = [gradient.values for step in run.steps for gradient in step.grad_outputs if gradient is not None]
    assert arriving == [1, 5, 60, 120]
    assert "1, 5, 60, 120" in lesson.predictions[0].why
    assert lesson.predictions[0].answer == "120"


def written(folder: Path, text: str) -> Lesson:
    path = folder / "03_name.py"
    path.write_text(text, encoding="utf-8")
    return load_lesson(path)
