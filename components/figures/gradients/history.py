"""From a trace to the history of its gradients: which calls there were, and what each did to which leaf."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ...facts import TraceIndex
from ...facts.events import EventNumbers, EventTable
from ...trace import GradientCause, GradientChange
from .amounts import Amounts
from .order import groups, leaf_of
from .records import Call, Change, History, LeafHistory
from .words import WORDS, backward_text, change_text

_OBSERVERS = ("gradients", "values", "backwards", "steps")


def gradient_history(index: TraceIndex) -> History:
    """Return every call that changed a ``.grad`` and every leaf, in the order of the leaf table; linear in the trace.

    An engine run is one call if it added to a leaf, and so is a line, for all that it changed in one step.
    """
    runs = {run.id: run for run in index.trace.backwards}
    moments, amounts = index.once(EventNumbers), Amounts()
    calls: list[Call] = []
    by_leaf: defaultdict[str, list[Change]] = defaultdict(list)
    for number, group in enumerate(groups(index.trace), 1):
        first, cause = group[0], _cause(group)
        seen = [moments.of_change(change) for change in group]
        run = runs.get(first.backward or "")
        calls.append(
            Call(
                number=number,
                cause=cause,
                label=f"{number} {WORDS[cause]}",
                text=backward_text(run, first.line) if cause == "backward" else change_text(group),
                line=first.line,
                code=index.code(first.line),
                backward=first.backward,
                moment=max((moment for moment in seen if moment is not None), default=None),
            )
        )
        for change, moment in zip(group, seen, strict=True):
            added, after = amounts.read(change.added), amounts.read(change.total)
            leaf = leaf_of(change)
            by_leaf[leaf].append(Change(number, leaf, change.cause, added, after, moment))
    return History(tuple(calls), tuple(_leaves(index, tuple(calls), by_leaf)), tuple(_notes(index)))


def variables(history: History) -> tuple[LeafHistory, ...]:
    """Return the leaves as a person sees them: those that one name stood for one after the other are one.

    A loop that makes ``w`` anew each time has as many leaves as it has rounds. They are joined where they have the same
    shape and none changed any more when the next first did; one that never had a gradient adds nothing.
    """
    joined: list[_Variable] = []
    never = len(history.calls) + 1
    latest: dict[tuple[str, tuple[int, ...]], _Variable] = {}
    for leaf in sorted(history.leaves, key=lambda one: one.changes[0].call if one.changes else never):
        known = latest.get((leaf.name, leaf.shape))
        if known is not None and (not leaf.changes or known.changes[-1].call < leaf.changes[0].call):
            known.changes += leaf.changes
        else:
            latest[leaf.name, leaf.shape] = _Variable(leaf, list(leaf.changes))
            joined.append(latest[leaf.name, leaf.shape])
    order = {leaf.origin: place for place, leaf in enumerate(history.leaves)}
    joined.sort(key=lambda one: order[one.leaf.origin])
    return tuple(_told_apart([replace(one.leaf, changes=tuple(one.changes)) for one in joined]))


def in_order_of_use(leaves: Iterable[LeafHistory]) -> list[LeafHistory]:
    """Return the leaves as the program first computed with them, which is how deep they are in a model."""
    return sorted(leaves, key=lambda leaf: math.inf if leaf.used is None else leaf.used)


@dataclass
class _Variable:
    leaf: LeafHistory
    changes: list[Change] = field(default_factory=list)


def _cause(group: list[GradientChange]) -> GradientCause:
    return Counter(change.cause for change in group).most_common(1)[0][0]


def _leaves(index: TraceIndex, calls: tuple[Call, ...], by_leaf: dict[str, list[Change]]) -> list[LeafHistory]:
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
    return _told_apart(leaves)


def _told_apart(leaves: list[LeafHistory]) -> list[LeafHistory]:
    """Number the leaves of one name: ``w``, ``w (2)``, ``w (3)``."""
    counts: Counter[str] = Counter()
    told = []
    for leaf in leaves:
        counts[leaf.name] += 1
        number = counts[leaf.name]
        told.append(replace(leaf, label=leaf.name if number == 1 else f"{leaf.name} ({number})"))
    return told


def _notes(index: TraceIndex) -> Iterator[str]:
    for cut in index.trace.truncations:
        if cut.observer in _OBSERVERS:
            yield f"Recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}."
