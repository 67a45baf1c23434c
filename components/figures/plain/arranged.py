"""A sketch with a place for everything: rows of boxes from the top down, and the way of each line between them.

A box that hangs beside another (a saved tensor) is one thing with it, so that both stay side by side. A line that
passes rows gets a narrow thing of its own in each of them, which keeps the boxes out of its way, as long as those are
not too many: the lines that would need the most run behind the boxes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .layers import Arrow, rows_of
from .places import Places
from .sketch import Manner, PlainBox, Sketch, bounded, width_of

LINE_HEIGHT = 1.15
MOST_LABEL_ROWS = 3
_BETWEEN, _BESIDE = 22.0, 30.0
_PASSAGE = 10.0
_PASSAGES = 5_000
_STRAIGHT = 6.0


@dataclass(frozen=True)
class Spot:
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
    spots: dict[str, Spot]
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
) -> dict[str, Spot]:
    spots = {}
    for number, row in enumerate(rows):
        middle = (stretches[number].top + stretches[number].bottom) / 2
        for one in row:
            left = x[one] - things.widths[one] / 2
            for box in things.members[one]:
                width, height = sizes[box.id]
                spots[box.id] = Spot(left + width / 2, middle, width, height, number, one)
                left += width + _BESIDE
    return spots
