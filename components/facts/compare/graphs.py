"""What only one of two graphs has, and what the nodes of both do differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...trace import Edge, Node
from ..index import TraceIndex
from ..text import bytes_text, plural
from .matching import SearchBudget, match_nodes

_TOO_UNLIKE = (
    "These graphs are too large and too different to be matched in order: the first node of a kind stands for the "
    "first of that kind on the other side, the second for the second, and so on."
)


@dataclass(frozen=True)
class GraphMarks:
    """What only one graph has: the ids of nodes, and edges between other nodes, as pairs of source and target."""

    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one name that one line made: ``leaf`` names the leaf of an ``AccumulateGrad``."""

    name: str
    leaf: str | None
    line: int | None
    code: str
    count: int
    saved_bytes: int

    @property
    def text(self) -> str:
        """``3 × MulBackward0``, ``AccumulateGrad of w``."""
        return _times(self.count, _name(self.name, self.leaf))

    @property
    def where(self) -> str:
        """``line 4 · saves 24 B``."""
        said = [f"line {self.line}"] if self.line is not None else []
        said += [f"saves {bytes_text(self.saved_bytes)}"] if self.saved_bytes else []
        return " · ".join(said)


@dataclass(frozen=True)
class ChangedNodes:
    """Nodes that both graphs have and that keep something else: ``left`` and ``right`` say what."""

    name: str
    count: int
    lines: tuple[int | None, int | None]
    left: str
    right: str

    @property
    def text(self) -> str:
        """``2 × TanhBackward0``."""
        return _times(self.count, self.name)


@dataclass(frozen=True)
class EdgeGroup:
    """Edges between nodes that both graphs have, of which one graph alone has the edge: ``detach()`` takes it away."""

    source: str
    target: str
    lines: tuple[int | None, int | None]
    count: int

    @property
    def text(self) -> str:
        """``2 × MulBackward0 → TanhBackward0``."""
        return _times(self.count, f"{self.source} → {self.target}")


@dataclass(frozen=True)
class GraphComparison:
    """How many nodes both graphs have, and what only one of them has: by its ids, and in groups.

    Edges are those between nodes that both graphs have.
    """

    both: int
    only_left: GraphMarks
    only_right: GraphMarks
    left: tuple[NodeGroup, ...]
    right: tuple[NodeGroup, ...]
    changed: tuple[ChangedNodes, ...]
    left_edges: tuple[EdgeGroup, ...] = ()
    right_edges: tuple[EdgeGroup, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """``5 nodes in both, 2 only on the left, 1 edge between them only on the right``."""
        said = [f"{plural(self.both, 'node')} in both"]
        sides = ("left", self.only_left, self.left_edges), ("right", self.only_right, self.right_edges)
        said += [f"{len(only.nodes):,} only on the {side}" for side, only, _ in sides if only.nodes]
        said += [
            f"{plural(sum(group.count for group in groups), 'edge')} between them only on the {side}"
            for side, _, groups in sides
            if groups
        ]
        return ", ".join(said)


def compare_graphs(left: TraceIndex, right: TraceIndex, budget: SearchBudget | None = None) -> GraphComparison:
    """Return what the graphs of two programs have in common and what not."""
    matching = match_nodes(left, right, budget)
    both_left, both_right = ({pair[side] for pair in matching.pairs} for side in (0, 1))
    only_left = [node for node in left.trace.nodes if node.id not in both_left]
    only_right = [node for node in right.trace.nodes if node.id not in both_right]
    left_edges = _only_edges(left, right, matching.pairs)
    right_edges = _only_edges(right, left, [(other, one) for one, other in matching.pairs])
    return GraphComparison(
        both=len(matching.pairs),
        only_left=_marks(only_left, left_edges),
        only_right=_marks(only_right, right_edges),
        left=_groups(left, only_left),
        right=_groups(right, only_right),
        changed=_changed(left, right, matching.pairs),
        left_edges=_edge_groups(left, left_edges),
        right_edges=_edge_groups(right, right_edges),
        notes=() if matching.exact else (_TOO_UNLIKE,),
    )


def _groups(index: TraceIndex, nodes: Iterable[Node]) -> tuple[NodeGroup, ...]:
    """Count the nodes of one line and name together, in order of birth."""
    groups: dict[tuple[str, str | None, int | None], list[int]] = {}
    for node in nodes:
        groups.setdefault((node.name, node.leaf, node.line), []).append(node.saved_bytes)
    return tuple(
        NodeGroup(name, leaf, line, index.code(line), len(saved), sum(saved))
        for (name, leaf, line), saved in groups.items()
    )


def _marks(nodes: Iterable[Node], edges: Iterable[Edge]) -> GraphMarks:
    return GraphMarks(frozenset(node.id for node in nodes), frozenset((edge.source, edge.target) for edge in edges))


def _only_edges(one: TraceIndex, other: TraceIndex, pairs: Iterable[tuple[str, str]]) -> list[Edge]:
    """Return the edges of ``one`` whose ends both have a partner in ``other``, but no edge between these."""
    partner = dict(pairs)
    theirs = {(edge.source, edge.target) for edge in other.trace.edges}
    ends = ((edge, (partner.get(edge.source), partner.get(edge.target))) for edge in one.trace.edges)
    return [edge for edge, pair in ends if None not in pair and pair not in theirs]


def _edge_groups(index: TraceIndex, edges: Iterable[Edge]) -> tuple[EdgeGroup, ...]:
    ends = ((index.nodes[edge.source], index.nodes[edge.target]) for edge in edges)
    counts = Counter((one.name, _name(other.name, other.leaf), (one.line, other.line)) for one, other in ends)
    return tuple(EdgeGroup(*key, count) for key, count in counts.items())


def _times(count: int, text: str) -> str:
    return f"{count:,} × {text}" if count > 1 else text


def _name(name: str, leaf: str | None) -> str:
    return f"{name} of {leaf}" if leaf is not None else name


def _changed(left: TraceIndex, right: TraceIndex, pairs: Iterable[tuple[str, str]]) -> tuple[ChangedNodes, ...]:
    counts: Counter[tuple[str, tuple[int | None, int | None], str, str]] = Counter()
    runs = [{run.id: place for place, run in enumerate(index.trace.backwards)} for index in (left, right)]
    for one, other in pairs:
        if _state(left, one, runs[0]) != _state(right, other, runs[1]):
            lines = left.nodes[one].line, right.nodes[other].line
            counts[left.nodes[one].name, lines, _kept(left, one), _kept(right, other)] += 1
    return tuple(ChangedNodes(name, count, lines, one, other) for (name, lines, one, other), count in counts.items())


def _state(index: TraceIndex, node: str, runs: Mapping[str, int]) -> tuple[int, int | None]:
    """Return the bytes that a node saved and the place of the engine run that released them among all runs."""
    saved = index.nodes[node].saved_bytes
    freed = index.freed_by.get(node) if saved else None
    return saved, None if freed is None else runs[freed.id]


def _kept(index: TraceIndex, node: str) -> str:
    """What a node saved for its backward, and whether a backward released it."""
    saved = index.nodes[node].saved_bytes
    if not saved:
        return "saves nothing"
    freed = index.freed_by.get(node)
    if freed is None:
        return f"saves {bytes_text(saved)}, kept to the end"
    return f"saves {bytes_text(saved)}, freed" + (f" in line {freed.line}" if freed.line is not None else "")
