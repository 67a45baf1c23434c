"""One graph of a trace under a folding: which groups are open, which box each node is in, what is told with a fold.

What does not depend on the folding is found out once; what does is arithmetic on arrays, so that a graph of a hundred
thousand nodes is folded anew in some ten milliseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from ..trace import Backward, Edge, Node, Tensor
from .groups import Group, Piece, whole
from .index import TraceIndex
from .untracked import Cut, cuts

Places = NDArray[np.int64]
# A graph of up to so many boxes is shown whole; a larger one is opened until it has about so many, and a model's, whose
# parts people know by name, until it has so many.
_SHOWN_WHOLE = 130
_SHOWN_FOLDED = 60
MOST_AT_FIRST = 15
_FEW_AT_FIRST = 6
_FEWEST_PARAMETERS = 3
_MOST_OPENED_AT_ONCE = 64
_MOST_LEVELS, _MOST_IN_A_LEVEL = 12, 220
_MOST_WITH_LEVELS = 30_000
MOST_BOXES = 500
_MOST_CUTS = 8


@dataclass(frozen=True)
class Folding:
    """Which groups are open, and which box each node is in.

    ``box_numbers``, of shape (nodes of the scope,), holds the number of each node's box: the node's own place, or the
    number of nodes plus ``i`` for ``folded[i]``. ``opened`` are the open groups below the whole, outermost first.
    """

    scope: Scope
    box_numbers: Places
    folded: tuple[Group, ...]
    opened: tuple[Group, ...]

    def fold_of(self, place: int) -> Group | None:
        """Return the folded group that the node at a place is in, ``None`` if it has a box of its own."""
        number = int(self.box_numbers[place]) - len(self.scope.nodes)
        return self.folded[number] if number >= 0 else None

    def box_at(self, place: int) -> str:
        """Return the id of the box of the node at a place."""
        fold = self.fold_of(place)
        return self.scope.nodes[place].id if fold is None else fold.id

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The folded groups by id."""
        return {group.id: group for group in self.folded}

    @cached_property
    def level(self) -> int:
        """The finest of the scope's levels of detail that is open as a whole."""
        opened = {self.scope.tree.id, *(group.id for group in self.opened)}
        return max(n for n, level in enumerate(self.scope.levels) if all(group.id in opened for group in level))

    @property
    def beyond(self) -> bool:
        """Whether more is open than the level as a whole."""
        return len(self.opened) > len(self.scope.levels[self.level]) - 1

    def coarser(self) -> tuple[str, ...]:
        """Return the groups to be open one level up: what is open beyond the level as a whole is closed first."""
        level = self.level if self.beyond else max(0, self.level - 1)
        return tuple(group.id for group in self.scope.levels[level][1:])

    def finer(self) -> tuple[str, ...]:
        """Return the groups to be open one level down, with those that are open."""
        levels = self.scope.levels
        more = levels[min(self.level + 1, len(levels) - 1)][1:]
        return tuple(dict.fromkeys([group.id for group in (*self.opened, *more)]))


class Scope:
    """The nodes that can be reached from ``roots``, or all: functions first, then leaves, both in order of birth.

    One of up to about ``shown_whole`` boxes is shown whole at first.
    """

    def __init__(
        self, index: TraceIndex, roots: tuple[str, ...] | None = None, shown_whole: int = _SHOWN_WHOLE
    ) -> None:
        self.index, self._shown_whole = index, shown_whole
        chosen = None if roots is None else index.reachable(roots)
        nodes = [node for node in index.trace.nodes if chosen is None or node.id in chosen]
        self.functions: list[Node] = [node for node in nodes if node.leaf is None]
        self.leaves: list[Node] = [node for node in nodes if node.leaf is not None]
        self.nodes = self.functions + self.leaves
        self.place = {node.id: place for place, node in enumerate(self.nodes)}
        self.edges: list[Edge] = [
            edge for edge in index.trace.edges if edge.source in self.place and edge.target in self.place
        ]
        self.sources: Places = np.array([self.place[edge.source] for edge in self.edges], dtype=np.int64)
        self.targets: Places = np.array([self.place[edge.target] for edge in self.edges], dtype=np.int64)
        self.tree = whole(self.functions)
        self._shared: dict[str, list[Group]] = {}

    @cached_property
    def is_small(self) -> bool:
        """Whether it is shown whole at first."""
        saving = sum(1 for node in self.functions[: self._shown_whole] if node.saved_bytes)
        return len(self.functions) + saving + 2 * len(self.leaves) <= self._shown_whole

    @cached_property
    def is_model(self) -> bool:
        """Whether it is large, and modules made some of it."""
        return not self.is_small and any(node.module for node in self.functions)

    @cached_property
    def places(self) -> Places:
        """By place in the trace's list of nodes: the place here, -1 for a node that is not."""
        return np.array([self.place.get(node.id, -1) for node in self.index.trace.nodes], dtype=np.int64)

    @cached_property
    def _users(self) -> tuple[Places, Places]:
        """By leaf: the first and the last place among the functions that use it."""
        count = len(self.functions)
        first = np.full(len(self.leaves), np.iinfo(np.int64).max)
        last = np.full(len(self.leaves), -1)
        to_leaf = self.targets >= count
        np.minimum.at(first, self.targets[to_leaf] - count, self.sources[to_leaf])
        np.maximum.at(last, self.targets[to_leaf] - count, self.sources[to_leaf])
        return first, last

    def used_between(self) -> Iterator[tuple[str, int, int]]:
        """Yield each leaf that a function uses, with the first and the last place among its users."""
        first, last = self._users
        for node, low, high in zip(self.leaves, first.tolist(), last.tolist(), strict=True):
            if high >= 0:
                yield node.id, low, high

    @cached_property
    def ends(self) -> list[tuple[Node, bool, list[Tensor]]]:
        """The functions that nothing in the scope uses or that a run started from: whether one did, what they made."""
        started = {node for run in self.index.trace.backwards for node in run.outputs}
        used = np.zeros(len(self.nodes), dtype=bool)
        used[self.targets] = True
        return [
            (node, node.id in started, self.index.made.get(node.id, []))
            for place, node in enumerate(self.functions)
            if node.id in started or not used[place]
        ]

    @cached_property
    def differentiated(self) -> list[tuple[str, str, Backward]]:
        """The topmost nodes that each run with ``create_graph`` built, with the nodes that it had started from."""
        runs = {run.id: run for run in self.index.trace.backwards if run.create_graph}
        found = []
        for node in self.functions:
            run = runs.get(node.created_by or "")
            above = (self.index.nodes[edge.source] for edge in self.index.edges_to.get(node.id, ()))
            if run is not None and not any(other.created_by == run.id for other in above):
                found += [(node.id, start, run) for start in run.outputs if start in self.place]
        return found

    @cached_property
    def cuts(self) -> list[Cut]:
        """Where tracking stopped, for the last few results."""
        return cuts(self.index, _MOST_CUTS)

    def folded(self, opened: Collection[str] | None = None) -> Folding:
        """Return the folding with these groups open (and those above them); ``None`` opens what fits the eye."""
        chosen = self._fitting() if opened is None else self._asked(opened)
        numbers, folded = self._numbered(chosen)
        return Folding(self, numbers, tuple(folded), tuple(group for group in chosen if group is not self.tree))

    def _numbered(self, opened: list[Group]) -> tuple[Places, list[Group]]:
        """Return the number of each node's box, and the folded groups, where these are open."""
        numbers = np.arange(len(self.nodes), dtype=np.int64)
        folded: list[Group] = []
        for group in self._closed(opened):
            number = len(self.nodes) + len(folded)
            if group.of_leaves:
                numbers[[self.place[node.id] for node in group.nodes]] = number
            else:
                numbers[group.piece.first : group.piece.end] = number
                # A leaf that only this group uses is inside it, as a parameter is inside its module.
                numbers[len(self.functions) :][self._used_within(group.piece)] = number
            folded.append(group)
        return numbers, folded

    def _used_within(self, piece: Piece) -> NDArray[np.bool_]:
        """Which leaves only the functions of a piece use."""
        first, last = self._users
        return (first >= piece.first) & (last < piece.end)

    def _closed(self, opened: list[Group]) -> Iterator[Group]:
        inside = set(map(id, opened))
        for group in opened:
            for child in self.groups_in(group):
                if id(child) not in inside:
                    yield child

    def groups_in(self, group: Group) -> list[Group]:
        """Return the groups that are seen when a group is open."""
        found = [child for child in group.children if isinstance(child, Group)]
        return found + self._parameters(group) if self.is_model and not group.of_leaves else found

    def _parameters(self, group: Group) -> list[Group]:
        """The parameters of each model that several things in a group use, as the iterations of a training loop do.

        What is shared inside of a module, as tied weights are, stays in sight.
        """
        if group.piece.kind in ("module", "repeat", "line"):
            return []
        if group.id not in self._shared:
            shared = self._used_within(group.piece) & (self._users[0] < self._users[1])
            for child in group.children:
                if isinstance(child, Group):
                    shared &= ~self._used_within(child.piece)
            models: dict[str, list[Node]] = {}
            for place in np.flatnonzero(shared).tolist():
                name, dot, _ = (self.leaves[place].leaf or "").partition(".")
                if dot:
                    models.setdefault(name, []).append(self.leaves[place])
            self._shared[group.id] = [
                Group(nodes, Piece("parameters", 0, len(nodes), f"{name}: {len(nodes):,} parameters"), id_)
                for number, (name, nodes) in enumerate(models.items())
                if len(nodes) >= _FEWEST_PARAMETERS and (id_ := f"{group.id}.{len(group.children) + number}")
            ]
        return self._shared[group.id]

    def _asked(self, ids: Collection[str]) -> list[Group]:
        """Return the groups with these ids whose parents are open too, as far as the boxes are not too many."""
        wanted, found, boxes = set(ids), [self.tree], len(self.tree.children)
        pending = [self.tree]
        while pending:
            for child in self.groups_in(pending.pop(0)):
                if child.id in wanted and boxes + len(child.children) - 1 <= MOST_BOXES:
                    boxes += len(child.children) - 1
                    found.append(child)
                    pending.append(child)
        return found

    def _fitting(self) -> list[Group]:
        """Open everything in a small graph; in a large one the outermost groups first, and of a loop its ends."""
        if self.is_model:
            return self._overview()
        small = self.is_small
        most = MOST_BOXES if small else _SHOWN_FOLDED
        found, boxes = [self.tree], len(self.tree.children)
        queue: list[tuple[int, int, Group]] = [(0, 0, self.tree)]
        asked = 0
        while queue:
            depth, _, group = heappop(queue)
            for child in group.children:
                if not isinstance(child, Group) or (child.piece.kind == "iterations" and not small):
                    continue
                more = len(child.children) - 1
                if boxes + more <= most:
                    boxes += more
                    found.append(child)
                    asked += 1
                    heappush(queue, (depth + 1, asked, child))
        return found

    # --- a model at first, and its levels

    def _overview(self) -> list[Group]:
        """Open a model's modules level by level, those of one level all or none, and of a loop its first iteration."""
        found, level, repeats = [self.tree], [self.tree], False
        while level:
            inside = [child for group in level for child in self._telling(group, repeats)]
            fits = 0 < len(inside) <= _MOST_OPENED_AT_ONCE and self._boxes(found + inside) <= MOST_AT_FIRST
            if fits:
                found += inside
                level = inside
            elif not repeats and self._boxes(found) < _FEW_AT_FIRST:
                repeats, level = True, list(found)
            else:
                level = []
        return list(dict.fromkeys(found))

    def _telling(self, group: Group, repeats: bool) -> list[Group]:
        """The groups in a group that tell something when they are open: they have modules, or ``repeats``, in them."""
        inside = [child for child in group.children if isinstance(child, Group)]
        if group.piece.kind in ("loop", "iterations"):
            inside = inside[:1]
        return [
            child
            for child in inside
            if child.piece.kind != "derivative"
            and (repeats or child.times == 1 or child.piece.kind in ("loop", "iterations"))
            and (
                any(node.module not in (None, "", child.module) for node in child.nodes)
                or (repeats and _has_loop(child))
            )
        ]

    def _boxes(self, opened: list[Group]) -> int:
        """How many boxes a picture has where these are open, its saved tensors, leaves and outputs among them."""
        numbers, folded = self._numbered(opened)
        functions = np.unique(numbers[: len(self.functions)])
        alone = functions[functions < len(self.functions)].tolist()
        saving = sum(1 for place in alone if self.functions[place].saved_bytes)
        sources, targets = numbers[self.sources], numbers[self.targets]
        to_leaf = (targets >= len(self.functions)) & (targets < len(self.nodes))
        uses = len(set(zip(sources[to_leaf].tolist(), targets[to_leaf].tolist(), strict=True)))
        outputs = {(int(numbers[self.place[node.id]]), tensor.name) for node, _, made in self.ends for tensor in made}
        leaves = sum(1 for group in folded if group.of_leaves)
        return len(functions) + leaves + saving + 2 * uses + len(outputs) + len(self.cuts)

    @cached_property
    def levels(self) -> list[list[Group]]:
        """What is open at each level of detail, the coarsest first; of loops no more than the ends are ever opened."""
        found = [[self.tree]]
        while len(found) < _MOST_LEVELS and len(self.functions) <= _MOST_WITH_LEVELS:
            inside = set(map(id, found[-1]))
            more = [
                child
                for group in found[-1]
                for child in self.groups_in(group)
                if id(child) not in inside and child.piece.kind not in ("iterations", "parameters")
            ]
            if not more or self._boxes(found[-1] + more) > _MOST_IN_A_LEVEL:
                break
            found.append(found[-1] + more)
        return found


def _has_loop(group: Group) -> bool:
    """Whether it is a loop, or shows one when it is open."""
    inside = (child.piece.kind for child in group.children if isinstance(child, Group))
    return group.piece.kind == "loop" or "loop" in inside


@dataclass(frozen=True)
class Homes:
    """The boxes of a picture by node. ``alone`` are the boxes that bear the id of their node.

    A drawing of torchviz has nothing but those; a Lab picture has a ``folding``. ``tensors`` are the boxes of tensors
    that autograd does not know.
    """

    alone: Collection[str] = ()
    folding: Folding | None = None
    tensors: frozenset[str] = frozenset()

    def box_of(self, node: str) -> str | None:
        """Return the box that a node is in, ``None`` if it is not in the picture."""
        if self.folding is None:
            return node if node in self.alone else None
        place = self.folding.scope.place.get(node)
        return None if place is None else self.folding.box_at(place)

    def boxes(self, index: TraceIndex) -> tuple[Places, int]:
        """Return a number for the box of each node of the trace, -1 for none; the second result is the first fold's."""
        nodes = index.trace.nodes
        if self.folding is None:
            return np.array([n if node.id in self.alone else -1 for n, node in enumerate(nodes)] or [-1]), len(nodes)
        places = self.folding.scope.places
        return np.where(places >= 0, self.folding.box_numbers[places], -1), len(self.folding.scope.nodes)

    def during(self, steps: Places) -> Places:
        """Return, for each step, the number of the folded box that it is told with, -1 for none."""
        found = np.full(len(steps), -1, dtype=np.int64)
        size = len(self.folding.scope.nodes) if self.folding is not None else 0
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
        return self.folding.groups if self.folding is not None else {}

    @cached_property
    def _intervals(self) -> dict[str, tuple[int, int]]:
        """The steps of each folded box that took more than one: what else happened in them is told with it."""
        found = {}
        for box, group in self._groups.items():
            if group.of_leaves:
                continue
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
