"""Quick answers about the memory of a trace: what was alive when, who kept it, where the engine runs lie.

Events and blocks come by the hundred thousand, so they are columns of numbers here; every table is made once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...trace import Allocation, Backward, Memory, MemoryEvent, Node
from ..events import EventNumbers
from ..index import Once, TraceIndex

Integers = npt.NDArray[np.int64]
# From the bottom of the picture up: what stays is below, what comes and goes above.
CATEGORIES = ("leaf", "optimizer", "other", "gradient", "saved", "temporary")
BASE = "before"
_PIECE = 512


class MemoryIndex(Once):
    """Look-up tables over the memory of one trace, linear in its events."""

    def __init__(self, index: TraceIndex, record: Memory) -> None:
        super().__init__()
        self.index, self.record = index, record
        self.numbers = index.once(EventNumbers)
        self.events, self.blocks = record.events, record.allocations
        self.runs: dict[str, Backward] = {run.id: run for run in index.trace.backwards}
        # The engine runs by the numbers that the trace's list gives them: ``backward() 2``.
        self.run_labels = {run.id: f"{run.call}() {number}" for number, run in enumerate(index.trace.backwards, 1)}

    @cached_property
    def totals(self) -> Integers:
        """The bytes in all after each event."""
        return np.array([event.total_bytes for event in self.events], np.int64)

    @cached_property
    def by_category(self) -> Integers:
        """The bytes of each category (rows, as ``CATEGORIES``) after each event (columns).

        What was saved and is let go by all its nodes, but not by a variable, is ``other`` from then on.
        """
        places = {name: place for place, name in enumerate(CATEGORIES)}
        count = len(self.events)
        kinds = np.array([places[event.category] for event in self.events], np.int64)
        deltas = np.array([event.delta_bytes for event in self.events], np.int64)
        rows = np.zeros((len(CATEGORIES), count), np.int64)
        rows[kinds, np.arange(count)] = deltas
        saved, other = places["saved"], places["other"]
        for block in np.flatnonzero((self.let_go < count) & (self.let_go < self.gone)).tolist():
            size, begin, gone = self.blocks[block].bytes, int(self.let_go[block]), int(self.gone[block])
            rows[saved, begin] -= size
            rows[other, begin] += size
            if gone < count:
                rows[saved, gone] += size
                rows[other, gone] -= size
        return np.cumsum(rows, axis=1)

    @cached_property
    def sizes(self) -> Integers:
        """The bytes of each block."""
        return np.array([block.bytes for block in self.blocks], np.int64)

    @cached_property
    def born(self) -> Integers:
        """The event that allocated each block."""
        return np.array([block.allocated for block in self.blocks], np.int64)

    @cached_property
    def gone(self) -> Integers:
        """The event that released each block, past the last one where none did."""
        never = len(self.events)
        return np.array([never if block.released is None else block.released for block in self.blocks], np.int64)

    @cached_property
    def let_go(self) -> Integers:
        """The event with which the engine was through with all nodes that had saved a block; past the last for none."""
        return np.array([self._let_go(block, len(self.events)) for block in self.blocks], np.int64)

    def _let_go(self, block: Allocation, never: int) -> int:
        if block.category != "saved" or not block.saved_by:
            return never
        runs = [self.index.freed_by.get(node) for node in block.saved_by]
        return max(self.spans[run.id][1] if run is not None and run.id in self.spans else never for run in runs)

    def category(self, block: int, event: int) -> str:
        """Return what a block was for after an event."""
        return "other" if self.let_go[block] <= event else self.blocks[block].category

    def alive(self, event: int) -> list[int]:
        """Return the blocks that were alive after an event, in order of birth."""
        return [int(place) for place in np.flatnonzero((self.born <= event) & (self.gone > event))]

    @cached_property
    def peak(self) -> int | None:
        """The event of the peak; where that was cut, the event at which the recorded total is largest."""
        if self.record.peak_event is not None:
            return self.record.peak_event
        return int(np.argmax(self.totals)) if self.events else None

    @cached_property
    def spans(self) -> dict[str, tuple[int, int]]:
        """The first and the last event of each engine run, by its id; runs without events are absent."""
        found: dict[str, tuple[int, int]] = {}
        for place, event in enumerate(self.events):
            if event.backward is not None:
                found[event.backward] = (found.get(event.backward, (place, place))[0], place)
        return found

    @cached_property
    def unseen(self) -> Integers:
        """The blocks that no node of the record has saved, as the inputs that a checkpoint keeps, by their release."""
        known = enumerate(self.blocks)
        found = np.array([place for place, one in known if one.category == "saved" and not one.saved_by], np.int64)
        return found[np.argsort(self.gone[found], kind="stable")]

    @cached_property
    def step_ends(self) -> list[int]:
        """The last event, for each event, of those that follow in the same step; of what is in no step, itself."""
        ends = list(range(len(self.events)))
        for place in range(len(ends) - 2, -1, -1):
            step = self.events[place].step
            if step is not None and step == self.events[place + 1].step:
                ends[place] = ends[place + 1]
        return ends

    def highest(self, first: int, last: int) -> int:
        """Return the largest total of the events ``first`` to ``last``; looks at few of them."""
        begin, end = -(-first // _PIECE), (last + 1) // _PIECE  # the whole pieces between the two
        if begin >= end:
            return int(self.totals[first : last + 1].max())
        before, behind = self.totals[first : begin * _PIECE], self.totals[end * _PIECE : last + 1]
        return int(np.concatenate((before, self._piece_tops[begin:end], behind)).max())

    @cached_property
    def _piece_tops(self) -> Integers:
        return np.maximum.reduceat(self.totals, np.arange(0, len(self.totals), _PIECE))

    def new_gradients(self, first: int, last: int) -> int:
        """Return by how much the memory of ``.grad`` grew from the event ``first`` to ``last``, both included."""
        return int(self._gradients[last + 1] - self._gradients[first])

    @cached_property
    def _gradients(self) -> Integers:
        deltas = [event.delta_bytes if event.category == "gradient" else 0 for event in self.events]
        return np.concatenate(([0], np.cumsum(np.array(deltas, np.int64))))

    def birth(self, block: int) -> MemoryEvent:
        """Return the event that allocated a block."""
        return self.events[self.blocks[block].allocated]

    def keepers(self, block: int, event: int) -> list[Node]:
        """Return the nodes that kept a block for backward after an event: those that were not freed by then."""
        nodes = (self.index.nodes.get(node) for node in self.blocks[block].saved_by)
        return [node for node in nodes if node is not None and not self.was_freed(node.id, event)]

    def was_freed(self, node: str, event: int) -> bool:
        """Return whether an engine run had released what a node saved by the time of an event."""
        run = self.index.freed_by.get(node)
        if run is None or run.id not in self.spans:
            # A run without events came after whatever had allocated something; which event that was is not known.
            return run is not None and run.step is not None and self._later(event, run.step)
        first, last = self.spans[run.id]
        if not first <= event < last:
            return event >= last
        now = self._places.get((run.id, self.events[event].node or ""), -1)
        return self._places.get((run.id, node), 0) < now

    def _later(self, event: int, step: int) -> bool:
        now = self.events[event].step
        return now is not None and now > step

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        """When each node's turn was, by engine run and node."""
        return {
            (run.id, step.node): place for run in self.index.trace.backwards for place, step in enumerate(run.steps)
        }

    def saved_by(self, nodes: Iterable[str]) -> list[int]:
        """Return the blocks that some nodes have saved, each once."""
        return list(dict.fromkeys(block for node in nodes for block in self.index.saved_blocks.get(node, ())))

    def bytes_of(self, blocks: Iterable[int]) -> int:
        """Return the bytes of some blocks together."""
        return sum(self.blocks[block].bytes for block in blocks)


def memory_index(index: TraceIndex) -> MemoryIndex | None:
    """Return the index of a trace's memory, ``None`` if it has none."""
    return MemoryIndex(index, index.trace.memory) if index.trace.memory is not None else None
