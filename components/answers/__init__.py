"""What the worker's child calls: runs a program, then answers what was asked of it beyond its trace.

The trace is that of the program alone. What is asked of it (derivatives of its function, whether it solves an exercise)
is worked out afterwards, on what its global names stand for, in the same confined process.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ..capture import (
    RunInterrupted,
    capture_program,
    capture_with_names,
    failure_of,
    installed_names,
    interrupt_soon,
    measure_program,
)
from ..source import SourceLimits
from ..trace import Answered, Asked, Caps, Exercise, Failure, Program, Trace
from .derivatives import differentiate
from .exercises import check_exercise
from .warm_up import warm_up
from .words import said

__all__ = [
    "ANSWERERS",
    "OBSERVERS",
    "RunInterrupted",
    "answer_program",
    "installed_names",
    "interrupt_soon",
    "measure_program",
    "warm_up",
]

# Whose frames are not to be interrupted half-way, and whose may be like the program's own.
OBSERVERS = ("components.capture",)
ANSWERERS = tuple(f"{__name__}.{part}" for part in ("derivatives", "exercises", "symbolic"))


def answer_program(
    program: Program,
    caps: Caps,
    on_output: Callable[[str], None],
    source_limits: SourceLimits,
    log: Callable[[str], None] = lambda text: None,
) -> Trace:
    """Run the program and return its trace, with the answer to its question if it has one."""
    if program.question is UNSET:
        return capture_program(program, caps, on_output, source_limits, log)
    trace, names = capture_with_names(program, caps, on_output, source_limits, log)
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


def _answer(question: Asked, names: dict[str, Any]) -> Answered:
    if isinstance(question, Exercise):
        return check_exercise(question, names)
    return differentiate(question, names)


def _came_from_the_program(error: BaseException) -> bool:
    failure = failure_of(error)
    return failure is None or failure.line is not None or failure.kind == "out_of_memory"
