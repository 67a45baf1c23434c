"""``python -m app lessons``: are the lessons in a folder whole, do they run, do exercises judge as they should?"""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.files import Unusable
from app.course import Lesson, LessonError, load_lesson
from components.facts.text import plural
from components.trace import Exercise, Failure, Program, Trace, Verdict
from components.worker import Pool


def lessons(options: argparse.Namespace) -> int:
    """Check every lesson of ``options.folder``, one line each.

    Raises:
        Unusable: there is no such folder, it holds no lesson, or one of them is wrong.
    """
    folder = Path(options.folder)
    paths = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    if not paths:
        raise Unusable(f"there is no lesson in {folder}: lessons are files named like 01_my_lesson.py")
    wrong = 0
    pool = Pool(size=1)
    try:
        for path in paths:
            problem, good = _checked(pool, path)
            wrong += problem is not None
            print(f"{path.name}: {problem or good}", flush=True)
    finally:
        pool.close()
    if wrong:
        raise Unusable(f"{wrong} of {len(paths)} lessons need mending")
    return 0


def _checked(pool: Pool, path: Path) -> tuple[str | None, str]:
    """What is wrong with a lesson, if anything, and what is good about it."""
    try:
        lesson = load_lesson(path)
    except LessonError as error:
        return f"line {error.line}: {error.problem}", ""
    if lesson.exercise is None:
        return _plain(pool, lesson)
    return _exercise(pool, lesson, lesson.exercise.solution, lesson.exercise.checks)


def _plain(pool: Pool, lesson: Lesson) -> tuple[str | None, str]:
    """A program has to run: whole, up to each question, and that which stands in where there is no GPU."""
    programs = {"the program": lesson.source}
    programs |= {
        f"the program up to prediction {n + 1}": lesson.source_before(n) for n in range(len(lesson.predictions))
    }
    if lesson.without_gpu is not None:
        programs["the program without a GPU"] = lesson.without_gpu.program
    for name, source in programs.items():
        failure = pool.run(Program(source=source)).failure
        if failure is not None:
            return f"{name} fails: {_said(failure)}", ""
    asks = f", asks {plural(len(lesson.predictions), 'prediction')}" if lesson.predictions else ""
    return None, f"runs{asks}"


def _exercise(pool: Pool, lesson: Lesson, solution: str, checks: str) -> tuple[str | None, str]:
    question = Exercise(checks=checks, solution=solution)
    solved = pool.run(Program(source=solution, question=question))
    if solved.failure is not None:
        return f"the solution fails: {_said(solved.failure)}", ""
    if not isinstance(solved.answer, Verdict):
        return "the solution was not checked", ""
    failed = [check for check in solved.answer.checks if not check.passed]
    if failed:
        return f"the solution fails {failed[0].title!r}: expected {failed[0].expected}, came {failed[0].came}", ""
    started = pool.run(Program(source=lesson.source, question=question))
    if started.failure is not None:
        return f"the starter fails: {_said(started.failure)}", ""
    if _solves(started):
        return "the starter solves the exercise as it is", ""
    return None, f"the solution passes {len(solved.answer.checks)} checks"


def _solves(trace: Trace) -> bool:
    return isinstance(trace.answer, Verdict) and trace.answer.solved


def _said(failure: Failure) -> str:
    where = f"line {failure.line} of its program, " if failure.line is not None else ""
    return f"{where}{failure.message.splitlines()[0] if failure.message else failure.kind}"
