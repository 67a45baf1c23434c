"""Observers step aside: whatever goes wrong in one of them, the program's own lines neither fail nor change.

What an observer could not do is said once in the trace, in words for its reader; the traceback goes to the server's
log, because it is a fault of ours or something in PyTorch that we did not know.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..trace import Note, Observer
from .names import program_line

_LONGEST = 200
_LONGEST_TRACEBACK = 4_000


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
            words = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST]
            self.note(observer, f"Missing here: {missing} ({words}).", program_line())
        except Exception:  # a message that cannot be made is not worth a program
            return
