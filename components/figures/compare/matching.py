"""Which node of one graph is which of the other.

Nodes are compared in order of birth: first those of the same name, leaf, module and text of their line, then, between
these, those of the same name and leaf, because a line that was edited still makes the same node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...facts import TraceIndex
from ...trace import Node
from .longest import Budget, Pairs, by_occurrence, longest_common

Key = tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    """Pairs of ids of nodes, in the order of the left ones; ``exact`` is false where the graphs were too unlike for it.

    Then the first node of a kind is paired with the first of that kind, and so on, wherever they stand.
    """

    pairs: tuple[tuple[str, str], ...]
    exact: bool = True


def match_nodes(left: TraceIndex, right: TraceIndex, budget: Budget | None = None) -> Matching:
    """Pair the nodes of two graphs; the same two the other way around give the same pairs the other way around."""
    budget = budget or Budget()
    sides = [[(_strict(index, node), _lax(node)) for node in index.trace.nodes] for index in (left, right)]
    # Of several longest common subsequences the search prefers one, which depends on what comes first.
    turned = (len(sides[0]), sides[0]) > (len(sides[1]), sides[1])
    one, other = (sides[1], sides[0]) if turned else (sides[0], sides[1])
    strict = longest_common([key for key, _ in one], [key for key, _ in other], budget)
    pairs = _between(strict, one, other, budget) if strict is not None else None
    exact = pairs is not None
    if pairs is None:
        pairs = _unordered(one, other)
    ids = [(left.trace.nodes[j].id, right.trace.nodes[i].id) if turned else _ids(left, right, i, j) for i, j in pairs]
    return Matching(tuple(sorted(ids, key=_order(left))), exact)


def _ids(left: TraceIndex, right: TraceIndex, i: int, j: int) -> tuple[str, str]:
    return left.trace.nodes[i].id, right.trace.nodes[j].id


def _order(left: TraceIndex) -> Callable[[tuple[str, str]], int]:
    places = {node.id: place for place, node in enumerate(left.trace.nodes)}
    return lambda pair: places[pair[0]]


def _strict(index: TraceIndex, node: Node) -> Key:
    """A leaf's node is born where the leaf is used first, which says nothing about the leaf."""
    return node.name, node.leaf or "", node.module or "", "" if node.leaf is not None else index.code(node.line)


def _lax(node: Node) -> Key:
    return node.name, node.leaf or ""


def _between(
    strict: Pairs, one: Sequence[tuple[Key, Key]], other: Sequence[tuple[Key, Key]], budget: Budget
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
