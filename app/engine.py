"""What all sessions of a server share: one pool of workers, the traces that are kept, the programs that ran last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from msgspec import UNSET

from components.reading import KeptTrace, Traces
from components.reading.kept import NOBODY, Shelf
from components.trace import Program
from components.worker import Pool

_MOST = 64
_LARGEST_REMEMBERED = 1 << 20


class RememberedRuns:
    """The traces of the programs that were run last. Safe to use from many threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._known: OrderedDict[Program, KeptTrace] = OrderedDict()

    def get(self, program: Program) -> KeptTrace | None:
        """Return the trace of an equal program, if it is still here."""
        with self._lock:
            kept = self._known.get(program)
            if kept is None or kept.gone:
                return None
            self._known.move_to_end(program)
            return kept

    def put(self, kept: KeptTrace) -> None:
        """Remember a trace, unless it is huge or another run would end otherwise."""
        if not kept.head.repeatable or kept.bytes > _LARGEST_REMEMBERED:
            return
        with self._lock:
            self._known[kept.program] = kept
            self._shelf.hold(NOBODY, (id(self), kept.program), kept)
            while len(self._known) > _MOST:
                oldest, _ = self._known.popitem(last=False)
                self._shelf.hold(NOBODY, (id(self), oldest), None)


@dataclass
class Engine:
    """What all sessions share."""

    pool: Pool
    traces: Traces = field(default_factory=Traces)
    programs: RememberedRuns = field(init=False)
    # Sliders ask many questions: they must not push the lessons out.
    answers: RememberedRuns = field(init=False)

    def __post_init__(self) -> None:
        self.programs, self.answers = RememberedRuns(self.traces.shelf), RememberedRuns(self.traces.shelf)

    def runs_like(self, program: Program) -> RememberedRuns:
        """Return where the trace of a program is remembered."""
        return self.programs if program.question is UNSET else self.answers
