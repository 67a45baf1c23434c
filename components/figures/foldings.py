"""The same picture with other boxes open, drawn beforehand for a player that has no server to ask.

Not every combination: the levels of detail, and each box with those above it and what is open in the picture anyway;
where these are few also several of them together. The player shows the one that differs least from what is
asked of it, and says what it had to close.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain
from typing import NamedTuple

from ..facts import TraceIndex
from ..facts.folding import Scope
from ..facts.groups import Group
from .lab import lab_graph, lab_scope
from .lab.records import LabOptions, Root
from .player_data import PlayerData

_Way = tuple[str, ...]

# Where to open a level draws more boxes than so many, it waits until all else is drawn: it takes seconds.
_FEW_BOXES = 130
# Of the time, what those of few boxes may take: a level that people want to see is often one of many.
_FOR_FEW = 2 / 3


class Budget(NamedTuple):
    """How much is drawn: ``combined`` is how many ways to fold there are, with several boxes together, one or none.

    After ``seconds`` no other picture is begun.
    """

    pictures: int = 150
    combined: int = 40
    boxes: int = 220
    seconds: float = 20.0


USUAL = Budget()


def foldings(
    index: TraceIndex,
    root: Root | None,
    first: PlayerData,
    draw: Callable[[tuple[str, ...]], PlayerData],
    budget: Budget = USUAL,
) -> list[PlayerData]:
    """Return what ``draw`` makes of the groups to be open, for pictures other than ``first``.

    The levels come first, then the outermost boxes, and of layers that are alike the first one's; pictures of many
    boxes come last, and of more than ``budget.boxes`` there are none.
    """
    scope = lab_scope(index, root)
    if not scope.nodes:  # tensors alone, without a graph
        return []
    began = time.monotonic()
    shown, few, many = {frozenset(first.opened)}, [], []
    for opened in _ways(scope, first.opened, budget.combined):
        if len(shown) > budget.pictures or time.monotonic() > began + _FOR_FEW * budget.seconds:
            break
        if frozenset(opened) in shown:
            continue
        shown.add(frozenset(opened))
        boxes = len(lab_graph(index, root, LabOptions(opened=opened)).boxes)
        if boxes <= min(_FEW_BOXES, budget.boxes):
            few.append((opened, draw(opened)))
        elif boxes <= budget.boxes:
            many.append(opened)
    drawn = chain(few, ((opened, draw(opened)) for opened in many if time.monotonic() < began + budget.seconds))
    return [data for opened, data in drawn if data.svg and frozenset(data.opened) == frozenset(opened)]


def _ways(scope: Scope, first: tuple[str, ...], most: int) -> Iterator[tuple[str, ...]]:
    """Yield which groups to open, or to close, each for itself; where these are few, two together, three and so on."""
    alone = []
    for way in _ways_to_fold(scope, first):
        alone.append(way)
        yield way
    known, latest = {frozenset(way) for way in alone}, alone
    while latest and len(known) < most:
        more = []
        for one, other in _pairs(latest, alone):
            stay = [group for group in one if group in other or group not in first]
            both = tuple(dict.fromkeys([*stay, *(group for group in other if group in one or group not in first)]))
            if frozenset(both) not in known and len(known) < most:
                known.add(frozenset(both))
                more.append(both)
        yield from more
        latest = more


def _pairs(ones: Sequence[_Way], others: Sequence[_Way]) -> Iterator[tuple[_Way, _Way]]:
    """Yield each with each, those first that come early in both."""
    for total in range(len(ones) + len(others) - 1):
        for place in range(max(0, total - len(others) + 1), min(total + 1, len(ones))):
            yield ones[place], others[total - place]


def _ways_to_fold(scope: Scope, first: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield which groups to open: those of each level, and each group with those above it, or without those in it."""
    for level in scope.levels:
        yield tuple(group.id for group in level[1:])
    queue: list[tuple[int, int, Group, tuple[str, ...]]] = [(0, 0, scope.tree, first)]
    number = 0
    while queue:
        _, _, group, opened = heappop(queue)
        for place, child in enumerate(scope.groups_in(group)):
            inside = tuple(dict.fromkeys((*opened, child.id)))
            if child.id in first:
                yield tuple(one for one in first if one != child.id and not one.startswith(f"{child.id}."))
            else:
                yield inside
            number += 1
            # Of things that are alike the later ones wait: whoever opens one, opens the first.
            later = 4 * min(place, 1) if group.times > 1 else 0
            heappush(queue, (child.id.count(".") + later, number, child, inside))
