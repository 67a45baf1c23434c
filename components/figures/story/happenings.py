"""Everything that happened in a run, in the one true order: lines, births of nodes, runs of the engine node by node.

A trace keeps lines, nodes and engine runs in lists of their own; each says in which step it happened. Here they are
put back into one sequence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ...trace import Backward, Step, Trace

HappeningKind = Literal["call", "line", "born", "begin", "node", "built", "end", "error"]


class Happening(NamedTuple):
    """One thing that happened during ``step`` (an index; ``None`` past the cap on steps).

    ``call`` and ``line`` are a line that calls a function of the program and one that is complete; ``born`` is a node,
    ``begin``, ``node``, ``built`` (by ``create_graph``) and ``end`` belong to the engine run ``run`` (an index), of
    which ``place`` is the engine step. ``error`` is what the program or the run ended with.
    """

    kind: HappeningKind
    step: int | None
    node: str | None = None
    run: int | None = None
    place: int | None = None


def happenings(trace: Trace) -> list[Happening]:
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
        self.found: list[Happening] = []
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
                self.found.append(Happening("call", step.index))
            self._calling.append((step.index, step.last or 0))
        if step.index in self._runs:
            self._bear_callers()
        if not calls:
            self._bear(step.index)
        self.found += self._runs.pop(step.index, ())
        if not calls and not in_class:
            self.found.append(Happening("line", step.index))
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
        self.found += [Happening("born", step, node) for node in reversed(waiting[left:])]
        del waiting[left:]

    def _complete(self, next_step: float) -> None:
        while self._calling and self._calling[-1][1] < next_step:
            step = self._calling.pop()[0]
            self._bear(step)
            self.found.append(Happening("line", step))

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
            self.found.append(Happening("error", last, failure.node))


Buckets = dict[int | None, list[Happening]]


def _runs_by_step(trace: Trace, built: set[str]) -> tuple[Buckets, Buckets]:
    """Return what the engine did by the step that had begun last: in runs begun there, and in others that went on.

    Of nested runs the inner one comes first.
    """
    own: defaultdict[int | None, list[tuple[tuple[int, bool, int, int], Happening]]] = defaultdict(list)
    others: defaultdict[int | None, list[tuple[tuple[int, bool, int, int], Happening]]] = defaultdict(list)
    numbers = {run.id: number for number, run in enumerate(trace.backwards)}
    outer: list[tuple[int, int]] = []
    for number, run in enumerate(trace.backwards):
        around = numbers.get(run.inside or "", number)
        root, depth = outer[around] if around < number else (number, -1)
        outer.append((root, depth + 1))
        began = trace.steps[run.step] if run.step is not None and run.step < len(trace.steps) else None
        for step, happening in _run(number, run, run.id in built, began):
            begins = happening.kind == "begin" and depth < 0
            (own if step == run.step == run.after else others)[step].append(
                ((root, not begins, -depth, number), happening)
            )
    in_order = [
        {step: [one for _, one in sorted(inside, key=lambda pair: pair[0])] for step, inside in buckets.items()}
        for buckets in (own, others)
    ]
    return in_order[0], in_order[1]


def _run(number: int, run: Backward, built: bool, began: Step | None) -> Iterator[tuple[int | None, Happening]]:
    """Yield what happened in a run, each with the step behind which it is told."""
    step = run.after if run.after is not None else run.step
    yield step, Happening("begin", run.step, None, number)
    for place, done in enumerate(run.steps):
        step = done.step if done.step is not None else step
        yield step, Happening("node", step, done.node, number, place)
    if built:
        yield step, Happening("built", run.step, None, number)
    if run.failure is None:
        yield step, Happening("end", run.step, None, number)
    else:
        # The lines that failed inside a node (of a ``Function``, a hook) began after the last node was done.
        if step is not None and began is not None and began.last is not None:
            step = max(step, began.last)
        yield step, Happening("error", run.step, run.failure.node, number)
