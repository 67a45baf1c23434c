"""How a graph is folded: a tree of groups over its nodes in order of birth, opened one level at a time.

Modules hold modules, loops hold iterations, a line holds its nodes. A group is a stretch of a sequence of nodes, so
that a hundred thousand nodes cost two numbers; what is in it is found out when somebody opens it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from ..trace import Node
from .index import TraceIndex
from .repeats import find_runs
from .saved_bytes import whole_memory
from .text import plural

Kind = Literal[
    "node", "whole", "module", "repeat", "derivative", "loop", "iteration", "iterations", "line", "part", "parameters"
]
_MOST_CHILDREN = 20
_ITERATIONS_SHOWN = 5
# So many layers in a row that are alike are one thing, and so much of what is in two of them has to be the same.
_FEWEST_LAYERS = 3
_ALIKE = 0.75


@dataclass(frozen=True)
class Piece:
    """A stretch of a sequence of nodes; ``times`` iterations of a loop, the first of them ``number``, or layers."""

    kind: Kind
    first: int
    end: int
    title: str = ""
    times: int = 1
    number: int = 1

    @property
    def size(self) -> int:
        """The number of nodes inside."""
        return self.end - self.first


class Group:
    """A piece that can be opened. ``id`` is its place in the tree (``g.0.3``), the same for equal traces.

    ``module`` is the path of the module that it is inside of, empty outside all. ``sequence`` are the function nodes of
    a graph, or, for a group of ``parameters``, their ``AccumulateGrad`` nodes.
    """

    def __init__(
        self, sequence: list[Node], piece: Piece, id: str = "g", module: str = "", pieces: tuple[Piece, ...] = ()
    ) -> None:
        self.sequence, self.piece, self.id, self.module = sequence, piece, id, module
        self._pieces = pieces

    @property
    def nodes(self) -> list[Node]:
        """The nodes inside, in order of birth."""
        return self.sequence[self.piece.first : self.piece.end]

    @cached_property
    def line(self) -> int | None:
        """The line that made its first node that has one."""
        return next((node.line for node in self.nodes if node.line is not None), None)

    @property
    def of_leaves(self) -> bool:
        """Whether it holds parameters, and no functions."""
        return self.sequence[self.piece.first].leaf is not None

    @cached_property
    def times(self) -> int:
        """How many iterations or layers that are alike it stands for; 1 if it is none of these."""
        layers = self._contents if self.piece.kind == "module" else []
        return len(layers) if _are_layers(self.sequence, layers) else self.piece.times

    @cached_property
    def children(self) -> list[Group | int]:
        """What is seen when it is open: groups, and the places of single nodes in the sequence.

        A module of one node is a group too: its parameters are inside it.
        """
        pieces = self._contents
        if len(pieces) > _MOST_CHILDREN:
            return [self._child(place, part, inside) for place, (part, inside) in enumerate(self._parts(pieces))]
        return [
            piece.first if piece.size == 1 and piece.kind != "module" else self._child(place, piece, ())
            for place, piece in enumerate(pieces)
        ]

    @cached_property
    def _contents(self) -> list[Piece]:
        if self._pieces:
            return list(self._pieces)
        if self.of_leaves:
            return [Piece("node", place, place + 1) for place in range(self.piece.first, self.piece.end)]
        if self.piece.kind == "loop":
            return _ends_of_loop(self.piece)
        if self.piece.kind == "iterations":
            return _blocks_of_iterations(self.piece)
        return _contents(self)

    def _child(self, place: int, piece: Piece, inside: tuple[Piece, ...]) -> Group:
        module = piece.title if piece.kind == "module" else self.module
        return Group(self.sequence, piece, f"{self.id}.{place}", module, inside)

    def _parts(self, pieces: list[Piece]) -> list[tuple[Piece, tuple[Piece, ...]]]:
        width = _round_width(len(pieces))
        parts = []
        for start in range(0, len(pieces), width):
            inside = tuple(pieces[start : start + width])
            part = Piece("part", inside[0].first, inside[-1].end)
            parts.append((replace(part, title=_part_title(self.sequence, inside)), inside))
        return parts


def whole(sequence: list[Node]) -> Group:
    """Return the group of all function nodes."""
    return Group(sequence, Piece("whole", 0, len(sequence), "the whole graph"))


def lines_text(sequence: list[Node], piece: Piece) -> str:
    """``lines 3 to 5``, or the number of nodes where no line is known."""
    known = {node.line for node in sequence[piece.first : piece.end] if node.line is not None}
    if not known:
        return plural(piece.size, "node")
    low, high = min(known), max(known)
    return f"line {low}" if low == high else f"lines {low} to {high}"


def _part_title(sequence: list[Node], inside: tuple[Piece, ...]) -> str:
    """What a part of many things is called: by its modules or parameters if it has nothing else, or by its lines."""
    first, last = sequence[inside[0].first], sequence[inside[-1].end - 1]
    if first.leaf is not None and last.leaf is not None:
        return _from_to(first.leaf, last.leaf)
    if all(piece.kind == "module" for piece in inside):
        return _from_to(inside[0].title, inside[-1].title)
    return lines_text(sequence, Piece("part", inside[0].first, inside[-1].end))


def _from_to(first: str, last: str) -> str:
    """``net.0 to 9`` for ``net.0`` and ``net.9``."""
    above, _, name = last.rpartition(".")
    return f"{first} to {name if first.rpartition('.')[0] == above else last}"


def _round_width(count: int) -> int:
    """10, 100, 1,000, ...: so wide that at most ten blocks hold ``count`` things."""
    return int(10 ** (len(str(count - 1)) - 1))


def _ends_of_loop(loop: Piece) -> list[Piece]:
    """The first iteration, those between, and the last: what begins and what ends a loop is what one looks for."""
    if loop.times <= _ITERATIONS_SHOWN:
        return [_iterations(loop, place, place + 1) for place in range(loop.times)]
    last = loop.times - 1
    return [_iterations(loop, *ends) for ends in ((0, 1), (1, last), (last, loop.times))]


def _blocks_of_iterations(block: Piece) -> list[Piece]:
    width = _round_width(block.times) if block.times > 10 else 1
    return [_iterations(block, start, min(start + width, block.times)) for start in range(0, block.times, width)]


def _iterations(loop: Piece, start: int, stop: int) -> Piece:
    each, number = loop.size // loop.times, loop.number + start
    first, end = loop.first + start * each, loop.first + stop * each
    if stop - start == 1:
        return Piece("iteration", first, end, f"iteration {number:,}", 1, number)
    title = f"iterations {number:,} to {loop.number + stop - 1:,}"
    return Piece("iterations", first, end, title, stop - start, number)


def _contents(group: Group) -> list[Piece]:
    """Cut what a group holds into modules, derivatives, loops, lines and single nodes."""
    spans = _spans(group)
    numbers: dict[object, int] = {}
    symbols, lines = [], []
    for span in spans:
        inside = group.sequence[span.first : span.end]
        symbol = span.kind, span.title, tuple((node.name, node.line) for node in inside)
        symbols.append(numbers.setdefault(symbol, len(numbers)))
        lines.append(inside[0].line or 0)
    starts = [place == 0 or line < lines[place - 1] for place, line in enumerate(lines)]
    pieces: list[Piece] = []
    for run in find_runs(symbols, starts):
        inside_run = spans[run.first : run.end]
        if run.times == 1:
            pieces += inside_run
            continue
        loop = Piece("loop", inside_run[0].first, inside_run[-1].end, times=run.times)
        pieces.append(replace(loop, title=f"loop, {lines_text(group.sequence, loop)}"))
    pieces = _with_repeats(group, pieces)
    return _with_lines(group, pieces) if group.piece.kind != "line" else pieces


def _with_repeats(group: Group, pieces: list[Piece]) -> list[Piece]:
    """Layers in a row that are alike become one piece, unless they are all there is."""
    merged: list[Piece] = []
    place = 0
    while place < len(pieces):
        end = place + 1
        while end < len(pieces) and _is_next_layer(group.sequence, pieces[end - 1], pieces[end]):
            end += 1
        run = pieces[place:end]
        if _FEWEST_LAYERS <= len(run) < len(pieces):
            title = _from_to(run[0].title, run[-1].title)
            run = [Piece("repeat", run[0].first, run[-1].end, title, len(run))]
        merged += run
        place = end
    return merged


def _are_layers(sequence: list[Node], pieces: list[Piece]) -> bool:
    return len(pieces) >= _FEWEST_LAYERS and all(
        _is_next_layer(sequence, before, piece) for before, piece in pairwise(pieces)
    )


def _is_next_layer(sequence: list[Node], before: Piece, piece: Piece) -> bool:
    """Whether a module comes after another in a list of modules and does about the same.

    Not just the same: the first layer of a model has fewer nodes where its input needs no gradient.
    """
    above, _, number = piece.title.rpartition(".")
    other, _, earlier = before.title.rpartition(".")
    if not (before.kind == piece.kind == "module" and above == other and number.isdecimal() and earlier.isdecimal()):
        return False
    one, two = (Counter(node.name for node in sequence[p.first : p.end]) for p in (before, piece))
    return int(number) == int(earlier) + 1 and (one & two).total() >= _ALIKE * (one | two).total()


def _spans(group: Group) -> list[Piece]:
    """Neighbours in the same module inside this one belong together, and so do those that one engine run made."""
    spans: list[Piece] = []
    place = group.piece.first
    while place < group.piece.end:
        kind, title = _place_of(group, group.sequence[place])
        end = place + 1
        while kind != "node" and end < group.piece.end and _place_of(group, group.sequence[end]) == (kind, title):
            end += 1
        spans.append(Piece(kind, place, end, title))
        place = end
    return spans


def _place_of(group: Group, node: Node) -> tuple[Kind, str]:
    if node.order > 1 and group.piece.kind != "derivative":
        return "derivative", "built by create_graph"
    path, above = node.module or "", group.module
    if not path or path == above or (above and not path.startswith(f"{above}.")):
        return "node", ""
    start = len(above) + 1 if above else 0
    return "module", path[: start + len(path[start:].partition(".")[0])]


def _with_lines(group: Group, pieces: list[Piece]) -> list[Piece]:
    """Single nodes that one line made become one piece, unless they are all there is."""
    merged: list[Piece] = []
    for piece in pieces:
        line = group.sequence[piece.first].line
        before = merged[-1] if merged else None
        if (
            before is not None
            and piece.kind == "node"
            and before.kind in ("node", "line")
            and group.sequence[before.first].line == line
        ):
            merged[-1] = Piece("line", before.first, piece.end)
        else:
            merged.append(piece)
    if len(merged) == 1 and merged[0].kind == "line":
        return [Piece("node", place, place + 1) for place in range(group.piece.first, group.piece.end)]
    return [replace(p, title=lines_text(group.sequence, p)) if p.kind == "line" else p for p in merged]


# --- what the nodes of a group have in common


@dataclass(frozen=True)
class GroupFacts:
    """What the nodes of a group add up to, in bytes each storage once where the trace has its memory.

    ``stopped`` is the name of the node in it at which an engine run stopped, ``lines`` are the first and the last line
    that made one, ``names`` counts the nodes by name.
    """

    saved_bytes: int
    freed_bytes: int
    order2: bool
    stopped: str | None
    lines: tuple[int, int] | None
    names: Counter[str]


def group_facts(index: TraceIndex, group: Group) -> GroupFacts:
    """Return what the nodes of a group have in common or add up to; counted once."""
    return index.once(_counted, group)


def _counted(index: TraceIndex, group: Group) -> GroupFacts:
    nodes = group.nodes
    lines = {node.line for node in nodes if node.line is not None}
    stopped = [node.name for node in nodes if node.id in index.stopped]
    saved = _bytes(index, nodes)
    # What a node that is not freed has saved too is held on.
    held = _bytes(index, [node for node in nodes if node.id not in index.freed_by])
    return GroupFacts(
        saved_bytes=saved,
        freed_bytes=saved - held,
        order2=all(node.order > 1 for node in nodes),
        stopped=stopped[-1] if stopped else None,
        lines=(min(lines), max(lines)) if lines else None,
        names=Counter(node.name for node in nodes),
    )


def _bytes(index: TraceIndex, nodes: list[Node]) -> int:
    """What nodes have saved, each storage once where the record of memory tells them apart."""
    memory = whole_memory(index.trace)
    if memory is None:
        return sum(node.saved_bytes for node in nodes)
    blocks = {block for node in nodes for block in index.saved_blocks.get(node.id, ())}
    return sum(memory.allocations[block].bytes for block in blocks)
