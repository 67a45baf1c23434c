"""The exercises of the course, answered by the real workers: reference solutions pass, wrong answers do not.

The wrong answers are in ``wrong_answers.txt``: after ``# === NN_slug: what the student got wrong`` comes ``# fails:``
with the title of a check that has to fail, and then the program.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.course import LESSONS, Lesson, load_lessons
from components.source.check_cells import Assertion, read_checks
from components.trace import Exercise, Program, Trace, Verdict
from components.worker import Pool
from tests.plain import plain_python

FOLDER = LESSONS / "exercises"
EXERCISES = {f"{lesson.number:02}_{lesson.slug}": lesson for lesson in load_lessons(FOLDER, "exercises")}


@dataclass(frozen=True)
class Wrong:
    """An answer that has to fail a check."""

    exercise: str
    mistake: str
    fails: str
    program: str


def wrong_answers() -> list[Wrong]:
    text = Path(__file__).with_name("wrong_answers.txt").read_text(encoding="utf-8")
    found = []
    for block in re.split(r"^# === ", text, flags=re.MULTILINE)[1:]:
        head, fails, program = block.split("\n", 2)
        exercise, _, mistake = head.partition(": ")
        assert fails.startswith("# fails: "), head
        found.append(Wrong(exercise, mistake, fails.removeprefix("# fails: "), program))
    return found


WRONG = wrong_answers()


def checked(pool: Pool, source: str, lesson: Lesson) -> Trace:
    assert lesson.exercise is not None
    return pool.run(Program(source=source, question=Exercise(checks=lesson.exercise.checks, solution=lesson.exercise.solution)))


def verdict(trace: Trace) -> Verdict:
    assert trace.failure is None, trace.failure
    assert isinstance(trace.answer, Verdict)
    return trace.answer


def test_there_are_ten_each_with_two_wrong_answers_and_more_than_twenty_in_all() -> None:
    assert [lesson.number for lesson in EXERCISES.values()] == list(range(1, 11))
    counts = Counter(wrong.exercise for wrong in WRONG)
    assert counts.keys() == EXERCISES.keys()
    assert min(counts.values()) >= 2
    assert len(WRONG) >= 20


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_solution_passes_every_check(pool: Pool, name: str) -> None:
    lesson = EXERCISES[name]
    assert lesson.exercise is not None
    found = verdict(checked(pool, lesson.exercise.solution, lesson))
    assert [check for check in found.checks if not check.passed] == []
    titles = [step.title for step in read_checks(lesson.exercise.checks) if isinstance(step, Assertion)]
    assert [check.title for check in found.checks] == titles
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_starter_runs_and_does_not_solve_it(pool: Pool, name: str) -> None:
    lesson = EXERCISES[name]
    found = verdict(checked(pool, lesson.source, lesson))
    assert not found.solved
    assert all(check.look_at for check in found.checks)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.exercise}: {wrong.mistake}")
def test_a_wrong_answer_fails_with_a_message_that_helps(pool: Pool, wrong: Wrong) -> None:
    found = verdict(checked(pool, wrong.program, EXERCISES[wrong.exercise]))
    failed = {check.title: check for check in found.checks if not check.passed}
    assert wrong.fails in failed
    check = failed[wrong.fails]
    assert check.came
    assert check.expected
    assert len(check.look_at.split()) >= 4


@pytest.mark.parametrize("name", EXERCISES)
def test_printing_everything_that_is_expected_solves_nothing(pool: Pool, name: str) -> None:
    lesson = EXERCISES[name]
    expected = {check.expected for check in verdict(checked(pool, "", lesson)).checks}
    source = "\n".join(f"print({text!r})" for text in [*expected, "All checks pass"])
    assert not verdict(checked(pool, source, lesson)).solved


@pytest.mark.parametrize("name", EXERCISES)
def test_the_file_passes_its_own_checks_in_plain_python(name: str) -> None:
    plain = plain_python((FOLDER / f"{name}.py").read_text(encoding="utf-8"), "error")
    assert (plain.stderr, plain.error, plain.exit_code) == ("", None, 0)
