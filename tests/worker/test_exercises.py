"""What the program's process is told of an exercise, and what is believed of what it says."""

from __future__ import annotations

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from app.course import LESSONS, load_lessons
from components.source.check_cells import Assertion, read_checks
from components.trace import Check, Exercise, Failure, Finding, Findings, Inspection, Judgement, Program, Trace, Verdict
from components.worker import Limits, Run
from components.worker.exercises import for_its_process, judged
from components.worker.failures import failed_trace

QUESTION = Exercise(checks="# One\nassert x == 41 + 1, 'Look.'\n", solution="x = 42")
PROGRAM = Program(source="x = 42", question=QUESTION)
PASSED = Verdict(checks=[Check(title="One", passed=True, expected="42", came="42", look_at="Look.")])


def said(answer: Findings | Verdict | None, failure: Failure | None = None) -> Trace:
    """The trace that the program's process sends."""
    trace = failed_trace(PROGRAM, Failure(kind="raised", message=""))
    return replace(trace, failure=failure, answer=UNSET if answer is None else answer)


def nobody(run: Run) -> Trace:
    raise AssertionError(f"{run.program} was not to be run")


def test_what_is_expected_is_not_in_it() -> None:
    for lesson in load_lessons(LESSONS / "exercises", "exercises"):
        assert lesson.exercise is not None
        question = Exercise(checks=lesson.exercise.checks, solution=lesson.exercise.solution)
        program = for_its_process(Program(source="", question=question))
        assert isinstance(program.question, Inspection)
        steps = read_checks(lesson.exercise.checks)
        assert [look.prepares for look in program.question.looks] == [not isinstance(step, Assertion) for step in steps]
        told = msgspec.json.encode(program).decode()
        hidden = [step.look_at for step in steps if isinstance(step, Assertion)]
        assert len(hidden) > 5
        assert not any(json_text(text) in told for text in hidden)
        assert json_text(lesson.exercise.solution) not in told


def json_text(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


def test_other_programs_are_told_everything() -> None:
    assert for_its_process(Program(source="x")) == Program(source="x")


def test_a_verdict_of_the_programs_own_process_is_not_believed() -> None:
    run = Run(PROGRAM, Limits())
    for answer in (PASSED, None):
        trace = judged(run, said(answer), nobody)
        assert trace.answer is UNSET
        assert trace.failure is not None
        assert "did not say what its checks found" in trace.failure.message
    trace = judged(run, said(PASSED, Failure(kind="raised", message="mine")), nobody)
    assert trace.answer is UNSET
    assert trace.failure is not None
    assert trace.failure.message == "mine"


def test_the_judge_gets_what_was_found_and_no_line_of_the_program() -> None:
    asked: list[Program] = []

    def judge(run: Run) -> Trace:
        asked.append(run.program)
        return said(PASSED)

    found = [Finding(value="42")]
    trace = judged(Run(PROGRAM, Limits()), said(Findings(findings=found)), judge)
    assert trace.answer == PASSED
    ((program),) = asked
    assert program.source == ""
    assert isinstance(program.question, Judgement)
    inspection = for_its_process(PROGRAM).question
    assert isinstance(inspection, Inspection)
    assert program.question == Judgement(
        checks=QUESTION.checks, solution=QUESTION.solution, seed=inspection.seed, findings=found
    )


def test_a_judge_that_fails_or_is_stopped_gives_no_verdict() -> None:
    run = Run(PROGRAM, Limits())
    trace = judged(run, said(Findings(findings=[])), lambda judge: said(None, Failure(kind="crashed", message="gone")))
    assert trace.answer is UNSET
    assert trace.failure is not None
    assert trace.failure.message == "The checks could not be judged: gone"

    def stopped(judge: Run) -> Trace:
        run.stop()
        assert judge.stopped_at is not None
        return said(None, Failure(kind="timeout", message="Stopped."))

    trace = judged(run, said(Findings(findings=[])), stopped)
    assert trace.failure == Failure(kind="timeout", message="Stopped.")
