"""When the player's story shows a change of a ``.grad``: what ``?step=`` in its address counts.

The player counts happenings from 1, however the graph is folded, and a moment of its story is over with the last of
its happenings. A change by ``backward()`` is seen as the engine comes to the leaf, any other as its line is complete. A
line that has nothing more to say than what came before it is told with that (``story/telling.py``), and so is its
change.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...trace import GradientChange
from ..story.chronicle import KINDS
from ..trace_index import TraceIndex

_LINE, _NODE, _END, _ERROR = (KINDS.index(kind) for kind in ("line", "node", "end", "error"))


class Moments:
    """Finds the numbers of the happenings of one trace; each table is made once, when it is first asked for."""

    def __init__(self, index: TraceIndex) -> None:
        self._index, self._trace = index, index.trace
        self._runs = {run.id: number for number, run in enumerate(index.trace.backwards)}

    def of(self, change: GradientChange) -> int | None:
        """Return the number of the happening at which a change is seen, ``None`` if none tells it."""
        if change.cause != "backward":
            return self._lines.get(change.step) if change.step is not None else None
        run = self._runs.get(change.backward or "")
        if run is None:
            return None
        return self._visits.get((run, change.tensor or ""), self._ends.get(run))

    def visit(self, run: str, place: int) -> int | None:
        """Return the number of the happening that is an engine run's step of that place."""
        return self._places.get((self._runs.get(run, -1), place))

    def line(self, step: int) -> int | None:
        """Return the number of the happening with which the line of a step is told."""
        return self._lines.get(step)

    @cached_property
    def _places(self) -> dict[tuple[int, int], int]:
        happened = self._index.chronicle.all
        return {
            (one.run, one.place): number
            for number, one in enumerate(happened, 1)
            if one.kind == "node" and one.run is not None and one.place is not None
        }

    @cached_property
    def _visits(self) -> dict[tuple[int, str], int]:
        """By engine run and origin of a leaf; of several ``AccumulateGrad`` of one leaf the last counts."""
        chronicle, found = self._index.chronicle, dict[tuple[int, str], int]()
        for place in np.flatnonzero((chronicle.kinds == _NODE) & chronicle.leaves).tolist():
            leaf = self._index.nodes[chronicle.all[place].node or ""]
            found[int(chronicle.runs[place]), self._index.origin_of(leaf.tensor)] = place + 1
        return found

    @cached_property
    def _ends(self) -> dict[int, int]:
        chronicle = self._index.chronicle
        ends = np.flatnonzero((chronicle.kinds >= _END) & (chronicle.runs >= 0))
        return {int(chronicle.runs[place]): place + 1 for place in ends.tolist()}

    @cached_property
    def _lines(self) -> dict[int, int]:
        """By step: the number of the happening with which its line is told."""
        found: dict[int, int] = {}
        last: tuple[str, int | None] = ("", None)
        ended: int | None = -1
        told = 0
        for number, one in enumerate(self._index.chronicle.all, 1):
            silent = one.kind == "line" and (
                last == ("born", one.step) or (ended == one.step and not self._index.says_something(one.step))
            )
            if not (silent and told):
                told, last = number, (one.kind, one.step)
                if one.kind in ("end", "error") and one.run is not None:
                    ended = one.step
            if one.kind == "line" and one.step is not None:
                found[one.step] = told
        return found
