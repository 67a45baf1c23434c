"""The same picture with other boxes open, drawn beforehand for a player that has no server to ask.

Not every combination: the levels of detail, and each box with those above it and what is open in the picture anyway;
where these are few also several of them together. The player shows the one that differs least from what is
asked of it, and says what it had to close.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import chain, product

from ..facts import TraceIndex
from ..facts.folding import Scope
from ..facts.groups import Group
from .lab import lab_graph, lab_scope
from .lab.records import LabOptions, Root
from .player_data import PlayerData

# Where to open a level draws more boxes than so many, it waits until all else is drawn: it takes seconds.
_FEW_BOXES = 130
_MOST_BOXES = 220
_MOST_SECONDS = 20.0
# Of combinations, those of one box among them.
_MOST_COMBINED = 40


def foldings(
    index: TraceIndex,
    root: Root | None,
    first: PlayerData,
    draw: Callable[[tuple[str, ...]], PlayerData],
    most: int = 150,
    most_boxes: int = _MOST_BOXES,
) -> list[PlayerData]:
    """Return what ``draw`` makes of the groups to be open, for at most ``most`` pictures other than ``first``.

    The outermost boxes come first, and of layers that are alike the first one's; pictures of many boxes come last, and
    of more than ``most_boxes`` there are none. After 20 seconds no other is begun.
    """
    end = time.monotonic() + _MOST_SECONDS
    shown, few, many = {frozenset(first.opened)}, [], []
    for opened in _ways(lab_scope(index, root), first.opened):
        if len(shown) > most or time.monotonic() > end:
            break
        if frozenset(opened) in shown:
            continue
        shown.add(frozenset(opened))
        boxes = len(lab_graph(index, root, LabOptions(opened=opened)).boxes)
        if boxes <= min(_FEW_BOXES, most_boxes):
            few.append((opened, draw(opened)))
        elif boxes <= most_boxes:
            many.append(opened)
    drawn = chain(few, ((opened, draw(opened)) for opened in many if time.monotonic() < end))
    return [data for opened, data in drawn if data.svg and frozenset(data.opened) == frozenset(opened)]


def _ways(scope: Scope, first: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield which groups to open, or to close, each for itself; where these are few, two together, three and so on."""
    alone = []
    for way in _ways_to_fold(scope, first):
        alone.append(way)
        yield way
    known, latest = {frozenset(way) for way in alone}, alone
    while latest and len(known) < _MOST_COMBINED:
        more = []
        for one, other in product(latest, alone):
            stay = [group for group in one if group in other or group not in first]
            both = tuple(dict.fromkeys([*stay, *(group for group in other if group in one or group not in first)]))
            if frozenset(both) not in known and len(known) < _MOST_COMBINED:
                known.add(frozenset(both))
                more.append(both)
        yield from more
        latest = more


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
