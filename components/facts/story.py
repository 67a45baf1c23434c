"""The story of a run as one walks through it: a moment is what changes between two presses of the arrow key.

What happens inside a folded box is one moment, so that the story is as long as the picture is detailed. A moment says
what is lit; what else is seen then (values, gradients, what is freed) are changes, each with the moment it came at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .events import ERROR, KINDS, LINE, NODE, Event, EventTable, Ints, QuietLines
from .folding import Homes
from .index import TraceIndex
from .sentences import Sentences

MOST_MOMENTS = 6_000


@dataclass(frozen=True)
class Moment:
    """``kind`` is that of its events, ``fold`` where several of them are one moment.

    ``line`` is the line that runs, ``box`` the box that is lit, ``lit`` other lines to be looked at (the one that made
    the node, the one that freed it). ``n`` counts the events up to it. ``run`` says in which engine run it is.
    """

    kind: str
    text: str
    n: int = 0
    line: int | None = None
    box: str | None = None
    run: int | None = None
    lit: tuple[int, ...] = ()


@dataclass
class Story:
    """The moments, and what comes at which of them.

    ``tensors`` is by the id of a record and by the origin of a tensor: when it was first bound. ``freed`` is by node;
    ``changes`` are the numbers of the trace's ``gradients`` with their moment; ``bound`` are (moment, variable, tensor
    id or text); ``notes`` are (moment, line, kind, text); ``shown`` are (moment, step) of lines that showed something.
    ``at`` is the moment of each event. ``cut`` says that the run goes on after the last moment. ``stale`` are
    lines that may have run again when nothing was recorded any more: of their notes the last is the last recorded.
    """

    index: TraceIndex
    at: Ints
    moments: list[Moment] = field(default_factory=list)
    tensors: dict[str, int] = field(default_factory=dict)
    freed: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[int, int]] = field(default_factory=list)
    bound: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[tuple[int, int, str, str]] = field(default_factory=list)
    shown: list[tuple[int, int]] = field(default_factory=list)
    cut: bool = False
    stale: set[int] = field(default_factory=set)

    def born(self, node: str) -> int | None:
        """Return the moment at which a node came to be."""
        place = self._events.births.get(node)
        return None if place is None else int(self.at[place])

    def visits(self, node: str) -> list[tuple[int, int, int]]:
        """Return the engine's visits to a node: moment, engine run and place in that."""
        events = self._events
        return [
            (int(self.at[place]), events.all[place].run or 0, events.all[place].place or 0)
            for place in events.visits.get(node, ())
            if self.at[place] < len(self.moments)
        ]

    @property
    def _events(self) -> EventTable:
        return self.index.once(EventTable)


def tell(index: TraceIndex, homes: Homes) -> Story:
    """Return the story of a run as told over one picture of its graph."""
    return _Teller(index, homes).story()


class _Teller:
    def __init__(self, index: TraceIndex, homes: Homes) -> None:
        self._index, self._homes, self._words = index, homes, index.once(Sentences)
        self._trace, self._events = index.trace, index.once(EventTable)
        self._all, self._quiet = self._events.all, QuietLines(index)
        self._told = Story(index, np.zeros(len(self._all), dtype=np.int64))

    def story(self) -> Story:
        told = self._told
        for first, end in self._together():
            if len(told.moments) == MOST_MOMENTS:
                told.cut = True
                told.at[first:] = MOST_MOMENTS
                break
            told.at[first:end] = self._moment(first, end)
        self._lines()
        self._runs()
        return told

    def _together(self) -> Iterator[tuple[int, int]]:
        """Yield, moment by moment, the first place of its events and the one behind the last."""
        if not self._all:
            return
        events = self._events
        box, folded = self._homes.boxes(self._index)
        box = np.where(events.nodes >= 0, box[events.nodes], -1)
        during = self._homes.during(events.steps)
        inside = (during >= 0) & ((box == during) | (box < 0) | events.leaves)
        a_node = events.nodes >= 0
        in_fold = a_node & (box >= folded)
        elsewhere = a_node & (box < 0)
        joined = (inside | in_fold | elsewhere) & (events.kinds != ERROR)
        kind = np.where(inside, -1, events.kinds)
        run = np.where(inside, -1, events.runs)
        where = np.where(inside, during, box)
        step = np.where(elsewhere & ~inside & (events.runs < 0), events.steps, -1)
        keys = np.stack([kind, run, where, step])
        new = np.ones(len(self._all), dtype=bool)
        new[1:] = ~(joined[1:] & joined[:-1] & (keys[:, 1:] == keys[:, :-1]).all(axis=0))
        starts = np.flatnonzero(new).tolist()
        yield from zip(starts, [*starts[1:], len(self._all)], strict=True)

    def _moment(self, first: int, end: int) -> int:
        moments, last = self._told.moments, self._all[end - 1]
        # What is quiet is told with the moment before it; before the first one, with that.
        if end - first == 1 and self._quiet.is_quiet(last):
            return max(0, len(moments) - 1)
        self._quiet.told(last)
        moments.append(self._single(first) if end - first == 1 else self._several(first, end))
        return len(moments) - 1

    def _single(self, place: int) -> Moment:
        one = self._all[place]
        return Moment(
            kind=one.kind,
            text=self._words.one(one),
            n=place + 1,
            line=self._words.line(one),
            box=self._homes.box_of(one.node) if one.node is not None else self._bound_box(one),
            run=one.run,
            lit=self._words.other_lines(one),
        )

    def _bound_box(self, one: Event) -> str | None:
        """Return the box of what a line made that autograd does not know."""
        if one.kind != "line" or one.step is None:
            return None
        return next((v for v in self._trace.steps[one.step].variables.values() if v in self._homes.tensors), None)

    def _several(self, first: int, end: int) -> Moment:
        last, events = self._all[end - 1], self._events
        box = self._homes.folded_at(self._all[first].step)
        node = next((one.node for one in self._all[first:end] if one.node is not None), None)
        if box is None and node is not None:
            box = self._homes.box_of(node)
        counts = np.bincount(events.kinds[first:end], minlength=len(KINDS)).tolist()
        named = dict(zip(KINDS, counts, strict=True))
        named["leaf"] = int(np.count_nonzero(events.leaves[first:end] & (events.kinds[first:end] == NODE)))
        title = self._homes.title_of(box) if box is not None else "In another graph"
        return Moment(
            kind="fold",
            text=self._words.several(named, title),
            n=end,
            line=self._words.line(last),
            box=box,
            run=last.run,
        )

    # --- what comes with the moments

    def _lines(self) -> None:
        told, seen = self._told, dict[tuple[int, int, str], int]()
        if self._trace.steps_truncated:
            counts = Counter(step.line for step in self._trace.steps)
            told.stale |= {line for line, count in counts.items() if count > 1}
        for place in np.flatnonzero(self._events.kinds == LINE).tolist():
            number, at = self._all[place].step, int(told.at[place])
            if number is None:
                continue
            step = self._trace.steps[number]
            if at >= len(told.moments):
                told.stale.add(step.line)
                continue
            if number in self._index.displays_by_step:
                told.shown.append((at, number))
            for name, value in step.variables.items():
                told.bound.append((at, name, value))
                told.tensors.setdefault(value, at)
                told.tensors.setdefault(self._index.origin_of(value), at)
            told.changes += ((at, change) for change in self._index.changes_by_step.get(number, ()))
            for kind, text in self._words.notes(step):
                # Of a line that ran often within one moment the last time counts.
                key = at, step.line, kind
                if key in seen:
                    told.notes[seen[key]] = (*key, text)
                else:
                    seen[key] = len(told.notes)
                    told.notes.append((*key, text))

    def _runs(self) -> None:
        told, events = self._told, self._events
        numbers = {run.id: number for number, run in enumerate(self._trace.backwards)}
        for number, change in enumerate(self._trace.gradients):
            run = numbers.get(change.backward or "")
            if change.cause == "backward" and run is not None and change.tensor is not None:
                place = events.leaf_visits.get((run, change.tensor))
                told.changes.append((len(told.moments) if place is None else int(told.at[place]), number))
        told.changes.sort()
        for run, place in events.ends.items():
            told.freed.update(dict.fromkeys(self._trace.backwards[run].freed, int(told.at[place])))
