"""Which node of one graph is which of the other, and the longest common subsequence that tells it.

Nodes are compared in order of birth: first those of the same name, leaf, module and text of their line, then, between
these, those of the same name and leaf, because a line that was edited still makes the same node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from ...trace import Node
from ..index import TraceIndex

Pairs = list[tuple[int, int]]
Key = tuple[str, ...]


@dataclass
class SearchBudget:
    """How many comparisons may still be made; all searches of one question share it."""

    left: int = 600_000


@dataclass(frozen=True)
class Matching:
    """Pairs of ids of nodes, in the order of the left ones; ``exact`` is false where the graphs were too unlike for it.

    Then the first node of a kind is paired with the first of that kind, and so on, wherever they stand.
    """

    pairs: tuple[tuple[str, str], ...]
    exact: bool = True


def match_nodes(left: TraceIndex, right: TraceIndex, budget: SearchBudget | None = None) -> Matching:
    """Pair the nodes of two graphs; the same two the other way around give the same pairs the other way around."""
    budget = budget or SearchBudget()
    sides = [[(_strict(index, node), _lax(node)) for node in index.trace.nodes] for index in (left, right)]
    # Of several longest common subsequences the search prefers one, which depends on what comes first.
    turned = (len(sides[0]), sides[0]) > (len(sides[1]), sides[1])
    one, other = (sides[1], sides[0]) if turned else (sides[0], sides[1])
    strict = longest_common([key for key, _ in one], [key for key, _ in other], budget)
    pairs = _between(strict, one, other, budget) if strict is not None else None
    exact = pairs is not None
    if pairs is None:
        pairs = _unordered(one, other)
    places = sorted((j, i) if turned else (i, j) for i, j in pairs)
    return Matching(tuple((left.trace.nodes[i].id, right.trace.nodes[j].id) for i, j in places), exact)


def _strict(index: TraceIndex, node: Node) -> Key:
    """A leaf's node is born where the leaf is used first, which says nothing about the leaf."""
    return node.name, node.leaf or "", node.module or "", "" if node.leaf is not None else index.code(node.line)


def _lax(node: Node) -> Key:
    return node.name, node.leaf or ""


def _between(
    strict: Pairs, one: Sequence[tuple[Key, Key]], other: Sequence[tuple[Key, Key]], budget: SearchBudget
) -> Pairs | None:
    """Add to the strict pairs those between them that are alike enough."""
    pairs: Pairs = []
    from_i = from_j = 0
    for i, j in [*strict, (len(one), len(other))]:
        if from_i < i and from_j < j:
            gap = longest_common([key for _, key in one[from_i:i]], [key for _, key in other[from_j:j]], budget)
            if gap is None:
                return None
            pairs += [(from_i + x, from_j + y) for x, y in gap]
        pairs.append((i, j))
        from_i, from_j = i + 1, j + 1
    return pairs[:-1]


def _unordered(one: Sequence[tuple[Key, Key]], other: Sequence[tuple[Key, Key]]) -> Pairs:
    strict = by_occurrence([key for key, _ in one], [key for key, _ in other])
    used_i, used_j = {i for i, _ in strict}, {j for _, j in strict}
    rest_i = [i for i in range(len(one)) if i not in used_i]
    rest_j = [j for j in range(len(other)) if j not in used_j]
    lax = by_occurrence([one[i][1] for i in rest_i], [other[j][1] for j in rest_j])
    return [*strict, *((rest_i[x], rest_j[y]) for x, y in lax)]


# --- sequences


def longest_common(one: Sequence[Hashable], other: Sequence[Hashable], budget: SearchBudget) -> Pairs | None:
    """Return the places ``(i, j)`` of a longest common subsequence, ascending; ``None`` when the budget is spent."""
    size = min(len(one), len(other))
    front = next((i for i in range(size) if one[i] != other[i]), size)
    size -= front
    back = next((i for i in range(size) if one[-1 - i] != other[-1 - i]), size)
    middle = _search(one[front : len(one) - back], other[front : len(other) - back], budget)
    if middle is None:
        return None
    return [
        *((i, i) for i in range(front)),
        *((i + front, j + front) for i, j in middle),
        *((len(one) - i, len(other) - i) for i in range(back, 0, -1)),
    ]


def by_occurrence(one: Sequence[Hashable], other: Sequence[Hashable]) -> Pairs:
    """Pair the first of a kind with the first of that kind, the second with the second, wherever they stand; linear."""
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j in range(len(other) - 1, -1, -1):
        places[other[j]].append(j)
    return [(i, places[key].pop()) for i, key in enumerate(one) if places.get(key)]


def _search(one: Sequence[Hashable], other: Sequence[Hashable], budget: SearchBudget) -> Pairs | None:
    """Find the shortest way from the start of both to their ends; a step on in both at once costs nothing."""
    if not one or not other:
        return []
    # furthest[k]: how far ``one`` is read on the diagonal k, where k elements more of it are read than of ``other``.
    furthest: dict[int, int] = {1: 0}
    before: list[dict[int, int]] = []
    for edits in range(len(one) + len(other) + 1):
        budget.left -= edits + 1
        if budget.left < 0:
            return None
        before.append({k: furthest[k] for k in range(-edits - 1, edits + 2) if k in furthest})
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            start = x
            while x < len(one) and x - k < len(other) and one[x] == other[x - k]:
                x += 1
            budget.left -= x - start
            furthest[k] = x
            if x >= len(one) and x - k >= len(other):
                return list(_steps_back(before, len(one), len(other)))[::-1]
    raise AssertionError("the ends of both can always be reached")


def _steps_back(before: list[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int]]:
    """Yield the common elements along the way that was found, the last first."""
    for edits in range(len(before) - 1, -1, -1):
        furthest, k = before[edits], x - y
        down = k == -edits or (k != edits and furthest[k - 1] < furthest[k + 1])
        previous = k + 1 if down else k - 1
        from_x = furthest[previous] if edits else 0
        from_y = from_x - previous if edits else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            yield x, y
        x, y = from_x, from_y
