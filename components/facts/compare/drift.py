"""How far the numbers of one program are apart where it ran twice: on another device, or in another dtype.

Place by place in the order of the graph: named tensors, outputs of modules, gradients. A difference is measured against
the largest number of its tensor and in units of eps of the shortest dtype on its way; beside it stands what rounding
alone explains there (``precision``), and the first place that is further apart.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from ...trace import Gradient, GradientChange, Node, Number, Summary, Tensor, Values
from ..index import TraceIndex
from ..numbers import finite, flat
from ..text import line_text, number_text, plural
from .matching import match_nodes
from .precision import EPS, Rounding, Roundings, begun_in, operations_by_dtype
from .results import last_tensors

Kind = Literal["tensor", "output", "gradient"]
_MOST_PLACES = 2_000
# By the name under which a node saves what it was given: the slot of the edge that it came by.
_SLOTS = {"self": 0, "input": 0, "mat1": 1, "other": 1}
_RESULTS = ("result", "output")


@dataclass(frozen=True)
class Place:
    """A number of one side: what it is, where it was computed, and what rounding explains of it."""

    name: str
    kind: Kind
    line: int | None
    dtype: str
    device: str
    values: Values
    summary: Summary | None
    rounding: Rounding
    order: tuple[int, ...]
    scale: float = 0.0
    """The magnitude that it is measured by at least."""


@dataclass(frozen=True)
class Drift:
    """One place on both sides.

    ``largest`` is max |left - right| over the elements that are finite on both sides, ``None`` if no number is known;
    where not each element was recorded, the most that the statistics prove (``at_least``). ``relative`` is that by the
    largest magnitude on either side; ``eps`` that of the shortest dtype on the way, ``explained`` what rounding alone
    can come to, relative, too. ``beyond``: further apart than that, a gradient beside the largest of its engine run,
    because a sum that cancels is as exact as what it is a sum of.
    """

    name: str
    kind: Kind
    line: int | None
    left: str
    right: str
    largest: float | None
    relative: float | None
    eps: float
    explained: float
    beyond: bool
    at_least: bool = False
    note: str = ""

    @property
    def units(self) -> float | None:
        """The relative difference in units of ``eps``."""
        return self.relative / self.eps if self.relative is not None and self.eps else self.relative and math.inf

    @property
    def units_text(self) -> str:
        """``1.3``, ``≥ 2``, ``0``; a dash where it is not known."""
        return self._text(self.units)

    @property
    def largest_text(self) -> str:
        """``0.0123``, ``≥ 0.0123``; a dash where it is not known."""
        return self._text(self.largest)

    @property
    def relative_text(self) -> str:
        """``0.4 %``; a dash where it is not known."""
        return self._text(None if self.relative is None else 100 * self.relative, " %")

    @property
    def explained_text(self) -> str:
        """``up to 8``, in eps."""
        return f"up to {number_text(self.explained / self.eps, 2)}" if self.eps else "nothing"

    def _text(self, value: float | None, unit: str = "") -> str:
        if value is None:
            return "–"
        text = f"{number_text(value, 3)}{unit if value else ''}"
        return f"≥ {text}" if self.at_least and value else text


@dataclass(frozen=True)
class Drifts:
    """All places in the order of the graph; ``first`` is the first that is further apart than rounding explains.

    ``ran`` says for each side which operations ran in which dtype.
    """

    rows: tuple[Drift, ...]
    first: Drift | None
    ran: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The drift in one sentence."""
        if self.first is not None:
            found = self.first
            where = f" ({line_text(found.line)})" if found.line is not None else ""
            if found.note:
                return f"{found.name}{where} is the first number that differs by more than rounding: {found.note}"
            return (
                f"{found.name}{where} is the first number further apart than rounding explains: {found.units_text} "
                f"eps of {_dtype_of(found.eps)}, explained are {found.explained_text}"
            )
        known = [row for row in self.rows if row.relative is not None]
        most = max(known, key=lambda row: row.relative or 0, default=None)
        if most is None:
            return "No number could be compared"
        if not most.relative:
            return "Same numbers"
        return f"Same up to rounding: {most.name} is furthest apart, {most.units_text} eps of {_dtype_of(most.eps)}"


def drifts(left: TraceIndex, right: TraceIndex) -> Drifts | None:
    """Return how far two runs are apart; ``None`` where both computed on one device and in the same dtypes.

    The order is that of the left.
    """
    ran = operations_by_dtype(left), operations_by_dtype(right)
    one, other = (
        {name: (tensor.dtype, tensor.device) for name, tensor in last_tensors(i).items()} for i in (left, right)
    )
    as_elsewhere = set(ran[0]) == set(ran[1]) or not all(ran)
    if as_elsewhere and all(one[name] == other[name] for name in one.keys() & other.keys()):
        return None
    both = list(islice(_both(Side(left), Side(right)), 4 * _MOST_PLACES))
    both.sort(key=lambda pair: pair[0].order)
    rows = tuple(_drift(one, other) for one, other in both[:_MOST_PLACES])
    notes = (f"The first {_MOST_PLACES:,} of {len(both):,} places.",) if len(both) > _MOST_PLACES else ()
    first = next((row for row in rows if row.beyond), None)
    sides = tuple(_ran(side, counts) for side, counts in zip(("left", "right"), ran, strict=True))
    return Drifts(rows, first, sides, notes)


def _ran(side: str, counts: dict[str, Counter[str]]) -> tuple[str, tuple[tuple[str, str], ...]]:
    shortest_first = sorted(counts, key=lambda dtype: -EPS.get(dtype, 0))
    return side, tuple(
        (dtype, ", ".join(f"{name} × {count:,}" if count > 1 else name for name, count in counts[dtype].items()))
        for dtype in shortest_first
    )


def _dtype_of(eps: float) -> str:
    return next((dtype for dtype, size in EPS.items() if size == eps), "its dtype")


# --- the places of both sides


class Side:
    """One run, and what rounding explains of its numbers."""

    def __init__(self, index: TraceIndex) -> None:
        self.index = index
        self.rounding = Roundings(index)
        devices = Counter(tensor.device for tensor in index.trace.tensors if tensor.node is not None)
        self.device = devices.most_common(1)[0][0] if devices else index.trace.program.device

    def tensors(self) -> Iterator[Place]:
        """Yield the named tensors as they were seen, in the order of the graph."""
        numbers = {node: number for number, node in enumerate(self.index.nodes)}
        steps: dict[str, int] = {}
        lines: dict[str, int] = {}
        for step in self.index.trace.steps:
            for value in step.variables.values():
                steps.setdefault(value, step.index)
                lines.setdefault(value, step.line)
        at = 0
        for number, tensor in enumerate(self.index.trace.tensors):
            at = steps.get(tensor.id, at)  # a parameter is seen first when a module is used, which no line binds
            if tensor.name is None or tensor.dtype not in EPS:
                continue
            node = self.index.nodes.get(tensor.node or "")
            line = node.line if node is not None else lines.get(tensor.id)
            explained = self.rounding.nodes[node.id] if node is not None else self.rounding.without_graph(at)
            order = at, 0, numbers.get(tensor.node or "", -1), number
            numbers_of = tensor.values, tensor.summary
            yield Place(
                tensor.name,
                "tensor",
                line,
                tensor.dtype,
                tensor.device,
                *numbers_of,
                explained.then(EPS[tensor.dtype], 1),
                order,
            )

    def output(self, node: Node) -> Place:
        """Return what a module gave by its last node, where something kept the numbers."""
        dtype, explained = self.rounding.dtypes.get(node.id, ""), self.rounding.nodes[node.id]
        order = node.step or 0, 0, int(node.id[1:]) if node.id[1:].isdecimal() else 0
        name = f"output of {node.module}"
        return Place(name, "output", node.line, dtype, self.device, self._kept(node), None, explained, order)

    def _kept(self, node: Node) -> Values:
        """The numbers of a node's result: as it saved them itself, or as what uses them did."""
        own = (saved for saved in node.saved if saved.name in _RESULTS)
        users = self.index.edges_to.get(node.id, ())
        used = (
            saved
            for edge in users
            for saved in self.index.nodes[edge.source].saved
            if _SLOTS.get(saved.name) == edge.slot
        )
        return next((saved.values for saved in (*own, *used) if saved.values is not None), None)

    def arrived(self, run: int) -> dict[str, tuple[int, Gradient]]:
        """Return by node what came into it in an engine run, and when: the gradient of its first result."""
        steps = enumerate(self.index.trace.backwards[run].steps)
        first = ((at, step.node, next(iter(step.grad_outputs), None)) for at, step in steps)
        return {node: (at, gradient) for at, node, gradient in first if gradient is not None}

    def of_gradient(self, name: str, found: Gradient, about: Node | Tensor | None, run: int, order: int) -> Place:
        """Return a gradient of an engine run: of a module's last node, or in the ``.grad`` of a leaf."""
        backward = self.index.trace.backwards[run]
        line, dtype, device = backward.line, "", self.device
        if isinstance(about, Tensor):
            dtype, device = about.dtype, about.device
        elif about is not None:
            line, dtype = about.line, self.rounding.dtypes.get(about.id, "")
        explained = self.rounding.runs[backward.id].then(EPS.get(dtype, 0), 1)
        scale = self._largest(run)
        at = begun_in(backward), 1, run, order
        return Place(name, "gradient", line, dtype, device, found.values, found.summary, explained, at, scale)

    def _largest(self, run: int) -> float:
        return self.index.once(_largest_gradient, run)


def _largest_gradient(index: TraceIndex, run: int) -> float:
    """The largest magnitude of any gradient of an engine run: what a sum that cancels was made of."""
    found = 0.0
    for step in index.trace.backwards[run].steps:
        for gradient in (*step.grad_outputs, *step.grad_inputs):
            if gradient is not None and gradient.summary is not None:
                ends = map(finite, (gradient.summary.min, gradient.summary.max))
                found = max([found, *(abs(end) for end in ends if end is not None)])
    return found


def _both(left: Side, right: Side) -> Iterator[tuple[Place, Place]]:
    """Yield the places that both have: a loop gives one name many times, the first is compared with the first."""
    yield from _by_turns(left.tensors(), right.tensors())
    ends = [
        (left.index.nodes[one], right.index.nodes[other])
        for one, other in match_nodes(left.index, right.index).pairs
        if _leaves_its_module(left.index, left.index.nodes[one])
    ]
    for node, twin in ends:
        if node.id not in left.index.made:  # what has a name is there by that
            pair = left.output(node), right.output(twin)
            if all(place.values is not None for place in pair):
                yield pair
    for run in range(min(len(left.index.trace.backwards), len(right.index.trace.backwards))):
        yield from _gradients(left, right, run, ends)


def _by_turns(ours: Iterable[Place], theirs: Iterable[Place]) -> Iterator[tuple[Place, Place]]:
    waiting: defaultdict[str, deque[Place]] = defaultdict(deque)
    for place in theirs:
        waiting[place.name].append(place)
    for place in ours:
        if waiting[place.name]:
            yield place, waiting[place.name].popleft()


def _gradients(left: Side, right: Side, run: int, ends: list[tuple[Node, Node]]) -> Iterator[tuple[Place, Place]]:
    """Yield what came into each module's last node, then what each leaf's ``.grad`` came to."""
    arrived, theirs = left.arrived(run), right.arrived(run)
    for node, twin in ends:
        if node.id in arrived and twin.id in theirs:
            name = f"gradient at {node.module}"
            (order, one), (other_order, other) = arrived[node.id], theirs[twin.id]
            yield left.of_gradient(name, one, node, run, order), right.of_gradient(name, other, twin, run, other_order)
    yield from _by_turns(_totals(left, run), _totals(right, run))


def _totals(side: Side, run: int) -> Iterator[Place]:
    backward = side.index.trace.backwards[run]
    for number, change in enumerate(side.index.once(_changes_by_run).get(backward.id, ())):
        if change.total is not None:
            leaf, order = side.index.tensors.get(change.tensor or ""), len(backward.steps) + number
            yield side.of_gradient(f"{change.variable}.grad", change.total, leaf, run, order)


def _changes_by_run(index: TraceIndex) -> dict[str | None, list[GradientChange]]:
    found: defaultdict[str | None, list[GradientChange]] = defaultdict(list)
    for change in index.trace.gradients:
        found[change.backward].append(change)
    return found


def _leaves_its_module(index: TraceIndex, node: Node) -> bool:
    users = [index.nodes[edge.source].module for edge in index.edges_to.get(node.id, ())]
    return bool(node.module) and node.order == 1 and any(user != node.module for user in users)


# --- how far two places are apart


def _drift(one: Place, other: Place) -> Drift:
    largest, scale, at_least, note = _apart(one, other)
    eps = max(one.rounding.eps, other.rounding.eps, EPS.get(one.dtype, 0), EPS.get(other.dtype, 0))
    explained = one.rounding.apart + other.rounding.apart
    relative = largest / scale if largest is not None and scale else largest
    judged = max(scale, one.scale, other.scale)
    beyond = bool(note) or (largest is not None and judged > 0 and largest / judged > explained)
    moved = one.device != other.device
    left, right = (f"{place.dtype or '?'}{f' · {place.device}' if moved else ''}" for place in (one, other))
    return Drift(one.name, one.kind, one.line, left, right, largest, relative, eps, explained, beyond, at_least, note)


def _apart(one: Place, other: Place) -> tuple[float | None, float, bool, str]:
    """Return max |a - b|, the largest magnitude, whether that is the least that it can be, and what is no number."""
    if one.values is not None and other.values is not None:
        left, right = list(flat(one.values)), list(flat(other.values))
        if len(left) != len(right):
            return None, 0.0, False, "the shapes differ"
        return _of_elements(left, right)
    if one.summary is None or other.summary is None:
        return None, 0.0, False, ""
    return _of_summaries(one.summary, other.summary)


def _of_elements(left: list[Number], right: list[Number]) -> tuple[float | None, float, bool, str]:
    largest = scale = 0.0
    unlike = 0
    for a, b in zip(left, right, strict=True):
        x, y = finite(a), finite(b)
        if x is None or y is None:
            unlike += a != b
            continue
        largest, scale = max(largest, abs(x - y)), max(scale, abs(x), abs(y))
    note = f"{plural(unlike, 'element')} NaN or infinite on one side only" if unlike else ""
    return largest, scale, False, note


def _of_summaries(one: Summary, other: Summary) -> tuple[float | None, float, bool, str]:
    """No element can be nearer than all of these: |max a - max b|, |min a - min b|, |mean a - mean b|."""
    note = ""
    if (one.nan, one.inf) != (other.nan, other.inf):
        note = f"{one.nan:,} NaN and {one.inf:,} infinite against {other.nan:,} and {other.inf:,}"
    pairs = [(finite(getattr(one, name)), finite(getattr(other, name))) for name in ("min", "max", "mean")]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    if not known:
        return None, 0.0, False, note
    scale = max(max(abs(a), abs(b)) for a, b in known[:2])
    return max(abs(a - b) for a, b in known), scale, True, note
