"""Which box of a picture a node is in, and which folded box a step happened in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .folding import Group
from .scope import Folding, Places, Scope

if TYPE_CHECKING:
    from ..trace_index import TraceIndex


@dataclass(frozen=True)
class Homes:
    """The boxes of a picture by node. ``alone`` are the boxes that bear the id of their node.

    A drawing of torchviz has nothing but those; a Lab picture has a ``scope`` and its ``folding``.
    """

    alone: Collection[str] = ()
    scope: Scope | None = None
    folding: Folding | None = None
    tensors: frozenset[str] = frozenset()

    def box_of(self, node: str) -> str | None:
        """Return the box that a node is in, ``None`` if it is not in the picture."""
        if self.scope is None or self.folding is None:
            return node if node in self.alone else None
        place = self.scope.place.get(node)
        if place is None:
            return None
        home = int(self.folding.home[place])
        return node if home >= 0 else self.folding.folded[~home].id

    def boxes(self, index: TraceIndex) -> tuple[Places, int]:
        """Return a number for the box of each node of the trace, -1 for none; the second result is the first fold's."""
        nodes = index.trace.nodes
        if self.scope is None or self.folding is None:
            return np.array([n if node.id in self.alone else -1 for n, node in enumerate(nodes)] or [-1]), len(nodes)
        places = self.scope.places
        size = len(self.scope.nodes)
        home = self.folding.home
        numbers = np.where(home >= 0, home, size + ~home)
        return np.where(places >= 0, numbers[places], -1), size

    def during(self, steps: Places) -> Places:
        """Return, for each step, the number of the folded box that it is told with, -1 for none."""
        found = np.full(len(steps), -1, dtype=np.int64)
        size = len(self.scope.nodes) if self.scope is not None else 0
        for number, box in enumerate(self._groups):
            if box in self._intervals:
                first, last = self._intervals[box]
                found[(steps >= first) & (steps <= last) & (found < 0)] = size + number
        return found

    def title_of(self, box: str) -> str:
        """Return the name of a folded box."""
        return self._groups[box].piece.title if box in self._groups else box

    def folded_at(self, step: int | None) -> str | None:
        """Return the folded box all of whose loop's steps include this one."""
        if step is None:
            return None
        return next((box for box, (first, last) in self._intervals.items() if first <= step <= last), None)

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {group.id: group for group in self.folding.folded} if self.folding is not None else {}

    @cached_property
    def _intervals(self) -> dict[str, tuple[int, int]]:
        """The steps of each folded box that took more than one: what else happened in them is told with it."""
        found = {}
        for box, group in self._groups.items():
            nodes, times = group.nodes, group.piece.times
            first, last = nodes[0].step, nodes[-1].step
            if first is None or last is None or first == last:
                continue
            # An iteration ends where the next one makes its first node: what comes between belongs to it.
            each = len(nodes) // times
            second, begun = nodes[each % len(nodes)].step, nodes[-each].step
            if times > 1 and second is not None and begun is not None:
                last = max(last, begun + second - first - 1)
            found[box] = first, last
        return found
