"""Everything that happened in a run, in the one true order: lines, births of nodes, runs of the engine node by node.

A trace keeps lines, nodes and engine runs in lists of their own; each says in which step it happened. Here they are
put back into one sequence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.trace import Backward, Trace

HappeningKind = Literal["call", "line", "born", "begin", "node", "built", "end", "error"]


@dataclass(frozen=True, slots=True)
class Happening:
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
    born: defaultdict[int | None, list[str]] = defaultdict(list)
    built: defaultdict[str, list[str]] = defaultdict(list)
    for node in trace.nodes:
        if node.created_by is not None:
            built[node.created_by].append(node.id)
        elif node.leaf is None:
            born[node.step].append(node.id)
    runs = _runs_by_step(trace, built)
    places = {node.id: place for place, node in enumerate(trace.nodes)}
    found: list[Happening] = []
    calling: list[tuple[int, int]] = []

    def bear(step: int, before: float = math.inf) -> None:
        waiting = born.get(step, [])
        while waiting and places[waiting[0]] < before:
            found.append(Happening("born", step, waiting.pop(0)))

    def complete(next_step: int | None) -> None:
        while calling and (next_step is None or calling[-1][1] < next_step):
            step = calling.pop()[0]
            bear(step)
            found.append(Happening("line", step))

    for step in trace.steps:
        complete(step.index)
        # A line that calls a function makes some of its nodes before the function's and some after.
        if calling and born.get(step.index):
            bear(calling[-1][0], places[born[step.index][0]])
        calls = step.last is not None and step.last > step.index
        if calls:
            found.append(Happening("call", step.index))
            calling.append((step.index, step.last or 0))
        if step.index in runs:
            # The engine walks through what is there already.
            for caller, _ in calling:
                bear(caller)
        if not calls:
            bear(step.index)
        found += runs.pop(step.index, ())
        if not calls:
            found.append(Happening("line", step.index))
    complete(None)
    # What was recorded after the cap on lines has no step.
    for left in born.values():
        found += (Happening("born", None, node) for node in left)
    for late in runs.values():
        found += late
    if trace.failure is not None:
        last = trace.steps[-1].index if trace.steps else None
        told = {run.id for run in trace.backwards if run.failure is not None}
        if trace.failure.backward not in told:
            found.append(Happening("error", last, trace.failure.node))
    return found


def _runs_by_step(trace: Trace, built: dict[str, list[str]]) -> dict[int | None, list[Happening]]:
    """Put what the engine did behind the step that had begun last; of nested runs the inner one comes first."""
    buckets: defaultdict[int | None, list[tuple[tuple[int, bool, int, int], Happening]]] = defaultdict(list)
    numbers = {run.id: number for number, run in enumerate(trace.backwards)}
    outer: list[tuple[int, int]] = []
    for number, run in enumerate(trace.backwards):
        root, depth = outer[numbers[run.inside]] if run.inside in numbers else (number, -1)
        outer.append((root, depth + 1))
        for step, happening in _run(number, run, built.get(run.id, [])):
            begins = happening.kind == "begin" and depth < 0
            buckets[step].append(((root, not begins, -depth, number), happening))
    return {
        step: [happening for _, happening in sorted(inside, key=lambda pair: pair[0])]
        for step, inside in buckets.items()
    }


def _run(number: int, run: Backward, built: list[str]) -> Iterator[tuple[int | None, Happening]]:
    yield run.step, Happening("begin", run.step, None, number)
    step = run.step
    for place, done in enumerate(run.steps):
        step = done.step if done.step is not None else step
        yield step, Happening("node", step, done.node, number, place)
    if built:
        yield step, Happening("built", step, None, number)
    if run.failure is None:
        yield step, Happening("end", step, None, number)
    else:
        yield step, Happening("error", step, run.failure.node, number)
