"""The child's half of the pipe: what a running program is allowed to tell the pages."""

from __future__ import annotations

import os
import threading

from components.worker.messages import (
    OUTPUT_CHARS,
    Begun,
    Fault,
    Finishing,
    Line,
    Message,
    Output,
    Problem,
    Result,
    encode,
)

_MOST_WAITING = 200
_MOST_FAULTS = 20


class Channel:
    """Send messages; the text that a program prints is sent up to a limit and then no more.

    ``busy`` is true within a message: a signal handler must neither send nor raise then.
    """

    def __init__(self, descriptor: int, stdout_chars: int) -> None:
        self._descriptor = descriptor
        self._chars_left = stdout_chars
        self._cut = False
        self._waiting: list[str] = []
        self._faults_left = _MOST_FAULTS
        self._over = False
        self._lock = threading.RLock()  # the program may have threads, and they may print
        self.busy = False

    def output(self, text: str) -> None:
        """Take printed text; it is sent with the end of its line, or when ``flush`` is called."""
        if self._over:
            return  # a thread that outlives its program
        self._waiting.append(text)
        if "\n" in text or len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Send what was printed."""
        with self._lock:
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

    def begun(self) -> None:
        """Say that the program begins."""
        self._send(Begun())

    def line(self, line: int) -> None:
        """Say which line runs."""
        self._send(Line(line))

    def finishing(self) -> None:
        """Say that the program is over and the trace is being completed."""
        self._send(Finishing())

    def fault(self, text: str) -> None:
        """Send the traceback of an observer, as often as is useful."""
        if self._faults_left > 0:
            self._faults_left -= 1
            self._send(Fault(text[-OUTPUT_CHARS:].encode("utf-8", "backslashreplace").decode()[:OUTPUT_CHARS]))

    def problem(self, problem: Problem) -> None:
        """Say why there will be no trace."""
        with self._lock:
            self._flush()
            self._over = True
            self._send(problem)

    def result(self, data: bytes) -> None:
        """Send the trace, or the memory."""
        with self._lock:
            self._flush()
            self._over = True
            self._send(Result(len(data)), data)

    def _send(self, message: Message, body: bytes = b"") -> None:
        with self._lock:
            self.busy = True
            try:
                _write_all(self._descriptor, encode(message))
                _write_all(self._descriptor, body)
            except OSError:
                os._exit(1)  # nobody listens any more
            finally:
                self.busy = False


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
