"""What pages hold in the place of a trace: its bytes, for as long as there is room for them, and what it is about."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from ..facts import TraceIndex
from ..trace import Answered, Failure, Packed, Program, Trace, encode_trace, pack, why_not_measured
from ..trace.codec import decode_trace
from ..worker.sent import SentMemory

_numbers = itertools.count(1)
# Of what is kept, whatever its size.
_LEAST = 2
NOBODY = ""
"""Holds what belongs to no session."""


class Source(Protocol):
    """Bytes that can be read; ``read`` checks what has to be checked of them, and raises for nothing in them."""

    @property
    def program(self) -> Program:
        """The program that ran."""
        ...

    @property
    def size(self) -> int:
        """How many bytes of JSON they are."""
        ...

    @property
    def bytes(self) -> int:
        """How many bytes they take as they are."""
        ...

    def read(self) -> Trace:
        """Return the trace."""
        ...


@dataclass(frozen=True, eq=False)
class Own:
    """A trace that this process made or has checked already."""

    program: Program
    packed: Packed

    @classmethod
    def of(cls, trace: Trace) -> Own:
        """Pack a trace."""
        return cls(trace.program, pack(encode_trace(trace)))

    @property
    def size(self) -> int:
        """How many bytes of JSON they are."""
        return self.packed.size

    @property
    def bytes(self) -> int:
        """How many bytes they take as they are."""
        return len(self.packed.data)

    def read(self) -> Trace:
        """Return the trace."""
        return decode_trace(self.packed.unpacked())


@dataclass(frozen=True, eq=False)
class Measured:
    """A trace, and what a second run of its program has sent: its memory."""

    of: Source
    memory: SentMemory

    @property
    def program(self) -> Program:
        """The program that ran."""
        return self.of.program

    @property
    def size(self) -> int:
        """How many bytes of JSON both are."""
        return self.of.size + (self.memory.packed.size if self.memory.packed is not None else 0)

    @property
    def bytes(self) -> int:
        """How many bytes both take as they are."""
        return self.of.bytes + (len(self.memory.packed.data) if self.memory.packed is not None else 0)

    def read(self) -> Trace:
        """Return the trace with its memory."""
        return self.memory.read(self.of.read())


class Head(Struct, frozen=True, kw_only=True):
    """What every page knows of a trace without reading it again; ``steps``, ``nodes`` and ``backwards`` are counts.

    ``measured`` is whether its memory was measured, or why it was not is known; ``repeatable`` whether another run of
    the program would end in the same way, as far as the machine does not decide.
    """

    program: Program
    failure: Failure | None
    answer: Answered | UnsetType
    steps: int
    nodes: int
    backwards: int
    duration_ns: int
    measured: bool
    repeatable: bool
    signature: str


def head_of(index: TraceIndex) -> Head:
    """Return what a trace is about."""
    trace = index.trace
    kind = trace.failure.kind if trace.failure is not None else None
    as_ever = trace.memory is not None or trace.memory_note in (UNSET, why_not_measured(trace))
    return Head(
        program=trace.program,
        failure=trace.failure,
        answer=trace.answer,
        steps=len(trace.steps),
        nodes=len(trace.nodes),
        backwards=len(trace.backwards),
        duration_ns=trace.duration_ns,
        measured=trace.memory is not None or trace.memory_note is not UNSET,
        repeatable=as_ever and kind not in ("timeout", "crashed", "out_of_memory"),
        signature=index.signature,
    )


@dataclass(eq=False)
class KeptTrace:
    """A trace that is kept; ``number`` tells it from all others. ``source`` is ``None`` once it was let go."""

    head: Head
    source: Source | None
    number: int
    opened: bool = False
    """Whether somebody has opened it, from a file: its program is not run by itself."""

    @property
    def program(self) -> Program:
        """The program that ran."""
        return self.head.program

    @property
    def failure(self) -> Failure | None:
        """Why it stopped."""
        return self.head.failure

    @property
    def bytes(self) -> int:
        """How many bytes it takes."""
        return self.source.bytes if self.source is not None else 0

    @property
    def gone(self) -> bool:
        """Whether it was let go."""
        return self.source is None


def new_number() -> int:
    """Return the number of another trace."""
    return next(_numbers)


class LetGo(Exception):
    """The trace is not kept any more: there was no room, or its session has ended."""


class Shelf:
    """Where traces are kept, within a number of bytes. Safe to use from many threads.

    Each is held by places, which are an owner (a session, or ``NOBODY``) and a name. The one that was looked at least
    lately goes first, but the last two always stay: a page can show both.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[KeptTrace, None] = OrderedDict()
        self._places: dict[tuple[str, object], KeptTrace] = {}
        self._holders: Counter[KeptTrace] = Counter()
        self.bytes = 0
        """How many bytes all that is kept has."""

    @property
    def owners(self) -> set[str]:
        """The sessions that hold something."""
        with self._lock:
            return {owner for owner, _ in self._places if owner != NOBODY}

    def hold(self, owner: str, name: object, kept: KeptTrace | None) -> None:
        """Let a place hold this trace, or nothing, instead of the one that it held."""
        with self._lock:
            before = self._places.pop((owner, name), None)
            if kept is not None and not kept.gone:
                self._places[owner, name] = kept
                self._holders[kept] += 1
                self.bytes += kept.bytes if kept not in self._kept else 0
                self._kept[kept] = None
                self._kept.move_to_end(kept)
            if before is not None:
                self._leave(before)
            self._make_room()

    def source(self, kept: KeptTrace) -> Source:
        """Return the bytes of a trace that is looked at now; raises ``LetGo``."""
        with self._lock:
            source = kept.source
            if source is None:
                raise LetGo
            if kept in self._kept:
                self._kept.move_to_end(kept)
            return source

    def release(self, owner: str) -> None:
        """Let everything go that only this owner holds."""
        with self._lock:
            for place in [place for place in self._places if place[0] == owner]:
                self._leave(self._places.pop(place))

    def _leave(self, kept: KeptTrace) -> None:
        self._holders[kept] -= 1
        if self._holders[kept] <= 0:
            self._let_go(kept)

    def _make_room(self) -> None:
        while self.bytes > self._most and len(self._kept) > _LEAST:
            kept = next(iter(self._kept))
            for place in [place for place, other in self._places.items() if other is kept]:
                del self._places[place]
            self._let_go(kept)

    def _let_go(self, kept: KeptTrace) -> None:
        del self._holders[kept], self._kept[kept]
        self.bytes -= kept.bytes
        kept.source = None
