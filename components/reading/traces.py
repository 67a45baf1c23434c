"""The door to all traces of a server: a page keeps one here and asks about it, wherever it is read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple

from ..facts import TraceIndex
from ..settings import TRACE_MEMORY
from ..trace import Failure, Trace, encode_trace, pack
from ..trace.codec import collector_paused
from ..trace.packed import Packed
from ..worker.failures import failed_trace
from ..worker.sent import SentMemory
from .kept import KeptTrace, Measured, Own, Shelf, Source, head_of, new_number
from .reader import Reader, ReaderFailed

# In bytes of JSON: which traces the process of the pages reads itself, and how much of them it keeps read.
SMALL = 300_000
_MOST_READ = 8 << 20

_Given = TypeVarTuple("_Given")
_Result = TypeVar("_Result")


class Traces:
    """Keeps traces, and answers what is asked of them. Safe to use from many threads.

    ``most_bytes`` are those of all that is kept, packed, by default the setting ``TRACE_MEMORY``; traces of more than
    ``small`` bytes of JSON are read in a reader.
    """

    def __init__(self, most_bytes: int | None = None, small: int = SMALL) -> None:
        self.shelf = Shelf(TRACE_MEMORY.value() << 20 if most_bytes is None else most_bytes)
        self.reader = Reader()
        self._small = small
        self._lock = threading.Lock()
        self._read: OrderedDict[int, tuple[TraceIndex, int]] = OrderedDict()

    def keep(self, result: Trace | Source) -> KeptTrace:
        """Return what stands for a trace. It is kept as long as a place on the shelf holds it.

        Of one that is too large to be read, that is what is kept.
        """
        number = new_number()
        source = Own.of(result) if isinstance(result, Trace) else result
        if isinstance(result, Trace) and source.size <= self._small:
            self._put(number, TraceIndex(result), source.size)
        try:
            return KeptTrace(self._asked([(number, source)], head_of), source, number)
        except ReaderFailed as problem:
            return self.keep(failed_trace(source.program, Failure(kind="too_large", message=str(problem))))

    def with_memory(self, kept: KeptTrace, memory: SentMemory) -> KeptTrace:
        """Return what stands for a trace with the memory that a second run has measured; raises ``LetGo``."""
        measured = self.keep(Measured(self.shelf.source(kept), memory))
        measured.opened = kept.opened
        return measured

    def look(self, kept: KeptTrace, function: Callable[[TraceIndex, *_Given], _Result], *args: *_Given) -> _Result:
        """Return ``function(index, *args)`` of a trace.

        ``function`` is one of a module of ``components``; what it takes and gives are plain values and records. Raises
        ``LetGo``, and ``ReaderFailed`` where a large trace could not be read or the function failed on it.
        """
        result: _Result = self._asked([(kept.number, self.shelf.source(kept))], function, *args)
        return result

    def look_at_both(
        self,
        one: KeptTrace,
        other: KeptTrace,
        function: Callable[[TraceIndex, TraceIndex, *_Given], _Result],
        *args: *_Given,
    ) -> _Result:
        """Return ``function(index, index, *args)`` of two traces, as ``look`` does of one."""
        read = [(kept.number, self.shelf.source(kept)) for kept in (one, other)]
        result: _Result = self._asked(read, function, *args)
        return result

    def index(self, kept: KeptTrace) -> TraceIndex:
        """Return the tables of a trace, read in this process; raises ``LetGo``. For what is small, and for tests."""
        return self._index(kept.number, self.shelf.source(kept))

    def json(self, kept: KeptTrace) -> bytes:
        """Return the trace as JSON; raises as ``look`` does."""
        return self.look(kept, packed).unpacked()

    def close(self) -> None:
        """End the reader."""
        self.reader.close()

    def _asked(self, read: Sequence[tuple[int, Source]], function: Callable[..., Any], *args: object) -> Any:
        if any(source.size > self._small for _, source in read):
            return self.reader.call(read, function, *args)
        return function(*(self._index(number, source) for number, source in read), *args)

    def _index(self, number: int, source: Source) -> TraceIndex:
        with self._lock:
            known = self._read.get(number)
            if known is not None:
                self._read.move_to_end(number)
                return known[0]
        with collector_paused():
            index = TraceIndex(source.read())
        self._put(number, index, source.size)
        return index

    def _put(self, number: int, index: TraceIndex, size: int) -> None:
        with self._lock:
            self._read[number] = index, size
            while len(self._read) > 1 and sum(held for _, held in self._read.values()) > _MOST_READ:
                self._read.popitem(last=False)


def packed(index: TraceIndex) -> Packed:
    """Return a trace as packed JSON."""
    return pack(encode_trace(index.trace))
