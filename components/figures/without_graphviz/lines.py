"""The lines of a plain drawing: from the edge of one box to that of another, through the room between the rows.

Lines are chains of Bezier curves that leave and arrive upright, so that an arrow's head is upright too. Lines that
share a side of a box are spread along it in the order in which they leave.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from .arranged import MOST_LABEL_ROWS, Arranged, PlainSpot
from .sketch import PlainLink, Words, width_of

Point = tuple[float, float]
HEAD = 9.0
_HEAD_HALF = 3.2
_APART, _SPREAD = 18.0, 0.72
_LOOP = 18.0
_NEARLY = 8.0
# How far down a gap the rows of labels are, the usual one first.
_LABEL_ROWS = (0.5, 0.75, 0.25)


@dataclass(frozen=True)
class Polyline:
    """A link on paper: the curve's points (one, then three per curve), the head's corners, the label's middle."""

    link: PlainLink
    points: tuple[Point, ...]
    head: tuple[Point, ...] = ()
    label: Point | None = None


@dataclass(frozen=True)
class _Way:
    """How a link goes: ``turned`` if its source is below its target, ``flat`` if both are in one row."""

    link: PlainLink
    number: int
    source: PlainSpot
    target: PlainSpot

    @property
    def flat(self) -> bool:
        return self.source.row == self.target.row

    @property
    def turned(self) -> bool:
        return self.source.row > self.target.row


def lines_of(drawing: Arranged) -> list[Polyline]:
    """Return the lines of a drawing, one for each link of its sketch, in order."""
    ways = [
        _Way(link, number, drawing.spots[link.source], drawing.spots[link.target])
        for number, link in enumerate(drawing.sketch.links)
    ]
    ports = _ports(drawing, ways)
    lines = [_flat(way) if way.flat else _falling(drawing, way, *ports[way.number]) for way in ways]
    return _labelled(drawing, ways, lines)


def _ports(drawing: Arranged, ways: list[_Way]) -> dict[int, tuple[float, float]]:
    """Where each line leaves its upper box and where it reaches its lower one."""
    sides: defaultdict[tuple[str, bool], list[tuple[float, int]]] = defaultdict(list)
    for way in ways:
        if way.flat:
            continue
        upper, lower = (way.target, way.source) if way.turned else (way.source, way.target)
        high, low = (way.link.target, way.link.source) if way.turned else (way.link.source, way.link.target)
        passed = drawing.passages.get(way.number, ())
        sides[high, False].append((passed[0] if passed else lower.x, way.number))
        sides[low, True].append((passed[-1] if passed else upper.x, way.number))
    found: dict[int, list[float]] = {way.number: [0.0, 0.0] for way in ways}
    for (box, arriving), ends in sides.items():
        spot = drawing.spots[box]
        apart = min(_APART, _SPREAD * spot.width / len(ends))
        for place, (_, number) in enumerate(sorted(ends)):
            found[number][arriving] = spot.x + apart * (place - (len(ends) - 1) / 2)
    return {number: _straightened(*ends) for number, ends in found.items()}


def _straightened(upper: float, lower: float) -> tuple[float, float]:
    """Two ends that are nearly below one another are exactly below one another: small bends disturb."""
    middle = (upper + lower) / 2
    return (middle, middle) if abs(upper - lower) < _NEARLY else (upper, lower)


def _falling(drawing: Arranged, way: _Way, leaves: float, arrives: float) -> Polyline:
    """A line between two rows, drawn from its upper end; what goes up is turned round at the end."""
    upper, lower = (way.target, way.source) if way.turned else (way.source, way.target)
    # A curve through a whole gap, a straight piece through a whole row.
    stops: list[Point] = [(leaves, upper.bottom), (leaves, drawing.rows[upper.row].bottom)]
    for row, x in enumerate(drawing.passages.get(way.number, ()), upper.row + 1):
        stops += [(x, drawing.rows[row].top), (x, drawing.rows[row].bottom)]
    stops += [(arrives, drawing.rows[lower.row].top), (arrives, lower.top)]
    headed = way.link.head != "none"
    if headed and way.turned:
        stops[0] = (leaves, upper.bottom + HEAD)
        stops[1] = (leaves, max(stops[1][1], upper.bottom + HEAD))
    elif headed:
        stops[-1] = (arrives, lower.top - HEAD)
        stops[-2] = (arrives, min(stops[-2][1], lower.top - HEAD))
    points = [stops[0]]
    for (x0, y0), (x1, y1) in pairwise(stops):
        if (x0, y0) != (x1, y1):
            middle = (y0 + y1) / 2
            points += [(x0, middle), (x1, middle), (x1, y1)]
    if way.turned:
        points.reverse()
    tip = (leaves, upper.bottom) if way.turned else (arrives, lower.top)
    return Polyline(way.link, tuple(points), _head(points[-1], tip) if headed else ())


def _flat(way: _Way) -> Polyline:
    """A line within a row: straight to what hangs beside, a bow above what is between, a loop to the box itself."""
    source, target, headed = way.source, way.target, way.link.head != "none"
    back = HEAD if headed else 0.0
    if way.link.source == way.link.target:
        right, high = source.x + source.width / 2, source.height / 4
        start, tip = (right, source.y - high), (right, source.y + high)
        end = (right + back, tip[1])
        points = (start, (right + 2 * _LOOP, start[1]), (end[0] + 2 * _LOOP, end[1]), end)
    elif source.thing == target.thing:
        side = 1 if source.x < target.x else -1
        start, tip = (source.x + side * source.width / 2, source.y), (target.x - side * target.width / 2, target.y)
        end = (tip[0] - side * back, tip[1])
        points = (start, start, end, end)
    else:
        start, tip = (source.x, source.top), (target.x, target.top)
        end = (tip[0], tip[1] - back)
        rise = min(start[1], end[1]) - _LOOP
        points = (start, (start[0], rise), (end[0], rise), end)
    return Polyline(way.link, points, _head(end, tip) if headed else ())


def _head(base: Point, tip: Point) -> tuple[Point, ...]:
    (x, y), (across, down) = base, (tip[0] - base[0], tip[1] - base[1])
    half = _HEAD_HALF / HEAD
    return (x - down * half, y + across * half), tip, (x + down * half, y - across * half)


# --- labels


def _labelled(drawing: Arranged, ways: list[_Way], lines: list[Polyline]) -> list[Polyline]:
    """Put each label on its line where it ends, those of one gap below one another as far as they would meet."""
    font, size = drawing.sketch.manner.font, drawing.sketch.manner.label_size
    filled: defaultdict[int, list[float]] = defaultdict(lambda: [float("-inf")] * MOST_LABEL_ROWS)
    wanted = []
    for way, line in zip(ways, lines, strict=True):
        if line.link.label:
            place = _place(drawing, way, line, 0.5)
            wanted.append((place[0], way, width_of(Words(line.link.label, size), font)))
    for _, way, width in sorted(wanted, key=lambda one: one[0]):
        taken = filled[max(way.source.row, way.target.row) if not way.flat else ~way.source.row]
        places = [_place(drawing, way, lines[way.number], part) for part in _LABEL_ROWS]
        over = [max(0.0, end - x) for end, (x, _) in zip(taken, places, strict=True)]
        row = min(range(MOST_LABEL_ROWS), key=over.__getitem__)
        x, y = places[row]
        taken[row] = x + width + 4
        line = lines[way.number]
        lines[way.number] = Polyline(line.link, line.points, line.head, (x + width / 2 + 2, y))
    return lines


def _place(drawing: Arranged, way: _Way, line: Polyline, part: float) -> Point:
    """The point of a line at ``part`` of the last gap that it falls through."""
    if way.flat:
        (x0, y0), (x1, y1) = line.points[0], line.points[-1]
        return (x0 + x1) / 2, min(y0, y1) - _LOOP * 0.7
    lower = max(way.source.row, way.target.row)
    above, below = drawing.rows[lower - 1].bottom, drawing.rows[lower].top
    y = above + (below - above) * part
    down = line.points[::-1] if way.turned else line.points
    for first in range(0, len(down) - 3, 3):
        (x0, y0), (x1, y1) = down[first], down[first + 3]
        if y0 <= y <= y1 and y1 > y0:
            along = _time((y - y0) / (y1 - y0))
            return x0 + (x1 - x0) * (3 * along**2 - 2 * along**3), y
    return down[-1][0], y


def _time(part: float) -> float:
    """When a curve that starts and ends upright, its handles half way down, has come down by ``part``."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        if 1.5 * middle - 1.5 * middle**2 + middle**3 < part:
            low = middle
        else:
            high = middle
    return low
