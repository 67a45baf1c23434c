"""A program's exception as a ``Failure``: its kind, its own message and its line."""

from __future__ import annotations

import torch

from ..source import PROGRAM_FILENAME, SourceTooLarge
from ..trace import Failure, FailureKind
from .short_text import class_name

_LONGEST_MESSAGE = 4_000
_NO_MEMORY = ("can't allocate memory", "not enough memory", "CUDA out of memory", "failed to allocate", "bad_alloc")


class RunInterrupted(BaseException):
    """Raised in the program, from a signal handler, to end it early; what was observed until then is kept."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def failure_of(error: BaseException, line: int | None = None) -> Failure | None:
    """Return the failure; ``None`` for ``SystemExit``, which ends a program quietly.

    ``line`` is used where the exception itself knows none.
    """
    if isinstance(error, SystemExit):
        return None
    kind = _kind(error)
    return Failure(
        kind=kind,
        error_type=None if isinstance(error, RunInterrupted | SourceTooLarge) else class_name(type(error)),
        message=_message(error),
        line=_line(error) or line,
    )


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, RunInterrupted):
        return error.kind
    if isinstance(error, SourceTooLarge):
        return "too_large"
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return "out_of_memory"
    if isinstance(error, RuntimeError) and any(words in _message(error) for words in _NO_MEMORY):
        return "out_of_memory"
    if isinstance(error, SyntaxError) and error.__traceback__ is not None and _line_of_traceback(error) is None:
        return "syntax"
    return "raised"


def _message(error: BaseException) -> str:
    """The program may have defined ``__str__``: it must not be able to break the record."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        return "(the exception has no readable message)"
    text = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " …"


def _line(error: BaseException) -> int | None:
    line = _line_of_traceback(error)
    if line is None and isinstance(error, SyntaxError):
        return error.lineno
    return line


def _line_of_traceback(error: BaseException) -> int | None:
    """The innermost line of the program's own."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM_FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
