"""Every message between the three kinds of process, as strict types: one JSON object per line, never pickle.

A child may have been taken over by the program that it runs, so what it says is checked by type and size and believed
in nothing else. ``Result`` is followed by that many bytes: the trace.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from ..trace import ObservedRun, Program
from .confine import Wall
from .limits import Limits

RunId = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
LINE_BYTES = 65_536
OUTPUT_CHARS = 4_096


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=str.lower):
    """What all messages share: frozen, tagged with their name, no unknown fields."""


# The pool to the zygote. Fork comes with two file descriptors: the request's pipe to read, the run's pipe to write.
class Fork(Message, frozen=True):
    """Start a child for this run, with what its program may use."""

    run: RunId
    limits: Limits


class Stop(Message, frozen=True):
    """Ask the child to interrupt its program."""

    run: RunId


class Late(Message, frozen=True):
    """Say that the program's time is over, and interrupt it."""

    run: RunId


class Look(Message, frozen=True):
    """Make the child write where its program is, even in the middle of native code."""

    run: RunId


class Kill(Message, frozen=True):
    """End the child, whatever it does."""

    run: RunId


class Lower(Message, frozen=True):
    """Let all others have the processor first."""

    run: RunId


class Pause(Message, frozen=True):
    """Let the child stand still."""

    run: RunId


class Resume(Message, frozen=True):
    """Let a child that stands still go on."""

    run: RunId


# The zygote to the pool.
class Hello(Message, frozen=True):
    """The zygote can fork: which walls stand."""

    walls: list[Wall]


class Warm(Message, frozen=True):
    """All is loaded that programs need: what an editor completes."""

    names: list[str]


class Forked(Message, frozen=True):
    """The child of this run exists, with this process id."""

    run: RunId
    pid: int


class NotForked(Message, frozen=True):
    """The system refused to make a process."""

    run: RunId
    message: str


class Ended(Message, frozen=True):
    """The child is gone; ``status`` is its wait status."""

    run: RunId
    status: int
    cpu_seconds: float
    peak_mb: int


# The pool to the child, down the request's pipe, which then ends.
class Request(Message, frozen=True):
    """The program; ``observed`` where its memory is to be measured."""

    program: Program
    observed: ObservedRun | None = None


# The child to the pool.
class Output(Message, frozen=True):
    """Text that the program printed; ``cut`` when all that follows is left out."""

    text: Annotated[str, msgspec.Meta(max_length=OUTPUT_CHARS)]
    cut: bool = False


class Line(Message, frozen=True):
    """The line of the program that runs now."""

    line: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class Begun(Message, frozen=True):
    """The walls are up and the program begins: its time counts from here."""


class Finishing(Message, frozen=True):
    """The program is over or interrupted, and the trace is being completed."""


class Fault(Message, frozen=True):
    """An observer has failed and stepped aside: the traceback, for the server's log."""

    text: Annotated[str, msgspec.Meta(max_length=OUTPUT_CHARS)]


class Problem(Message, frozen=True):
    """The child could not make a trace."""

    kind: Literal["out_of_memory", "timeout", "too_large", "crashed"]
    message: Annotated[str, msgspec.Meta(max_length=2_000)]


class Result(Message, frozen=True):
    """The trace follows, in this many bytes, and nothing after it."""

    bytes: Annotated[int, msgspec.Meta(ge=0, le=2**40)]


ToZygote = Fork | Stop | Late | Look | Kill | Lower | Pause | Resume
FromZygote = Hello | Warm | Forked | NotForked | Ended
FromChild = Begun | Output | Line | Finishing | Fault | Problem | Result

to_zygote = msgspec.json.Decoder(ToZygote)
from_zygote = msgspec.json.Decoder(FromZygote)
from_child = msgspec.json.Decoder(FromChild)
request_decoder = msgspec.json.Decoder(Request)


def encode(message: Message) -> bytes:
    """Return the message as one line of JSON with its line end."""
    return msgspec.json.encode(message) + b"\n"


class Lines:
    """Cut a stream of bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete now, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines


def decode_all(decoder: msgspec.json.Decoder[Any], lines: list[bytes]) -> list[Any]:
    """Return the messages of trusted lines; raises ``msgspec.DecodeError`` for anything else."""
    return [decoder.decode(line) for line in lines]
