"""The child's half of the pipe: what a running program is allowed to tell the pages."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .messages import OUTPUT_CHARS, Begun, Fault, Finishing, Line, Message, Output, Problem, Result, encode

_MOST_WAITING = 200
_MOST_FAULTS = 20


class Channel:
    """Send messages; the text that a program prints is sent up to a limit and then no more.

    A program may have threads, and they may print. The thread that is within a message is ``busy``: a signal handler
    must neither send nor raise then. After the last message, the result or a problem, nothing more is sent.
    """

    def __init__(self, descriptor: int, stdout_chars: int) -> None:
        self._descriptor = descriptor
        self._chars_left = stdout_chars
        self._cut = False
        self._waiting: list[str] = []
        self._faults_left = _MOST_FAULTS
        self._over = False
        # Of the kind that a thread may take twice: a signal handler may run just before or after ``_holder`` is set.
        self._lock = threading.RLock()
        self._holder = 0

    @property
    def busy(self) -> bool:
        """Whether this thread is within a message."""
        return self._holder == threading.get_ident()

    def output(self, text: str) -> None:
        """Take printed text; it is sent with the end of its line, or when ``flush`` is called."""
        self._in_turn(self._take, text)

    def flush(self) -> None:
        """Send what was printed."""
        self._in_turn(self._flush)

    def begun(self) -> None:
        """Say that the program begins."""
        self._in_turn(self._send, Begun())

    def line(self, line: int) -> None:
        """Say which line runs."""
        self._in_turn(self._send, Line(line))

    def finishing(self) -> None:
        """Say that the program is over and the trace is being completed."""
        self._in_turn(self._send, Finishing())

    def fault(self, text: str) -> None:
        """Send the traceback of an observer, as often as is useful."""
        self._in_turn(self._fault, text)

    def problem(self, problem: Problem) -> None:
        """Say why there will be no trace."""
        self._in_turn(self._last, problem)

    def result(self, data: bytes) -> None:
        """Send the trace, or the memory."""
        self._in_turn(self._last, Result(len(data)), data)

    def _in_turn(self, act: Callable[..., None], *arguments: object) -> None:
        with self._lock:
            self._holder = threading.get_ident()
            try:
                if not self._over:
                    act(*arguments)
            finally:
                self._holder = 0

    def _take(self, text: str) -> None:
        self._waiting.append(text)
        if "\n" in text or len(self._waiting) >= _MOST_WAITING:
            self._flush()

    def _flush(self) -> None:
        text, self._waiting = "".join(self._waiting), []
        if self._cut or not text:
            return
        kept = text[: self._chars_left]
        self._cut = len(kept) < len(text)
        self._chars_left -= len(kept)
        # Lone surrogates cannot be sent; plain Python cannot print them to a UTF-8 terminal either.
        kept = kept.encode("utf-8", "backslashreplace").decode()
        starts = range(0, max(len(kept), 1), OUTPUT_CHARS)
        for start in starts:
            self._send(Output(kept[start : start + OUTPUT_CHARS], cut=self._cut and start == starts[-1]))

    def _fault(self, text: str) -> None:
        if self._faults_left > 0:
            self._faults_left -= 1
            self._send(Fault(text[-OUTPUT_CHARS:].encode("utf-8", "backslashreplace").decode()[:OUTPUT_CHARS]))

    def _last(self, message: Message, body: bytes = b"") -> None:
        self._flush()
        self._over = True
        self._send(message, body)

    def _send(self, message: Message, body: bytes = b"") -> None:
        try:
            _write_all(self._descriptor, encode(message))
            _write_all(self._descriptor, body)
        except OSError:
            os._exit(1)  # nobody listens any more


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
