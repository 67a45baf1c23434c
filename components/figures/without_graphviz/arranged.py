"""A sketch with a place for everything: rows of boxes from the top down, and the way of each line between them.

A box that hangs beside another (a saved tensor) is one thing with it, so that both stay side by side. A line that
passes rows gets a narrow thing of its own in each of them, which keeps the boxes out of its way, as long as those are
not too many: the lines that would need the most run behind the boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .sketch import Manner, PlainBox, Sketch, bounded, width_of

LINE_HEIGHT = 1.15
MOST_LABEL_ROWS = 3
_BETWEEN, _BESIDE = 22.0, 30.0
_PASSAGE = 10.0
_PASSAGES = 5_000
_STRAIGHT = 6.0
_LEAST_ROW = 40
_SWEEPS, _LAST_MOVES = 8, 3
# Of so many things nobody sees each one.
_MANY, _SWEEPS_OF_MANY, _LAST_MOVES_OF_MANY = 5_000, 3, 1
_NO_NEIGHBOUR = 0.01

Arrow = tuple[int, int]


@dataclass(frozen=True)
class PlainSpot:
    """Where a box is: its middle, its size, its row, and the number of the thing that it is part of."""

    x: float
    y: float
    width: float
    height: float
    row: int
    thing: int

    @property
    def top(self) -> float:
        """The y of its upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Row:
    """The stretch that the boxes of a row stand in; what is between two rows is for lines and their labels."""

    top: float
    bottom: float


@dataclass(frozen=True)
class Arranged:
    """The sketch (its first boxes only, if they were too many) with the places of its boxes and rows.

    ``passages`` are, by number of a link, the x at which it passes the rows between its ends, from the top down.
    """

    sketch: Sketch
    spots: dict[str, PlainSpot]
    rows: tuple[Row, ...]
    passages: dict[int, list[float]]
    width: float
    height: float


@dataclass
class _Things:
    """The things that stand in rows: boxes with what hangs beside them, and the passages of lines."""

    members: list[list[PlainBox]] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    near: list[tuple[list[int], list[int]]] = field(default_factory=list)

    def add(self, members: list[PlainBox], width: float, weight: float) -> int:
        """Return the number of a new thing."""
        self.members.append(members)
        self.widths.append(width)
        self.weights.append(weight)
        self.near.append(([], []))
        return len(self.members) - 1

    def join(self, upper: int, lower: int) -> None:
        """Make two things want to stand below one another."""
        self.near[upper][1].append(lower)
        self.near[lower][0].append(upper)


def arranged(given: Sketch) -> Arranged:
    """Find a place for everything in a sketch."""
    sketch = bounded(given)
    sizes = {box.id: _size(box, sketch.manner) for box in sketch.boxes}
    things, thing_of = _things(sketch, sizes)
    ends = [(thing_of[link.source], thing_of[link.target]) for link in sketch.links]
    ranking = [pair for link, pair in zip(sketch.links, ends, strict=True) if link.ranks]
    rows = rows_of(len(things.members), ranking)
    passing = _passages(things, rows, ends)
    places = Places(rows, things.widths, things.near, things.weights, _BETWEEN)
    stretches = _stretches(sketch, rows, things, sizes, ends, places.x)
    spots = _spots(rows, things, sizes, places.x, stretches)
    width = max((places.x[one] + things.widths[one] / 2 for row in rows for one in row), default=0.0)
    return Arranged(
        sketch,
        spots,
        tuple(stretches),
        {number: [places.x[one] for one in ones] for number, ones in passing.items()},
        width,
        stretches[-1].bottom if stretches else 0.0,
    )


def _size(box: PlainBox, manner: Manner) -> tuple[float, float]:
    wide = max((sum(width_of(words, manner.font) for words in line) for line in box.lines), default=0.0)
    high = sum(line_height(line) for line in box.lines)
    return max(wide + 2 * manner.aside, 54 if manner.rounded else 36), max(high + 2 * manner.above, manner.least)


def line_height(line: tuple[object, ...]) -> float:
    """Return the height of a line of a label."""
    return LINE_HEIGHT * max((getattr(words, "size", 0.0) for words in line), default=0.0)


def _things(sketch: Sketch, sizes: dict[str, tuple[float, float]]) -> tuple[_Things, dict[str, int]]:
    owners = {box.id for box in sketch.boxes if box.beside is None}
    hanging: dict[str, list[PlainBox]] = {}
    for box in sketch.boxes:
        if box.beside in owners:
            hanging.setdefault(box.beside or "", []).append(box)
    things = _Things()
    thing_of: dict[str, int] = {}
    for box in sketch.boxes:
        if box.beside in owners:
            continue
        members = [box, *hanging.get(box.id, ())]
        width = sum(sizes[one.id][0] for one in members) + _BESIDE * (len(members) - 1)
        number = things.add(members, width, 1.0)
        thing_of.update((one.id, number) for one in members)
    return things, thing_of


def _passages(things: _Things, rows: list[list[int]], ends: list[Arrow]) -> dict[int, list[int]]:
    """Put passages for lines into the rows, the shortest lines first, and join what is linked."""
    row_of = {one: number for number, row in enumerate(rows) for one in row}
    budget = max(_PASSAGES, len(things.members))
    found: dict[int, list[int]] = {}
    shared: dict[Arrow, list[int]] = {}
    spans = sorted((abs(row_of[a] - row_of[b]), number) for number, (a, b) in enumerate(ends))
    for span, number in spans:
        upper, lower = sorted(ends[number], key=row_of.__getitem__)
        if span == 0:
            continue
        if span > 1 and (upper, lower) in shared:
            found[number] = shared[upper, lower]
        elif 1 < span <= budget + 1:
            budget -= span - 1
            chain = [things.add([], _PASSAGE, _STRAIGHT) for _ in range(span - 1)]
            for step, one in enumerate(chain, row_of[upper] + 1):
                rows[step].append(one)
            found[number] = shared[upper, lower] = chain
            for one, other in zip([upper, *chain], [*chain, lower], strict=True):
                things.join(one, other)
        else:
            things.join(upper, lower)
    return found


def _stretches(
    sketch: Sketch,
    rows: list[list[int]],
    things: _Things,
    sizes: dict[str, tuple[float, float]],
    ends: list[Arrow],
    x: list[float],
) -> list[Row]:
    """Rows are as high as their highest box, and the further apart the more their lines lean and are labelled."""
    row_of = {one: number for number, row in enumerate(rows) for one in row}
    labels = Counter(
        max(pair, key=row_of.__getitem__) for link, pair in zip(sketch.links, ends, strict=True) if link.label
    )
    labelled = [0] * len(rows)
    for thing, many in labels.items():
        above = max(0, row_of[thing] - 1)
        labelled[above] = max(labelled[above], min(many, MOST_LABEL_ROWS))
    found: list[Row] = []
    top = 0.0
    for number, row in enumerate(rows):
        high = max((sizes[box.id][1] for one in row for box in things.members[one]), default=0.0)
        lean = max((abs(x[one] - x[other]) for one in row for other in things.near[one][1]), default=0.0)
        found.append(Row(top, top + high))
        room = sketch.manner.gap + min(60.0, 0.05 * lean) + labelled[number] * (sketch.manner.label_size + 4)
        top += high + room
    return found


def _spots(
    rows: list[list[int]],
    things: _Things,
    sizes: dict[str, tuple[float, float]],
    x: list[float],
    stretches: list[Row],
) -> dict[str, PlainSpot]:
    spots = {}
    for number, row in enumerate(rows):
        middle = (stretches[number].top + stretches[number].bottom) / 2
        for one in row:
            left = x[one] - things.widths[one] / 2
            for box in things.members[one]:
                width, height = sizes[box.id]
                spots[box.id] = PlainSpot(left + width / 2, middle, width, height, number, one)
                left += width + _BESIDE
    return spots


# --- which row each thing stands in
#
# Everything here is a loop over the arrows, so a chain of ten thousand and a circle are drawn like anything else.


def rows_of(count: int, arrows: Sequence[Arrow]) -> list[list[int]]:
    """Return the rows, top first, of ``count`` things: each is below all that leads to it, if that can be."""
    order = _order(count, arrows)
    place = [0] * count
    for position, one in enumerate(order):
        place[one] = position
    # An arrow against the order closes a circle: it is looked at from its other end.
    down = {(a, b) if place[a] < place[b] else (b, a) for a, b in arrows if a != b}
    below: list[list[int]] = [[] for _ in range(count)]
    held = [0] * count
    for a, b in down:
        below[a].append(b)
        held[b] += 1
    row = [0] * count
    for one in order:
        free = not held[one] and len(below[one]) == 1
        for other in below[one]:
            row[other] = max(row[other], row[one] + 1)
            # What has nothing else below it comes along when that moves.
            held[other] -= free
    for one in reversed(order):
        # What leads to more than holds it from above stands close to that, as an output does to what made it.
        if len(below[one]) > held[one]:
            row[one] = min(row[other] for other in below[one]) - 1
    return _cut(row, place)


def _order(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """An order in which every arrow that is not part of a circle leads forward."""
    targets: list[list[int]] = [[] for _ in range(count)]
    used = [False] * count
    for a, b in arrows:
        targets[a].append(b)
        used[b] = used[b] or a != b
    seen = [False] * count
    finished: list[int] = []
    for start in (*(one for one in range(count) if not used[one]), *range(count)):
        if seen[start]:
            continue
        seen[start] = True
        pending = [(start, iter(targets[start]))]
        while pending:
            one, rest = pending[-1]
            fresh = next((other for other in rest if not seen[other]), None)
            if fresh is None:
                finished.append(one)
                pending.pop()
            else:
                seen[fresh] = True
                pending.append((fresh, iter(targets[fresh])))
    return finished[::-1]


def _cut(row: list[int], place: list[int]) -> list[list[int]]:
    """Return the rows that have something in them, those that are far too wide in pieces below one another."""
    rows: dict[int, list[int]] = {}
    for one in sorted(range(len(row)), key=place.__getitem__):
        rows.setdefault(row[one], []).append(one)
    most = max(_LEAST_ROW, round(2 * len(row) ** 0.5))
    return [things[start : start + most] for _, things in sorted(rows.items()) for start in range(0, len(things), most)]


# --- where in its row


class Places:
    """The x coordinates of the middles of things in ``rows``, in an order with few crossings, none on another.

    ``near`` are the neighbours of each, above and below, near which it is put; ``weights`` say how much it insists on
    that. ``between`` is the room that is left between two.
    """

    def __init__(
        self,
        rows: list[list[int]],
        widths: Sequence[float],
        near: Sequence[tuple[list[int], list[int]]],
        weights: Sequence[float],
        between: float,
    ) -> None:
        self._rows, self._widths, self._near, self._weights = rows, widths, near, weights
        self._between = between
        self.x = [0.0] * len(widths)
        for row in rows:
            self._pack(row)
        few = len(widths) < _MANY
        sweeps, last = (_SWEEPS, _LAST_MOVES) if few else (_SWEEPS_OF_MANY, _LAST_MOVES_OF_MANY)
        for sweep in range(sweeps):
            self._order(sweep % 2)
        for sweep in range(sweeps):
            self._move((sweep % 2,))
        for _ in range(last):
            self._move((0, 1))
        leftmost = min((self.x[one] - widths[one] / 2 for row in rows for one in row), default=0.0)
        self.x = [x - leftmost for x in self.x]

    def _pack(self, row: list[int]) -> None:
        wide = sum(self._widths[one] for one in row) + self._between * (len(row) - 1)
        left = -wide / 2
        for one in row:
            self.x[one] = left + self._widths[one] / 2
            left += self._widths[one] + self._between

    def _wish(self, one: int, *sides: int) -> float | None:
        """The middle of its neighbours on one side or both: 0 is above, 1 below."""
        near = self._near[one][sides[0]] if len(sides) == 1 else [*self._near[one][0], *self._near[one][1]]
        if len(near) == 1:
            return self.x[near[0]]
        return sum([self.x[other] for other in near]) / len(near) if near else None

    def _order(self, side: int) -> None:
        for row in self._rows if side == 0 else reversed(self._rows):
            wishes = [self._wish(one, side) for one in row]
            ranked = [(self.x[one] if wish is None else wish, one) for one, wish in zip(row, wishes, strict=True)]
            row[:] = [one for _, one in sorted(ranked, key=lambda pair: pair[0])]
            self._pack(row)

    def _move(self, sides: tuple[int, ...]) -> None:
        for row in self._rows if sides[0] == 0 else reversed(self._rows):
            wishes, weights, offsets = [], [], []
            offset = 0.0
            for place, one in enumerate(row):
                if place:
                    offset += (self._widths[row[place - 1]] + self._widths[one]) / 2 + self._between
                wish = self._wish(one, *sides)
                wishes.append((self.x[one] if wish is None else wish) - offset)
                weights.append(_NO_NEIGHBOUR if wish is None else self._weights[one])
                offsets.append(offset)
            for one, at, off in zip(row, rising(wishes, weights), offsets, strict=True):
                self.x[one] = at + off


def rising(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the numbers nearest to ``wishes``, by weighted squares, of which none is less than the one before it."""
    blocks: list[tuple[float, float, int]] = []
    for wish, weight in zip(wishes, weights, strict=True):
        value, total, size = wish, weight, 1
        while blocks and blocks[-1][0] > value:
            before, heavy, many = blocks.pop()
            value = (before * heavy + value * total) / (heavy + total)
            total, size = heavy + total, many + size
        blocks.append((value, total, size))
    return [value for value, _, size in blocks for _ in range(size)]
