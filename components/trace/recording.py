"""A recorded training: what every recorded step came to in numbers, and the whole trace of some of them, in one file.

The file begins with ``MAGIC``, then the length of the packed head, the head (``Recording``, JSON, packed), and each
trace as packed JSON. It may be a stranger's: nothing is unpacked further than it says it is, and that is bounded.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType, field

from .base import Record
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
MOST_PARAMETERS = 20_000
MOST_TRACES = 40
MOST_STATES = 8
"""Tensors that an optimizer keeps for a parameter."""
MOST_HISTOGRAMS = 64
"""Steps that have histograms."""
MOST_COUNTS = 1_500_000
"""Of all histograms together: the numbers in them, and one for each."""
LOWEST_POWER, HIGHEST_POWER = -127, 127
"""Of two: the lower edges of the first and of the last bin, which are open."""
_MOST_HEAD = 48 << 20
_MOST_NOTES = 200
_LENGTH = 8


Amount = float | Literal["nan", "inf", "-inf"]
_Int = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class RecordedStep(Record, frozen=True, kw_only=True):
    """One recorded step in numbers.

    ``losses`` are the tensors of one element that ``backward()`` was called on, in order: more than one where gradients
    are accumulated. ``seconds`` is the clock time of the step, with observers; ``plain_seconds`` the mean of those
    steps since the recorded one before that nothing observed. ``gradients``, ``weights`` and ``updates`` are Euclidean
    norms, of each parameter in the order of ``Recording.parameters``: of its gradient as the optimizer found it, of its
    values after the update, of what the update changed; ``None`` where there was none or it is not known. They are
    empty where nothing was updated, or there was no room. ``state`` are the norms of what the optimizer keeps for each
    parameter, by its own names (``exp_avg``), after the update.
    """

    step: _Int
    losses: list[Amount] = field(default_factory=list)
    seconds: float
    plain_seconds: float | None = None
    gradients: list[Amount | None] = field(default_factory=list)
    weights: list[Amount | None] = field(default_factory=list)
    updates: list[Amount | None] = field(default_factory=list)
    state: dict[Annotated[str, msgspec.Meta(max_length=200)], list[Amount | None]] | UnsetType = UNSET


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Counts = Annotated[list[_Count], msgspec.Meta(max_length=HIGHEST_POWER - LOWEST_POWER + 1)]
_Power = Annotated[int, msgspec.Meta(ge=LOWEST_POWER, le=HIGHEST_POWER)]


class Histogram(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How many numbers of a tensor have which size.

    ``counts[i]`` are those with ``2**(lowest + i) < abs(number) <= 2**(lowest + i + 1)``; the first and the last of all
    bins have what is smaller and larger, too. ``zeros``, ``nan`` and ``inf`` are in no bin.
    """

    lowest: _Power = 0
    counts: _Counts = field(default_factory=list)
    zeros: _Count = 0
    nan: _Count = 0
    inf: _Count = 0


class StepHistograms(Record, frozen=True, kw_only=True):
    """The histograms of one step, of each parameter in the order of ``Recording.parameters``.

    Of its gradient as the optimizer found it, and of its values after the update.
    """

    step: _Int
    gradients: list[Histogram | None]
    weights: list[Histogram | None]


class KeptTrace(Record, frozen=True, kw_only=True):
    """Of which step a whole trace is there: its bytes in the file, and those of its JSON."""

    step: _Int
    packed: _Int
    size: _Int


class Recording(Record, frozen=True, kw_only=True):
    """The head of a recording: of which file or cell, and how many steps were ``seen``."""

    version: Literal[1] = 1
    file: str
    every: _Int
    seen: _Int
    parameters: list[str]
    steps: list[RecordedStep]
    traces: list[KeptTrace]
    notes: list[Note] = field(default_factory=list)
    histograms: list[StepHistograms] | UnsetType = UNSET


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
    if len(head.parameters) > MOST_PARAMETERS or len(head.notes) > _MOST_NOTES:
        yield "it holds more than a recording may"
    yield from _number_problems(head)
    yield from _histogram_problems(head.histograms or [], len(head.parameters))


def _number_problems(head: Recording) -> Iterator[str]:
    numbers = 0
    for step in head.steps:
        state = step.state or {}
        columns = (step.gradients, step.weights, step.updates, *state.values())
        numbers += sum(map(len, columns)) + len(step.losses)
        if any(len(column) not in (0, len(head.parameters)) for column in columns):
            yield "it has not as many numbers as parameters"
        if len(state) > MOST_STATES:
            yield "an optimizer in it keeps more than is recorded"
        if not (math.isfinite(step.seconds) and step.seconds >= 0):
            yield "a step in it takes no time that there is"
    if numbers > MOST_NUMBERS:
        yield "it holds too many numbers"


def _histogram_problems(steps: Sequence[StepHistograms], parameters: int) -> Iterator[str]:
    if len(steps) > MOST_HISTOGRAMS or any(one.step >= other.step for one, other in pairwise(steps)):
        yield "its histograms are too many or not in order"
    columns = [column for step in steps for column in (step.gradients, step.weights)]
    if any(len(column) not in (0, parameters) for column in columns):
        yield "it has not as many histograms as parameters"
    there = [histogram for histogram in chain.from_iterable(columns) if histogram is not None]
    if any(one.lowest + len(one.counts) > HIGHEST_POWER + 1 for one in there):
        yield "a histogram in it goes further than numbers do"
    if sum(map(len, columns)) + sum(len(one.counts) for one in there) > MOST_COUNTS:
        yield "its histograms hold too many numbers"
