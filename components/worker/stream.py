"""What a child has said so far: the parent's half of the pipe, as a small state machine without any process.

The bytes may come from a hostile program, so every size has a bound and anything malformed breaks the stream for good.
"""

from __future__ import annotations

import re

import msgspec

from ..source import PROGRAM_FILENAME
from ..trace import Packed, Packer
from .limits import Limits
from .messages import LINE_BYTES, Begun, Fault, Finishing, FromChild, Line, Output, Problem, Result, from_child

# One character is at most six bytes of JSON; what remains is for line numbers and the frames of the messages.
_BYTES_PER_CHAR = 6
_OTHER_BYTES = 8 << 20
_MOST_FAULTS = 20
# What Python's faulthandler writes when a child crashes or is asked where it is, innermost frame first.
_LAST_WORDS = (b"Fatal Python error: ", b"Stack (most recent call first):")
_PLACE = re.compile(rb'  File "' + re.escape(PROGRAM_FILENAME).encode() + rb'", line (\d{1,7}) in ')


class ChildStream:
    """Feed it bytes; read ``stdout``, ``line``, ``begun``, ``finishing``, at last ``result``, ``problem``, ``broken``.

    ``placed`` is true once a stack has told the line.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._message_bytes = _BYTES_PER_CHAR * limits.stdout_chars + _OTHER_BYTES
        self._pending = bytearray()
        self._expected: int | None = None
        self._packer = Packer()
        self._result: Packed | None = None
        self._pieces: list[str] = []
        self._chars = 0
        self.stdout_truncated = False
        self.line: int | None = None
        self.begun = False
        self.finishing = False
        self.faults: list[str] = []
        self.problem: Problem | None = None
        self.broken: str | None = None
        self.last_words = False
        self.placed = False

    @property
    def stdout(self) -> str:
        """What the program has printed, up to the limit."""
        return "".join(self._pieces)

    @property
    def result(self) -> Packed | None:
        """The trace, as it was sent, once all of it has arrived."""
        return self._result if self.broken is None else None

    @property
    def over(self) -> bool:
        """Whether nothing more is expected of the child."""
        return self.broken is not None or self.problem is not None or self.result_complete

    @property
    def result_complete(self) -> bool:
        """Whether all bytes of the result are here."""
        return self.result is not None

    def feed(self, data: bytes) -> None:
        """Take what was read from the pipe."""
        if self.broken is not None:
            return
        if self._expected is None:
            self._pending += data
            self._take_messages(len(data))
            data = bytes(self._pending)
        if self._expected is not None:
            self._pending.clear()
            self._take_result(data, self._expected)

    def _take_result(self, data: bytes, expected: int) -> None:
        if self._packer.size + len(data) > expected:
            self._break("it sent more than one result")
            return
        self._packer.feed(data)
        if self._packer.size == expected and self._result is None:
            self._result = self._packer.packed()

    def _take_messages(self, size: int) -> None:
        self._message_bytes -= size
        start = 0
        while self.broken is None and self._expected is None:
            end = self._pending.find(b"\n", start)
            if end < 0:
                break
            self._take_message(bytes(self._pending[start:end]))
            start = end + 1
        del self._pending[:start]
        if self._expected is not None or self.broken is not None:
            return
        if len(self._pending) > LINE_BYTES:
            self._break("it sent a line without an end")
        elif self._message_bytes < 0:
            self._break("it sent too many messages")

    def _take_message(self, line: bytes) -> None:
        if self.last_words or line.startswith(_LAST_WORDS):
            self._take_last_words(line)
            return
        if self.problem is not None:
            self._break("it sent a message after its last one")
            return
        if len(line) > LINE_BYTES:
            self._break("it sent too long a message")
            return
        try:
            message = from_child.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._break("it sent something that is not a message")
            return
        self._take(message)

    def _take(self, message: FromChild) -> None:
        match message:
            case Begun():
                self.begun = True
            case Output():
                self._print(message)
            case Line():
                self.line = message.line
            case Finishing():
                self.finishing = True
            case Fault():
                self.faults += [message.text] if len(self.faults) < _MOST_FAULTS else []
            case Problem():
                self.problem = message
            case Result() if message.bytes > self._limits.trace_bytes:
                self.problem = Problem("too_large", too_large_message(message.bytes, self._limits.trace_bytes))
            case Result():
                self._expected = message.bytes

    def _take_last_words(self, line: bytes) -> None:
        """Find the program's innermost frame in a stack; nothing else that follows is believed."""
        self.last_words = True
        place = _PLACE.match(line)
        if place is not None and not self.placed:
            self.line = int(place[1])
            self.placed = True

    def _print(self, message: Output) -> None:
        text = message.text[: self._limits.stdout_chars - self._chars]
        self._chars += len(text)
        self._pieces.append(text)
        self.stdout_truncated |= message.cut or len(text) < len(message.text)

    def _break(self, reason: str) -> None:
        self.broken = reason
        self._pending.clear()


def too_large_message(size: int, limit: int) -> str:
    """Say that a trace is too large, in bytes."""
    return (
        f"The trace of this program has {size:,} bytes; the limit is {limit:,}. "
        "Use smaller tensors or fewer operations, or a smaller number of repetitions."
    )
