"""What all sessions of a server share: one pool of workers, and the traces of the programs that were run last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from msgspec import UNSET

from components.trace import Program, Trace, why_not_measured
from components.worker import Pool

_TRACES = 64
_LARGEST_REMEMBERED = 4_000


@dataclass
class TraceCache:
    """The traces of the programs that were run last. Safe to use from many threads."""

    _traces: OrderedDict[Program, Trace] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, program: Program) -> Trace | None:
        """Return the trace of an equal program, if it is still here."""
        with self._lock:
            if program in self._traces:
                self._traces.move_to_end(program)
            return self._traces.get(program)

    def put(self, trace: Trace) -> None:
        """Remember a trace, unless it is huge or its failure was the machine's, not the program's."""
        kind = trace.failure.kind if trace.failure is not None else None
        if trace.memory is None and trace.memory_note not in (UNSET, why_not_measured(trace)):
            return  # it could not be measured this time
        events = len(trace.memory.events) if trace.memory is not None else 0
        if max(len(trace.nodes), events // 5) > _LARGEST_REMEMBERED or kind in ("timeout", "crashed", "out_of_memory"):
            return
        with self._lock:
            self._traces[trace.program] = trace
            while len(self._traces) > _TRACES:
                self._traces.popitem(last=False)


@dataclass
class Engine:
    """What all sessions share."""

    pool: Pool
    programs: TraceCache = field(default_factory=TraceCache)
    # Sliders ask many questions: they must not push the lessons out.
    answers: TraceCache = field(default_factory=TraceCache)

    def cache_of(self, program: Program) -> TraceCache:
        """Return where the trace of a program is remembered."""
        return self.programs if program.question is UNSET else self.answers
