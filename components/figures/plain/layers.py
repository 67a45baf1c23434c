"""Which row of a plain drawing each thing stands in: below all that leads to it, whatever the graph looks like.

Everything here is a loop over the arrows, so a chain of ten thousand and a circle are drawn like anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

Arrow = tuple[int, int]
_LEAST_ROW = 40


def rows_of(count: int, arrows: Sequence[Arrow]) -> list[list[int]]:
    """Return the rows, top first, of ``count`` things: the source of an arrow is above its target if that can be."""
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
