"""The events of a run in the one true order: lines, births of nodes, runs of the engine node by node.

A trace keeps lines, nodes and engine runs in lists of their own; each says in which step it happened. Here they are put
back into one sequence, and whatever a page shows gets the number of the event at which it is seen.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..trace import Backward, GradientChange, MemoryEvent, Step, Trace
from .index import TraceIndex

_IMPORT = re.compile(r"(import|from)\s[^;]*$")
EventKind = Literal["call", "line", "born", "begin", "node", "built", "end", "error"]


class Event(NamedTuple):
    """What happened during ``step`` (an index; ``None`` past the cap on steps).

    ``call`` and ``line`` are a line that calls a function of the program and one that is complete; ``born`` is a node,
    ``begin``, ``node``, ``built`` (by ``create_graph``) and ``end`` belong to the engine run ``run`` (an index), of
    which ``place`` is the engine step. ``error`` is what the program or the run ended with.
    """

    kind: EventKind
    step: int | None
    node: str | None = None
    run: int | None = None
    place: int | None = None


def events_of(trace: Trace) -> list[Event]:
    """Return what happened, in order."""
    return _Sequence(trace).found


class _Sequence:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._places = {node.id: place for place, node in enumerate(trace.nodes)}
        self._born: defaultdict[int | None, list[str]] = defaultdict(list)
        for node in reversed(trace.nodes):
            if node.created_by is None and node.leaf is None:
                self._born[node.step].append(node.id)
        built = {node.created_by for node in trace.nodes if node.created_by is not None}
        self._runs, self._continued = _runs_by_step(trace, built)
        self._calling: list[tuple[int, int]] = []
        self._lines = trace.program.source.split("\n")
        self._class_ends = -1
        self.found: list[Event] = []
        for step in trace.steps:
            self._step(step)
        self._complete(math.inf)
        self._without_step()
        self._failure()

    def _defines_class(self, step: Step) -> bool:
        return 0 < step.line <= len(self._lines) and self._lines[step.line - 1].lstrip().startswith("class ")

    def _step(self, step: Step) -> None:
        self._complete(step.index)
        # The lines of a class's body run once, to define it: one moment, not as many as it has methods.
        if self._class_ends < step.index and step.last is not None and self._defines_class(step):
            self._class_ends = step.last
        # A line that calls a function makes some of its nodes before the function's and some after.
        if self._calling and self._born.get(step.index):
            self._bear(self._calling[-1][0], self._places[self._born[step.index][-1]])
        calls = step.last is not None and step.last > step.index
        in_class = step.index <= self._class_ends
        if calls:
            # What an engine run calls (hooks, a ``Function``) comes after the begin of that run.
            if not in_class and step.index not in self._runs:
                self.found.append(Event("call", step.index))
            self._calling.append((step.index, step.last or 0))
        if step.index in self._runs:
            self._bear_callers()
        if not calls:
            self._bear(step.index)
        self.found += self._runs.pop(step.index, ())
        if not calls and not in_class:
            self.found.append(Event("line", step.index))
        # A line that ran inside the engine (of a hook, say) is complete before the engine goes on.
        if step.index in self._continued:
            self._bear_callers()
            self.found += self._continued.pop(step.index)

    def _bear_callers(self) -> None:
        """The engine walks through what is there already, whichever of the open lines made it."""
        for caller, _ in self._calling:
            self._bear(caller)

    def _bear(self, step: int | None, before: float = math.inf) -> None:
        waiting = self._born.get(step, [])
        left = len(waiting)
        while left and (before == math.inf or self._places[waiting[left - 1]] < before):
            left -= 1
        self.found += [Event("born", step, node) for node in reversed(waiting[left:])]
        del waiting[left:]

    def _complete(self, next_step: float) -> None:
        while self._calling and self._calling[-1][1] < next_step:
            step = self._calling.pop()[0]
            self._bear(step)
            self.found.append(Event("line", step))

    def _without_step(self) -> None:
        """What was recorded after the cap on lines."""
        for step in list(self._born):
            self._bear(step)
        for late in (*self._runs.values(), *self._continued.values()):
            self.found += late

    def _failure(self) -> None:
        failure = self._trace.failure
        told = {run.id for run in self._trace.backwards if run.failure is not None}
        if failure is not None and failure.backward not in told:
            last = self._trace.steps[-1].index if self._trace.steps else None
            self.found.append(Event("error", last, failure.node))


Buckets = dict[int | None, list[Event]]


def _runs_by_step(trace: Trace, built: set[str]) -> tuple[Buckets, Buckets]:
    """Return what the engine did by the step that had begun last: in runs begun there, and in others that went on.

    Of nested runs the inner one comes first.
    """
    own: defaultdict[int | None, list[tuple[tuple[int, bool, int, int], Event]]] = defaultdict(list)
    others: defaultdict[int | None, list[tuple[tuple[int, bool, int, int], Event]]] = defaultdict(list)
    numbers = {run.id: number for number, run in enumerate(trace.backwards)}
    outer: list[tuple[int, int]] = []
    for number, run in enumerate(trace.backwards):
        around = numbers.get(run.inside or "", number)
        root, depth = outer[around] if around < number else (number, -1)
        outer.append((root, depth + 1))
        began = trace.steps[run.step] if run.step is not None and run.step < len(trace.steps) else None
        for step, event in _run(number, run, run.id in built, began):
            begins = event.kind == "begin" and depth < 0
            (own if step == run.step == run.after else others)[step].append(((root, not begins, -depth, number), event))
    in_order = [
        {step: [one for _, one in sorted(inside, key=lambda pair: pair[0])] for step, inside in buckets.items()}
        for buckets in (own, others)
    ]
    return in_order[0], in_order[1]


def _run(number: int, run: Backward, built: bool, began: Step | None) -> Iterator[tuple[int | None, Event]]:
    """Yield what happened in a run, each with the step behind which it is told."""
    step = run.after if run.after is not None else run.step
    yield step, Event("begin", run.step, None, number)
    for place, done in enumerate(run.steps):
        step = done.step if done.step is not None else step
        yield step, Event("node", step, done.node, number, place)
    if built:
        yield step, Event("built", run.step, None, number)
    if run.failure is None:
        yield step, Event("end", run.step, None, number)
    else:
        # The lines that failed inside a node (of a ``Function``, a hook) began after the last node was done.
        if step is not None and began is not None and began.last is not None:
            step = max(step, began.last)
        yield step, Event("error", run.step, run.failure.node, number)


Ints = NDArray[np.int64]
KINDS = ("call", "line", "born", "begin", "node", "built", "end", "error")
# A run is over at its `end`, or at the `error` that comes last in ``KINDS``.
LINE, NODE, END, ERROR = (KINDS.index(kind) for kind in ("line", "node", "end", "error"))


class EventTable:
    """The events of a run as arrays, all of shape (events,): made once, asked anew for every folding of its graph.

    ``kinds`` are places in ``KINDS``, ``steps`` and ``runs`` numbers, ``nodes`` places in the trace's list of nodes, -1
    for none. ``births`` and ``visits`` are by node: the place of its birth (of a leaf's, that of the first node that
    uses it), and the places at which the engine was there.
    """

    def __init__(self, index: TraceIndex) -> None:
        self._index, trace = index, index.trace
        self.all = events_of(trace)
        places = {node.id: place for place, node in enumerate(trace.nodes)}
        numbers = {kind: number for number, kind in enumerate(KINDS)}
        self.kinds: Ints = np.array([numbers[one.kind] for one in self.all], dtype=np.int64)
        self.steps: Ints = np.array([-1 if one.step is None else one.step for one in self.all], dtype=np.int64)
        self.runs: Ints = np.array([-1 if one.run is None else one.run for one in self.all], dtype=np.int64)
        self.nodes: Ints = np.array([places.get(one.node or "", -1) for one in self.all], dtype=np.int64)
        leaf = np.array([node.leaf is not None for node in trace.nodes] or [False])
        self.leaves = leaf[self.nodes] & (self.nodes >= 0)
        self.births: dict[str, int] = {}
        self.visits: defaultdict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self.all):
            if one.kind == "node" and one.node is not None:
                self.visits[one.node].append(place)
            elif one.kind == "born" and one.node is not None:
                self.births[one.node] = place
            elif one.kind == "built" and one.run is not None:
                self.births.update(dict.fromkeys(index.built_by[trace.backwards[one.run].id], place))
        for edge in trace.edges:
            if edge.source in self.births and index.nodes[edge.target].leaf is not None:
                user = self.births[edge.source]
                self.births[edge.target] = min(user, self.births.get(edge.target, user))

    @cached_property
    def leaf_visits(self) -> dict[tuple[int, str], int]:
        """By engine run and origin of a leaf: the place; of several ``AccumulateGrad`` of one leaf the last counts."""
        found: dict[tuple[int, str], int] = {}
        for place in np.flatnonzero((self.kinds == NODE) & self.leaves).tolist():
            leaf = self._index.nodes[self.all[place].node or ""]
            found[int(self.runs[place]), self._index.origin_of(leaf.tensor)] = place
        return found

    @cached_property
    def ends(self) -> dict[int, int]:
        """By engine run: the place at which it is over."""
        ends = np.flatnonzero((self.kinds >= END) & (self.runs >= 0))
        return {int(self.runs[place]): place for place in ends.tolist()}


class QuietLines:
    """Tells which complete lines have nothing to add, and so no moment of their own; asked event by event, in order."""

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self._last: tuple[str, int | None] = ("", None)
        self._ended: int | None = -1

    def is_quiet(self, event: Event) -> bool:
        """Whether an event is a line that made the node before it, or only imports, or ended a run without news."""
        if event.kind != "line":
            return False
        if self._only_imports(event.step):
            return True
        return self._last == ("born", event.step) or (self._ended == event.step and not self._has_news(event.step))

    def told(self, event: Event) -> None:
        """Take note of the last event of a moment."""
        self._last = event.kind, event.step
        if event.kind in ("end", "error") and event.run is not None:
            self._ended = event.step

    def _only_imports(self, step: int | None) -> bool:
        trace = self._index.trace
        if step is None or step >= len(trace.steps):
            return False
        return bool(_IMPORT.match(self._index.code(trace.steps[step].line))) and not self._has_news(step)

    def _has_news(self, step: int | None) -> bool:
        """Whether a line bound a variable, printed or showed something."""
        trace = self._index.trace
        if step is None or step >= len(trace.steps):
            return False
        line = trace.steps[step]
        return bool(line.variables) or line.stdout[0] != line.stdout[1] or step in self._index.displays_by_step


class EventNumbers:
    """The number of the event at which something is seen, from 1 on: what ``?step=`` in the player's address counts.

    It does not depend on how the graph is folded; ``Moment.n`` says up to which event a moment of a story goes. A
    change of a ``.grad`` by ``backward()`` is seen as the engine comes to the leaf, any other as its line is complete;
    a quiet line is told with what came before it. ``None`` is for what no event tells.
    """

    def __init__(self, index: TraceIndex) -> None:
        self._index, self._table = index, index.once(EventTable)
        self._runs = {run.id: number for number, run in enumerate(index.trace.backwards)}

    def of_line(self, step: int | None) -> int | None:
        """Return the number of the event with which the line of a step is told."""
        return self._lines.get(step) if step is not None else None

    def of_birth(self, node: str | None) -> int | None:
        """Return the number of the event at which a node is recorded."""
        return self._births.get(node or "")

    def of_visit(self, run: str, place: int) -> int | None:
        """Return the number of the event that is an engine run's step of that place."""
        return self._visits.get((self._runs.get(run, -1), place))

    def of_change(self, change: GradientChange) -> int | None:
        """Return the number of the event at which a change of a ``.grad`` is seen."""
        if change.cause != "backward":
            return self.of_line(change.step)
        run = self._runs.get(change.backward or "", -1)
        return self._number(self._table.leaf_visits.get((run, change.tensor or ""), self._table.ends.get(run)))

    def of_memory(self, event: MemoryEvent) -> int | None:
        """Return the number of the event during which one of memory took place: a visit, a birth, or the line."""
        found = None
        if event.backward is None:
            found = self.of_birth(event.node)
        elif (event.backward, event.node) in self._places:
            found = self.of_visit(event.backward, self._places[event.backward, event.node])
        return found if found is not None else self.of_line(event.step)

    @staticmethod
    def _number(place: int | None) -> int | None:
        return place + 1 if place is not None else None

    @cached_property
    def _lines(self) -> dict[int, int]:
        found: dict[int, int] = {}
        lines, told = QuietLines(self._index), 0
        for number, event in enumerate(self._table.all, 1):
            if not (told and lines.is_quiet(event)):
                told = number
                lines.told(event)
            if event.kind == "line" and event.step is not None:
                found[event.step] = told
        return found

    @cached_property
    def _births(self) -> dict[str, int]:
        events = enumerate(self._table.all, 1)
        return {event.node: number for number, event in events if event.kind == "born" and event.node is not None}

    @cached_property
    def _visits(self) -> dict[tuple[int, int], int]:
        """By engine run and place in it."""
        return {
            (event.run, event.place): number
            for number, event in enumerate(self._table.all, 1)
            if event.kind == "node" and event.run is not None and event.place is not None
        }

    @cached_property
    def _places(self) -> dict[tuple[str, str | None], int]:
        """By engine run and node: the place of its last visit."""
        runs = self._index.trace.backwards
        return {(run.id, step.node): place for run in runs for place, step in enumerate(run.steps)}
