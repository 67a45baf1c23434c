"""A recorded training: what every recorded step came to in numbers, and the whole trace of some of them, in one file.

The file begins with ``MAGIC``, then the length of the packed head, the head (``Recording``, JSON, packed), and each
trace as packed JSON. It may be a stranger's: nothing is unpacked further than it says it is, and that is bounded.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import field

from .base import Number, Record
from .caps import MOST_UPLOADED_BYTES, Caps, decode_uploaded
from .codec import DamagedTrace
from .packed import Packed, pack
from .records import Note, Trace

MAGIC = b"autograd-lab-recording\n"
MOST_TRACE_BYTES = 32 << 20
"""Of one trace, as JSON."""
MOST_TRACE_VALUES = 12_000_000
MOST_NUMBERS = 1_500_000
"""Of all steps and parameters together."""
MOST_STEPS = 200_000
MOST_TRACES = 40
_MOST_HEAD = 48 << 20
_MOST_PARAMETERS = 20_000
_MOST_NOTES = 200
_LENGTH = 8


class RecordedStep(Record, frozen=True, kw_only=True):
    """One recorded step in numbers.

    ``losses`` are the tensors of one element that ``backward()`` was called on, in order: more than one where gradients
    are accumulated. ``seconds`` is the clock time of the step, with observers; ``plain_seconds`` the mean of those
    steps since the recorded one before that nothing observed. ``gradients``, ``weights`` and ``updates`` are Euclidean
    norms, of each parameter in the order of ``Recording.parameters``: of its gradient as the optimizer found it, of its
    values after the update, of what the update changed; ``None`` where there was none or it is not known. They are
    empty where nothing was updated, or there was no room.
    """

    step: int
    losses: list[Number] = field(default_factory=list)
    seconds: float
    plain_seconds: float | None = None
    gradients: list[Number | None] = field(default_factory=list)
    weights: list[Number | None] = field(default_factory=list)
    updates: list[Number | None] = field(default_factory=list)


class KeptTrace(Record, frozen=True, kw_only=True):
    """Of which step a whole trace is there: its bytes in the file, and those of its JSON."""

    step: int
    packed: int
    size: int


class Recording(Record, frozen=True, kw_only=True):
    """The head of a recording: of which file or cell, and how many steps were ``seen``."""

    version: Literal[1] = 1
    file: str
    every: int
    seen: int
    parameters: list[str]
    steps: list[RecordedStep]
    traces: list[KeptTrace]
    notes: list[Note] = field(default_factory=list)


_CAPS = Caps()
_decoder = msgspec.json.Decoder(Recording)


@dataclass(frozen=True, eq=False)
class RecordingFile:
    """A recording with its traces as they are in the file."""

    head: Recording
    traces: tuple[bytes, ...]

    @property
    def steps(self) -> list[int]:
        """The steps whose whole trace is there."""
        return [kept.step for kept in self.head.traces]

    def trace(self, step: int, most_source_chars: int, caps: Caps = _CAPS) -> Trace:
        """Return the whole trace of a step; raises ``DamagedTrace``, also where it is larger than any that is kept."""
        place = self.steps.index(step)
        data = _unpacked(self.traces[place], self.head.traces[place].size)
        return decode_uploaded(data, most_source_chars, caps, MOST_TRACE_BYTES, MOST_TRACE_VALUES)


def encode_recording(head: Recording, traces: Sequence[Packed]) -> bytes:
    """Return the file; ``head.traces`` are made anew from the packed ones."""
    kept = [
        KeptTrace(step=one.step, packed=len(packed.data), size=packed.size)
        for one, packed in zip(head.traces, traces, strict=True)
    ]
    packed_head = pack(msgspec.json.encode(msgspec.structs.replace(head, traces=kept)))
    lengths = len(packed_head.data).to_bytes(_LENGTH, "big") + packed_head.size.to_bytes(_LENGTH, "big")
    return b"".join([MAGIC, lengths, packed_head.data, *(packed.data for packed in traces)])


def is_recording(data: bytes) -> bool:
    """Whether a file says that it is a recording."""
    return data.startswith(MAGIC)


def decode_recording(data: bytes, most_bytes: int = MOST_UPLOADED_BYTES) -> RecordingFile:
    """Read a file's head and find its traces, which are not read; raises ``DamagedTrace``."""
    if len(data) > most_bytes:
        size, most = len(data) / 2**20, most_bytes >> 20
        raise DamagedTrace(f"This file has {size:.1f} MiB; recordings of up to {most} MiB can be opened.")
    start = len(MAGIC) + 2 * _LENGTH
    if not is_recording(data) or len(data) < start:
        raise DamagedTrace("This is not a recording.")
    packed, size = (int.from_bytes(data[at : at + _LENGTH], "big") for at in (len(MAGIC), len(MAGIC) + _LENGTH))
    if size > _MOST_HEAD:
        raise DamagedTrace("This recording is damaged: its head is too large.")
    try:
        head = _decoder.decode(_unpacked(data[start : start + packed], size))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedTrace(f"This recording is damaged: {error}.") from None
    problem = next(_problems(head), None)
    if problem is not None:
        raise DamagedTrace(f"This recording is damaged: {problem}.")
    return RecordingFile(head, tuple(_cut(data[start + packed :], head.traces)))


def _cut(data: bytes, kept: Iterable[KeptTrace]) -> Iterator[bytes]:
    at = 0
    for one in kept:
        yield data[at : at + one.packed]
        at += one.packed
    if at != len(data):
        raise DamagedTrace("This recording is damaged: it does not have the length that it says.")


def _unpacked(data: bytes, size: int) -> bytes:
    """Return ``size`` bytes; what says so and is more, or less, is refused."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data, size + 1)
    except zlib.error:
        raise DamagedTrace("This recording is damaged: a part of it cannot be unpacked.") from None
    if len(found) != size or not unpacker.eof:
        raise DamagedTrace("This recording is damaged: a part of it has not the size that it says.")
    return found


def _problems(head: Recording) -> Iterator[str]:
    """What the types cannot say."""
    recorded = [step.step for step in head.steps]
    kept = [one.step for one in head.traces]
    for steps, most in ((recorded, MOST_STEPS), (kept, MOST_TRACES)):
        if len(steps) > most or any(one >= other for one, other in pairwise([-1, *steps])):
            yield "its steps are too many or not in order"
    if not set(kept) <= set(recorded) or head.every < 1 or head.seen < 0:
        yield "its steps do not fit together"
    if any(one.packed < 0 or not 0 <= one.size <= MOST_TRACE_BYTES for one in head.traces):
        yield "a trace in it is too large"
    if len(head.parameters) > _MOST_PARAMETERS or len(head.notes) > _MOST_NOTES:
        yield "it holds more than a recording may"
    numbers = 0
    for step in head.steps:
        columns = (step.gradients, step.weights, step.updates)
        numbers += sum(map(len, columns)) + len(step.losses)
        if any(len(column) not in (0, len(head.parameters)) for column in columns):
            yield "it has not as many numbers as parameters"
        if not (math.isfinite(step.seconds) and step.seconds >= 0):
            yield "a step in it takes no time that there is"
    if numbers > MOST_NUMBERS:
        yield "it holds too many numbers"
