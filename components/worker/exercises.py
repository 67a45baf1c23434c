"""An exercise takes two processes: one runs the program and says what came, the next says what is right about it.

The program's process is not told what is expected, and its word counts for nothing but what came.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from msgspec import UNSET
from msgspec.structs import replace

from ..source.check_cells import Assertion, read_checks
from ..trace import Exercise, Failure, Finding, Findings, Inspection, Judgement, Look, Program, Trace, Verdict
from . import failures
from .run import Run


def for_its_process(program: Program) -> Program:
    """Return the program as its own process may know it: asked for what the checks look at, not what they expect."""
    if not isinstance(program.question, Exercise):
        return program
    steps = read_checks(program.question.checks)
    looks = [
        Look(code=step.came) if isinstance(step, Assertion) else Look(code=step.code, prepares=True) for step in steps
    ]
    return replace(program, question=Inspection(looks=looks, seed=_seed(program)))


def judged(run: Run, trace: Trace, execute: Callable[[Run], Trace]) -> Trace:
    """Return the trace of a program with the verdict on it, where it answers an exercise; a new process gives it."""
    question = run.program.question
    if not isinstance(question, Exercise):
        return trace
    if trace.failure is not None:
        return replace(trace, answer=UNSET)
    if not isinstance(trace.answer, Findings):
        return _failed(trace, failures.crashed("The program's process did not say what its checks found."))
    return _with_verdict(run, trace, _judgement(run.program, question, trace.answer.findings), execute)


def _judgement(program: Program, question: Exercise, findings: list[Finding]) -> Program:
    judgement = Judgement(checks=question.checks, solution=question.solution, seed=_seed(program), findings=findings)
    return replace(program, source="", question=judgement)


def _with_verdict(run: Run, trace: Trace, judgement: Program, execute: Callable[[Run], Trace]) -> Trace:
    judge = Run(judgement, run.limits, run.owner)
    run.on_stop = lambda _: judge.stop()
    if run.stopped_at is not None:
        judge.stop()
    found = execute(judge)
    if isinstance(found.answer, Verdict) and found.failure is None:
        return replace(trace, answer=found.answer)
    why = found.failure.message if found.failure is not None else "no verdict came"
    if run.stopped_at is not None:
        return _failed(trace, Failure(kind="timeout", message=failures.STOPPED))
    return _failed(trace, failures.crashed(f"The checks could not be judged: {why}"))


def _failed(trace: Trace, failure: Failure) -> Trace:
    return replace(trace, answer=UNSET, failure=failure)


def _seed(program: Program) -> int:
    """Numbers that checks draw are others for every other text: to write them into it changes them."""
    return zlib.crc32(program.source.encode("utf-8", "backslashreplace"))
