"""The exercises of the course, answered by the real workers: right ways pass, wrong answers and cheats do not.

Answers are in text files. ``right_answers.txt``: after ``# === NN_slug: the way`` comes the program.
``wrong_answers.txt``: after ``# === NN_slug: what is wrong`` comes ``# fails:`` with the title of a check that has to
fail, and then the program. ``attacks.txt``: what is put below the starter of each exercise, and must not solve it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.course import LESSONS, Lesson, load_lessons
from components.source.check_cells import Assertion, read_checks
from components.trace import Check, Exercise, Program, Trace, Verdict
from components.worker import Pool
from tests.plain import plain_python

FOLDER = LESSONS / "exercises"
EXERCISES = {f"{lesson.number:02}_{lesson.slug}": lesson for lesson in load_lessons(FOLDER, "exercises")}
AT_LEAST = 5


@dataclass(frozen=True)
class Answer:
    """One program; a wrong one ``fails`` a check."""

    what: str
    program: str
    fails: str = ""


def blocks(name: str) -> Iterator[tuple[str, str]]:
    """What comes after each ``# ===``, and the text below it."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    for block in re.split(r"^# === ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        yield head, rest


def answers(name: str) -> dict[str, list[Answer]]:
    found = defaultdict(list)
    for head, rest in blocks(name):
        exercise, _, what = head.partition(": ")
        first, _, below = rest.partition("\n")
        fails = first.removeprefix("# fails: ") if first.startswith("# fails: ") else ""
        found[exercise].append(Answer(what, below if fails else rest, fails))
    return found


RIGHT, WRONG, ATTACKS = answers("right_answers.txt"), answers("wrong_answers.txt"), dict(blocks("attacks.txt"))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """As many programs at once as there are processors; all of them may wait."""
    started = Pool(queue=1_000, queue_per_owner=1_000)
    yield started
    started.close()


def checked(pool: Pool, lesson: Lesson, sources: Sequence[str]) -> list[Trace]:
    assert lesson.exercise is not None
    question = Exercise(checks=lesson.exercise.checks, solution=lesson.exercise.solution)
    runs = [pool.submit(Program(source=source, question=question)) for source in sources]
    traces = [run.wait() for run in runs]
    return [trace for trace in traces if trace is not None]


def verdict(trace: Trace) -> Verdict:
    assert trace.failure is None, trace.failure
    assert isinstance(trace.answer, Verdict)
    return trace.answer


def failed(trace: Trace) -> dict[str, Check]:
    return {check.title: check for check in verdict(trace).checks if not check.passed}


@cache
def started(pool: Pool, name: str) -> Verdict:
    """The verdict on the starter as it is."""
    (trace,) = checked(pool, EXERCISES[name], [EXERCISES[name].source])
    return verdict(trace)


def test_there_are_ten_each_with_five_right_and_five_wrong_answers_that_are_all_different() -> None:
    assert [lesson.number for lesson in EXERCISES.values()] == list(range(1, 11))
    for found, exercises in ((RIGHT, RIGHT.keys()), (WRONG, WRONG.keys())):
        assert exercises == EXERCISES.keys()
        assert min(map(len, found.values())) >= AT_LEAST
        programs = Counter(answer.program for each in found.values() for answer in each)
        assert max(programs.values()) == 1
    assert all(answer.fails for each in WRONG.values() for answer in each)
    assert len(ATTACKS) >= AT_LEAST


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_solution_passes_and_the_starter_does_not(pool: Pool, name: str) -> None:
    lesson = EXERCISES[name]
    assert lesson.exercise is not None
    (solved,) = checked(pool, lesson, [lesson.exercise.solution])
    assert failed(solved) == {}
    titles = [step.title for step in read_checks(lesson.exercise.checks) if isinstance(step, Assertion)]
    assert [check.title for check in verdict(solved).checks] == titles
    assert len(set(titles)) == len(titles)
    assert not started(pool, name).solved
    assert all(check.look_at for check in started(pool, name).checks)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_right_way_passes(pool: Pool, name: str) -> None:
    traces = checked(pool, EXERCISES[name], [answer.program for answer in RIGHT[name]])
    assert {answer.what: failed(trace) for answer, trace in zip(RIGHT[name], traces, strict=True)} == {
        answer.what: {} for answer in RIGHT[name]
    }


@pytest.mark.parametrize("name", EXERCISES)
def test_a_wrong_answer_fails_with_a_message_that_helps(pool: Pool, name: str) -> None:
    traces = checked(pool, EXERCISES[name], [answer.program for answer in WRONG[name]])
    for answer, trace in zip(WRONG[name], traces, strict=True):
        found = failed(trace)
        assert answer.fails in found, (answer.what, [*found])
        check = found[answer.fails]
        assert check.came
        assert check.expected
        assert len(check.look_at.split()) >= 4


@pytest.mark.parametrize("name", EXERCISES)
def test_no_attack_solves_it_or_passes_a_check_but_by_saying_yes(pool: Pool, name: str) -> None:
    lesson = EXERCISES[name]
    traces = checked(pool, lesson, [f"{lesson.source}\n{text}" for text in ATTACKS.values()])
    by_itself = {check.title for check in started(pool, name).checks if check.passed}
    for what, trace in zip(ATTACKS, traces, strict=True):
        if trace.failure is not None:
            assert not isinstance(trace.answer, Verdict), what
            continue
        assert not verdict(trace).solved
        # One that takes the checker over can say yes. It does not know anything else that is right.
        passed = {check.title for check in verdict(trace).checks if check.passed and check.expected != "True"}
        assert passed <= by_itself, what


@pytest.mark.parametrize("name", EXERCISES)
def test_printing_everything_that_is_expected_solves_nothing(pool: Pool, name: str) -> None:
    expected = {check.expected for check in started(pool, name).checks}
    printed = "\n".join(f"print({text!r})" for text in [*expected, "All checks pass"])
    assert not verdict(checked(pool, EXERCISES[name], [printed])[0]).solved


def test_the_process_that_writes_a_verdict_itself_is_told_so(pool: Pool) -> None:
    lesson = EXERCISES["01_partial_derivatives"]
    attack = next(text for what, text in ATTACKS.items() if "writes a verdict itself" in what)
    (trace,) = checked(pool, lesson, [attack])
    assert trace.failure is not None
    assert "did not say what its checks found" in trace.failure.message


@pytest.mark.parametrize("name", EXERCISES)
def test_the_file_passes_its_own_checks_in_plain_python(name: str) -> None:
    plain = plain_python((FOLDER / f"{name}.py").read_text(encoding="utf-8"), "error")
    assert (plain.stderr, plain.error, plain.exit_code) == ("", None, 0)
