"""When the player's story comes to what an event of memory belongs to: the visit of a node, its birth, or the line."""

from __future__ import annotations

from functools import cached_property

from ...trace import MemoryEvent
from ..gradients.moments import Moments
from ..trace_index import TraceIndex


class MemoryMoments:
    """Finds the numbers of the happenings of one trace."""

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self._moments = Moments(index)

    def of(self, event: MemoryEvent) -> int | None:
        """Return the number of the happening during which an event took place, ``None`` if none tells it."""
        found = None
        if event.backward is not None and event.node is not None:
            place = self._visits.get((event.backward, event.node))
            found = self._moments.visit(event.backward, place) if place is not None else None
        elif event.backward is None and event.node is not None:
            found = self._births.get(event.node)
        if found is None and event.step is not None:
            found = self._moments.line(event.step)
        return found

    def node(self, node: str) -> int | None:
        """Return the number of the happening at which a node is made."""
        return self._births.get(node)

    def run(self, run: str) -> int | None:
        """Return the number of the last happening of an engine run."""
        return self._ends.get(run)

    @cached_property
    def _visits(self) -> dict[tuple[str, str], int]:
        runs = self._index.trace.backwards
        return {(run.id, step.node): place for run in runs for place, step in enumerate(run.steps)}

    @cached_property
    def _births(self) -> dict[str, int]:
        happened = enumerate(self._index.chronicle.all, 1)
        return {one.node: number for number, one in happened if one.kind == "born" and one.node is not None}

    @cached_property
    def _ends(self) -> dict[str, int]:
        runs = self._index.trace.backwards
        happened = enumerate(self._index.chronicle.all, 1)
        return {
            runs[one.run].id: number for number, one in happened if one.kind in ("end", "error") and one.run is not None
        }
