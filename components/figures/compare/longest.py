"""The longest common subsequence of two sequences, by Myers' greedy search: quick where little differs, and bounded.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

Pairs = list[tuple[int, int]]


@dataclass
class Budget:
    """How many comparisons may still be made; all searches of one question share it."""

    left: int = 600_000


def longest_common(one: Sequence[Hashable], other: Sequence[Hashable], budget: Budget) -> Pairs | None:
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


def _search(one: Sequence[Hashable], other: Sequence[Hashable], budget: Budget) -> Pairs | None:
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
        came_x = furthest[previous] if edits else 0
        came_y = came_x - previous if edits else 0
        while x > came_x and y > came_y:
            x, y = x - 1, y - 1
            yield x, y
        x, y = came_x, came_y
