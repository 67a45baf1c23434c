"""The changes of ``.grad`` in the order in which they happened, and which of them belong to one call.

A line that runs inside the engine (of a hook, say) is looked at as it ends, and what the engine has added by then looks
as if that line had assigned it; what the engine run itself added is recorded at its end. Here such a pair becomes one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from msgspec.structs import replace

from ...trace import Gradient, GradientChange, Trace
from .amounts import elements, finite

# Sums in bfloat16 are good to two digits.
_SLACK = 1e-2


def leaf_of(change: GradientChange) -> str:
    """Return the origin of the leaf, its name where it has no record."""
    return change.tensor or change.variable


def groups(trace: Trace) -> list[list[GradientChange]]:
    """Return the changes call by call: those of one engine run, those of one line in one step.

    No call changes a leaf twice, and no leaf is changed by a call after a later one.
    """
    found: list[list[GradientChange]] = []
    of_run: dict[str | None, int] = {}
    last_call: dict[str, int] = {}
    line: tuple[object, ...] | None = None
    for change in _seen_once(trace):
        leaf, before = leaf_of(change), line
        line = None if change.cause == "backward" else (change.step, change.line)
        place = of_run.get(change.backward) if line is None else len(found) - 1 if line == before else None
        if place is None or last_call.get(leaf, -1) >= place:
            place = len(found)
            found.append([])
        if line is None:
            of_run[change.backward] = place
        found[place].append(change)
        last_call[leaf] = place
    return found


def _seen_once(trace: Trace) -> Iterator[GradientChange]:
    """Yield the changes, of each that was seen twice the one with what was added, where it was first seen."""
    inside = {
        run.id: (run.after, max((step.step for step in run.steps if step.step is not None), default=run.after))
        for run in trace.backwards
        if run.after is not None
    }
    by_leaf: defaultdict[str, list[int]] = defaultdict(list)
    changes: list[GradientChange | None] = list(trace.gradients)
    for place, change in enumerate(trace.gradients):
        earlier = by_leaf[leaf_of(change)]
        lines = inside.get(change.backward or "")
        early = None
        if change.cause == "backward" and lines is not None and lines[1] is not None and lines[0] < lines[1]:
            early = _early(trace.gradients, earlier, change, lines[0], lines[1])
        if early is None:
            earlier.append(place)
            continue
        total = change.total if early == earlier[-1] else trace.gradients[early].total
        changes[early], changes[place] = replace(change, total=total), None
    yield from (change for change in changes if change is not None)


def _early(
    changes: list[GradientChange], earlier: list[int], added: GradientChange, after: int, last: int
) -> int | None:
    """Return the place at which a line inside the run was taken for what the run had added."""
    found = None
    for number in range(len(earlier) - 1, -1, -1):
        one = changes[earlier[number]]
        if one.step is None or not after < one.step <= last:
            break
        before = changes[earlier[number - 1]].total if number else None
        if one.cause == "assigned" and _is_sum(before, added.added, one.total):
            found = earlier[number]
    return found


def _is_sum(before: Gradient | None, added: Gradient | None, total: Gradient | None) -> bool:
    """Whether numbers add up; those of large gradients were not recorded and are taken to."""
    if added is None or total is None or added.shape != total.shape:
        return False
    known = [list(elements(one.values)) for one in (before, added, total) if one is not None and one.values is not None]
    if len(known) < (2 if before is None else 3):
        return True
    sums: list[float] = [0.0] * len(known[-1])
    for numbers in known[:-1]:
        if len(numbers) != len(sums):
            return False
        sums = [have + (finite(more) or 0.0) for have, (_, more) in zip(sums, numbers, strict=True)]
    return all(
        (number := finite(value)) is None or math.isclose(number, expected, rel_tol=_SLACK, abs_tol=1e-30)
        for expected, (_, value) in zip(sums, known[-1], strict=True)
    )
