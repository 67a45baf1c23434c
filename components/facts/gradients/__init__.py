"""The history of a trace's gradients: which calls changed a ``.grad``, and what each did to which leaf.

A line that runs inside the engine (of a hook, say) is looked at as it ends, and what the engine has added by then looks
as if that line had assigned it; what the engine run itself added is recorded at its end. Here such a pair becomes one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from msgspec.structs import replace as replaced

from ...trace import Backward, Gradient, GradientCause, GradientChange, Trace
from ..events import EventNumbers, EventTable
from ..index import TraceIndex
from ..numbers import finite, flat
from ..text import line_text, some_of, told_apart
from .amounts import Amount, amount_in

_OBSERVERS = ("gradients", "values", "backwards", "steps")
# Sums in bfloat16 are good to two digits.
_SLACK = 1e-2
_LABELS: dict[GradientCause, str] = {"backward": "backward", "zero": "zero", "none": "None", "assigned": "assigned"}
_DONE: dict[GradientCause, str] = {
    "backward": "added to",
    "zero": "set to zero",
    "none": "set to None",
    "assigned": "assigned or changed in place",
}
_MOST_NAMES = 2
Kind = Literal["scalar", "vector", "matrix"]


@dataclass(frozen=True)
class GradientCall:
    """One place on the x axis: an engine run that added to leaves, or a line that changed their ``.grad`` itself.

    ``number`` counts from 1. ``label`` fits an axis (``1 backward``), ``text`` is the whole (``backward() in line 6,
    retain_graph=True``), ``code`` the program's text of the line. ``cause`` is that of most leaves where a line did
    several things. ``moment`` is the number of the event of the player's story by which all of it has been seen,
    ``None`` where the story does not tell it.
    """

    number: int
    cause: GradientCause
    label: str
    text: str
    line: int | None = None
    code: str = ""
    backward: str | None = None
    moment: int | None = None


@dataclass(frozen=True)
class LeafChange:
    """What one call did to one leaf; ``after`` is ``None`` where ``.grad`` is ``None``.

    ``tensor`` is the leaf's origin, ``moment`` that of this leaf in the player's story.
    """

    call: int
    tensor: str
    cause: GradientCause
    added: Amount | None
    after: Amount | None
    moment: int | None = None


@dataclass(frozen=True)
class LeafState:
    """A leaf at a call: ``change`` is what the call did to it, if anything; ``after`` is carried forward if nothing."""

    call: int
    change: LeafChange | None
    after: Amount | None


@dataclass(frozen=True)
class LeafHistory:
    """One leaf's ``.grad``: the changes alone, in order; ``at`` and ``states`` carry it forward over ``calls``.

    ``name`` is as the program has it, ``label`` the same but told apart from other leaves of that name. ``used`` says
    how early the program first computed with the leaf (a place among the events of the run), ``None`` if it never did.
    """

    origin: str
    name: str
    label: str
    shape: tuple[int, ...]
    calls: tuple[GradientCall, ...]
    changes: tuple[LeafChange, ...]
    used: int | None = None

    @property
    def kind(self) -> Kind:
        """Which figure shows it."""
        if math.prod(self.shape) == 1:
            return "scalar"
        return "vector" if len(self.shape) == 1 else "matrix"

    @cached_property
    def _numbers(self) -> list[int]:
        return [change.call for change in self.changes]

    def at(self, call: int) -> LeafState:
        """Return the leaf at the call of that number."""
        place = bisect_right(self._numbers, call) - 1
        if place < 0:
            return LeafState(call, None, None)
        last = self.changes[place]
        return LeafState(call, last if last.call == call else None, last.after)

    def states(self) -> Iterator[LeafState]:
        """Yield the leaf at every call."""
        place, after = 0, None
        for call in self.calls:
            change = None
            if place < len(self.changes) and self.changes[place].call == call.number:
                change = self.changes[place]
                place, after = place + 1, change.after
            yield LeafState(call.number, change, after)

    def is_new(self, place: int) -> bool:
        """Whether a change is the first of another tensor of the same name, whose ``.grad`` began at ``None``."""
        return place > 0 and self.changes[place].tensor != self.changes[place - 1].tensor


@dataclass(frozen=True)
class History:
    """The calls in order and every leaf; ``notes`` say what the trace leaves out."""

    calls: tuple[GradientCall, ...]
    leaves: tuple[LeafHistory, ...]
    notes: tuple[str, ...] = ()

    def call(self, number: int) -> GradientCall:
        """Return the call of that number, which counts from 1."""
        return self.calls[number - 1]


def gradient_history(index: TraceIndex) -> History:
    """Return every call that changed a ``.grad`` and every leaf, in the order of the leaf table; linear in the trace.

    An engine run is one call if it added to a leaf, and so is a line, for all that it changed in one step.
    """
    runs = {run.id: run for run in index.trace.backwards}
    numbers = index.once(EventNumbers)
    calls: list[GradientCall] = []
    by_leaf: defaultdict[str, list[LeafChange]] = defaultdict(list)
    for number, group in enumerate(groups(index.trace), 1):
        first, cause = group[0], Counter(change.cause for change in group).most_common(1)[0][0]
        seen = [numbers.of_change(change) for change in group]
        run = runs.get(first.backward or "")
        calls.append(
            GradientCall(
                number=number,
                cause=cause,
                label=f"{number} {_LABELS[cause]}",
                text=backward_text(run, first.line) if cause == "backward" else change_text(group),
                line=first.line,
                code=index.code(first.line),
                backward=first.backward,
                moment=max((moment for moment in seen if moment is not None), default=None),
            )
        )
        for change, moment in zip(group, seen, strict=True):
            added, after = amount_in(index, change.added), amount_in(index, change.total)
            leaf = leaf_of(change)
            by_leaf[leaf].append(LeafChange(number, leaf, change.cause, added, after, moment))
    return History(tuple(calls), tuple(_leaves(index, tuple(calls), by_leaf)), tuple(_notes(index)))


def _leaves(
    index: TraceIndex, calls: tuple[GradientCall, ...], by_leaf: dict[str, list[LeafChange]]
) -> list[LeafHistory]:
    leaves = []
    for origin, tensor in index.latest.items():
        if (tensor.is_leaf and tensor.requires_grad) or origin in by_leaf:
            node = index.accumulates.get(origin)
            leaves.append(
                LeafHistory(
                    origin=origin,
                    name=tensor.name or f"leaf {origin}",
                    label="",
                    shape=tuple(tensor.shape),
                    calls=calls,
                    changes=tuple(by_leaf.get(origin, ())),
                    used=index.once(EventTable).births.get(node.id) if node is not None else None,
                )
            )
    names = {leaf_of(change): change.variable for change in index.trace.gradients}
    for origin, changes in by_leaf.items():
        if origin not in index.latest:
            amount = next((one for change in changes for one in (change.added, change.after) if one is not None), None)
            shape = amount.shape if amount is not None else ()
            leaves.append(LeafHistory(origin, names[origin], "", shape, calls, tuple(changes)))
    return _labelled(leaves)


def _labelled(leaves: list[LeafHistory]) -> list[LeafHistory]:
    labels = told_apart(leaf.name for leaf in leaves)
    return [replace(leaf, label=label) for leaf, label in zip(leaves, labels, strict=True)]


def _notes(index: TraceIndex) -> Iterator[str]:
    for cut in index.trace.truncations:
        if cut.observer in _OBSERVERS:
            yield f"Recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}."


def variables(history: History) -> tuple[LeafHistory, ...]:
    """Return the leaves as a person sees them: those that one name stood for one after the other are one.

    A loop that makes ``w`` anew each time has as many leaves as it has rounds. They are joined where they have the same
    shape and none changed any more when the next first did; one that never had a gradient adds nothing.
    """
    never = len(history.calls) + 1
    # By the first leaf of each variable, and by name and shape those of the variable that can go on.
    joined: dict[str, list[LeafChange]] = {}
    latest: dict[tuple[str, tuple[int, ...]], list[LeafChange]] = {}
    for leaf in sorted(history.leaves, key=lambda leaf: leaf.changes[0].call if leaf.changes else never):
        known = latest.get((leaf.name, leaf.shape))
        if known is not None and (not leaf.changes or known[-1].call < leaf.changes[0].call):
            known += leaf.changes
        else:
            latest[leaf.name, leaf.shape] = joined[leaf.origin] = list(leaf.changes)
    leaves = [leaf for leaf in history.leaves if leaf.origin in joined]
    return tuple(_labelled([replace(leaf, changes=tuple(joined[leaf.origin])) for leaf in leaves]))


def in_order_of_use(leaves: Iterable[LeafHistory]) -> list[LeafHistory]:
    """Return the leaves as the program first computed with them, which is how deep they are in a model."""
    return sorted(leaves, key=lambda leaf: math.inf if leaf.used is None else leaf.used)


def backward_text(run: Backward | None, line: int | None) -> str:
    """Return ``backward() in line 6, retain_graph=True``."""
    if run is None:
        return f"backward() in {line_text(line)}"
    said = [f"{run.call}() in {line_text(run.line if run.line is not None else line)}"]
    said += [f"{name}=True" for name in ("retain_graph", "create_graph") if getattr(run, name)]
    if run.internal:
        said.append("called by PyTorch's own code")
    if run.inside is not None:
        said.append("inside another run of the engine")
    if run.failure is not None:
        said.append("stopped by an error")
    return ", ".join(said)


def change_text(changes: Sequence[GradientChange]) -> str:
    """Return ``x.grad, w.grad set to None in line 7`` of what one line did itself."""
    said = []
    for cause in dict.fromkeys(change.cause for change in changes):
        names = dict.fromkeys(f"{change.variable}.grad" for change in changes if change.cause == cause)
        said.append(f"{some_of(list(names), _MOST_NAMES)} {_DONE[cause]}")
    return f"{'; '.join(said)} in {line_text(changes[0].line)}"


# --- which changes belong to one call


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
        changes[early], changes[place] = replaced(change, total=total), None
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
    known = [list(flat(one.values)) for one in (before, added, total) if one is not None and one.values is not None]
    if len(known) < (2 if before is None else 3):
        return True
    sums: list[float] = [0.0] * len(known[-1])
    for numbers in known[:-1]:
        if len(numbers) != len(sums):
            return False
        sums = [have + (finite(more) or 0.0) for have, more in zip(sums, numbers, strict=True)]
    return all(
        (number := finite(value)) is None or math.isclose(number, expected, rel_tol=_SLACK, abs_tol=1e-30)
        for expected, value in zip(sums, known[-1], strict=True)
    )
