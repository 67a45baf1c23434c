"""The child's half of the pipe: what a running program is allowed to tell the pages."""

from __future__ import annotations

import os

from components.worker.messages import OUTPUT_CHARS, Begun, Finishing, Line, Message, Output, Problem, Result, encode


class Channel:
    """Send messages; the text that a program prints is sent up to a limit and then no more.

    ``busy`` is true within a message: a signal handler must neither send nor raise then.
    """

    def __init__(self, descriptor: int, stdout_chars: int) -> None:
        self._descriptor = descriptor
        self._chars_left = stdout_chars
        self._cut = False
        self.busy = False

    def output(self, text: str) -> None:
        """Send printed text as it comes."""
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

    def problem(self, problem: Problem) -> None:
        """Say why there will be no trace."""
        self._send(problem)

    def result(self, trace: bytes) -> None:
        """Send the trace."""
        self._send(Result(len(trace)), trace)

    def _send(self, message: Message, body: bytes = b"") -> None:
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
