"""Where things stand in their rows: in an order with few crossings, near what they are linked to, none on another."""

from __future__ import annotations

from collections.abc import Sequence

_SWEEPS, _LAST_MOVES = 8, 3
# Of so many things nobody sees each one.
_MANY, _SWEEPS_OF_MANY, _LAST_MOVES_OF_MANY = 5_000, 3, 1
_NO_NEIGHBOUR = 0.01


class Places:
    """The x coordinates of the middles of things in ``rows``; ``near`` are the neighbours of each, above and below.

    ``weights`` say how much a thing insists on standing where its neighbours are. ``between`` is the room that is left
    between two.
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
