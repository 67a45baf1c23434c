"""Runs a program, and works out what was asked of it with what its global names stand for.

A module of its own because it is imported late: SymPy and what uses it take half a second, and the first picture after
a start does without.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ..capture import RunInterrupted, capture_with_names, failure_of
from ..source import SourceLimits
from ..trace import Answered, Caps, Draw, Exercise, Failure, Inspection, Judgement, MeasureModules, Program, Trace
from .derivatives import differentiate
from .exercises import inspect_answer, judge
from .exercises.pristine import Pristine
from .values import said

# As it is before any program has run in this process or in the one that it is forked from.
_pristine = Pristine()


def answered(
    program: Program,
    caps: Caps,
    on_output: Callable[[str], None],
    source_limits: SourceLimits,
    log: Callable[[str], None],
) -> Trace:
    """Run a program that is asked something, and return its trace with the answer, if it came to its end."""
    trace, names = capture_with_names(program, caps, on_output, source_limits, log)
    if isinstance(program.question, Inspection):
        _pristine.put_back()
    if trace.failure is not None:
        return trace
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the program was warned of while it ran is in its trace
            return replace(trace, answer=_answer(program.question, names))
    except SystemExit as error:
        message = f"The function ended the program instead of returning: {said(error)}."
        return replace(trace, failure=Failure(kind="raised", error_type="SystemExit", message=message))
    except (Exception, RunInterrupted) as error:
        # Our own mistakes are not the program's.
        if not isinstance(error, RunInterrupted) and not _came_from_the_program(error):
            raise
        return replace(trace, failure=failure_of(error))


def _answer(question: Any, names: dict[str, Any]) -> Answered:
    if isinstance(question, Inspection):
        return inspect_answer(question, names)
    if isinstance(question, Judgement):
        return judge(question)
    if question is UNSET or isinstance(question, Exercise | Draw | MeasureModules):
        raise TypeError("whoever runs programs asks for an inspection, and elsewhere for a judgement")
    return differentiate(question, names)


def _came_from_the_program(error: BaseException) -> bool:
    failure = failure_of(error)
    return failure is None or failure.line is not None or failure.kind == "out_of_memory"
