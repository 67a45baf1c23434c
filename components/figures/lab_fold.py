"""How a graph that is too large to read is folded: by module as deep as fits, then by line, then by blocks of lines.

Folding is a ladder: each rung says which nodes share a box, and the first one that gives few enough boxes is taken.
Nodes that a rung says nothing about keep their own box, so that a model folded into its modules still shows the loss
above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from components.figures.trace_index import TraceIndex
from components.trace import Node

_LEAVES_BEFORE_FOLDING = 12


@dataclass(frozen=True)
class Fold:
    """What the nodes of one box have in common: the text that names it; ``order2`` keeps double backward apart."""

    text: str
    line: int | None = None
    order2: bool = False


@dataclass(frozen=True)
class Rung:
    """One way to fold; ``folds`` lacks the nodes that keep their own box."""

    by: str | None
    folds: dict[str, Fold]
    boxes: int


def rungs(index: TraceIndex, nodes: list[Node]) -> Iterator[Rung]:
    """Yield ways to fold ``nodes``, from none at all to the coarsest, which has a handful of boxes."""
    yield Rung(None, {}, len(nodes))
    deepest = max((_depth(node) for node in nodes), default=0)
    for depth in range(deepest, 0, -1):
        yield _rung(index, nodes, "module", partial(_by_module, depth=depth))
    if deepest:
        yield _rung(index, nodes, "module and line", lambda node: _by_module(node, 1) or _by_line(node))
    yield _rung(index, nodes, "line", _by_line)
    size = 2
    while size < 2 * max((node.line or 0 for node in nodes), default=0):
        yield _rung(index, nodes, "blocks of lines", partial(_by_block, size=size), few_leaves=True)
        size *= 2
    yield _rung(index, nodes, "order", lambda node: Fold("the whole graph", None, node.order > 1), few_leaves=True)


def _depth(node: Node) -> int:
    return node.module.count(".") + 1 if node.module else 0


def _by_module(node: Node, depth: int) -> Fold | None:
    """What a module does itself, between the modules in it, stays as it is while those are folded."""
    if not node.module or _depth(node) < depth:
        return None
    return Fold(".".join(node.module.split(".")[:depth]), None, node.order > 1)


def _by_line(node: Node) -> Fold:
    return _line(node.line, node.order > 1)


@lru_cache(maxsize=4_096)
def _line(line: int | None, order2: bool) -> Fold:
    text = f"line {line}" if line is not None else "lines that were not recorded"
    return Fold(text, line, order2)


def _by_block(node: Node, size: int) -> Fold:
    if node.line is None:
        return _by_line(node)
    first = (node.line - 1) // size * size + 1
    return Fold(f"lines {first} to {first + size - 1}", first, node.order > 1)


def _rung(
    index: TraceIndex, nodes: list[Node], by: str, fold: Callable[[Node], Fold | None], few_leaves: bool = False
) -> Rung:
    folds: dict[str, Fold] = {}
    inside = {node.id for node in nodes}
    leaves = []
    for node in nodes:
        if node.leaf is not None:
            leaves.append(node.id)
        elif (chosen := fold(node)) is not None:
            folds[node.id] = chosen
    shared = []
    for leaf in leaves:
        # A leaf that only one box uses goes into that box, as a parameter goes into its module.
        users = {folds.get(edge.source) for edge in index.edges_to.get(leaf, ()) if edge.source in inside}
        only = users.pop() if len(users) == 1 else None
        if only is not None and by != "line":
            folds[leaf] = only
        else:
            shared.append(leaf)
    if len(shared) > _LEAVES_BEFORE_FOLDING and (few_leaves or by == "line"):
        folds.update(dict.fromkeys(shared, Fold("leaves")))
    return Rung(by, folds, len(nodes) - len(folds) + len(set(folds.values())))
