"""What goes wrong in a run: the program's exception becomes a ``Failure``, an observer that fails steps aside.

Whatever goes wrong in an observer, the program's own lines neither fail nor change. What it could not do is said once
in the trace, in words for its reader; the traceback goes to the server's log, because it is a fault of ours or
something in PyTorch that we did not know.

An observer must not be interrupted in the middle of a record either, and of a long ``backward()`` Python sees nothing
but observers. So whoever watches the run asks here, and the observers stop the program where their records are whole.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from ..source import SourceTooLarge
from ..trace import Failure, FailureKind, Note, Observer
from .names import class_name, program_line
from .own_code import is_own

_LONGEST_MESSAGE = _LONGEST_TRACEBACK = 4_000
_LONGEST_NOTE = 200
_NO_MEMORY = ("can't allocate memory", "not enough memory", "CUDA out of memory", "failed to allocate", "bad_alloc")


class RunInterrupted(BaseException):
    """Raised in the program, from a signal handler, to end it early; what was observed until then is kept."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


to_raise: list[RunInterrupted] = []
"""What ``stop_if_asked`` will raise: nothing, or one thing."""


def interrupt_soon(error: RunInterrupted) -> None:
    """Ask for ``error`` to be raised at the next ``stop_if_asked``. Can be called from a signal handler."""
    to_raise[:] = [error]


def stop_if_asked() -> None:
    """Raise what was asked for, once. An observer calls it between two records of a long row."""
    if to_raise:
        raise to_raise.pop()


def forget_to_stop() -> None:
    """The program is over: nothing is left to be stopped."""
    to_raise.clear()


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
        if is_own(trace.tb_frame.f_code):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class Asides:
    """The notes of one run; ``log`` is given the traceback of each kind of fault once."""

    def __init__(self, most: int, log: Callable[[str], None] = lambda text: None) -> None:
        self.notes: list[Note] = []
        self._most = most
        self._log = log
        self._said: set[tuple[Observer | None, str]] = set()

    def note(self, observer: Observer | None, message: str, line: int | None) -> None:
        """Write something down for the trace's reader, the same thing once."""
        if len(self.notes) < self._most and (observer, message) not in self._said:
            self._said.add((observer, message))
            self.notes.append(Note(observer=observer, message=message, line=line))

    @contextmanager
    def aside(self, observer: Observer, missing: str) -> Iterator[None]:
        """Do an observer's work; if that fails, ``missing`` is what the trace does not hold because of it.

        What ends the program on purpose (``RunInterrupted``, ``SystemExit``) goes through.
        """
        try:
            yield
        except Exception as error:
            self.failed(observer, missing, error)

    def failed(self, observer: Observer, missing: str, error: Exception) -> None:
        """Note that an observer has stepped aside."""
        try:
            known = (observer, missing) in self._said
            self._said.add((observer, missing))
            if known:
                return
            if not sys.is_finalizing():
                self._log("".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:])
            words = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST_NOTE]
            self.note(observer, f"Missing here: {missing} ({words}).", program_line())
        except Exception:  # a message that cannot be made is not worth a program
            return
