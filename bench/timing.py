"""Comparing functions fairly: in turns, after one unmeasured round, by their medians."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One line of the table: what was measured, beside what, in seconds; ``target`` bounds the ratio or the seconds.

    ``seconds`` or ``baseline`` is ``None`` where it cannot be had; ``note`` then says why.
    """

    what: str
    seconds: float | None
    beside: str
    baseline: float | None
    target: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the baseline."""
        return self.seconds / self.baseline if self.seconds is not None and self.baseline else None


def medians(
    functions: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Return the median seconds of each function over ``rounds`` turns, so that a noisy moment hits all alike.

    ``time.process_time`` for a ``clock`` counts this process's own, whatever else the machine does.
    """
    taken: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds + 1):
        for times, function in zip(taken, functions, strict=True):
            gc.collect()
            started = clock()
            result = function()
            seconds = clock() - started
            del result
            if turn:
                times.append(seconds)
    return [statistics.median(times) for times in taken]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, in milliseconds."""
    header = ("what", "ms", "beside", "ms", "ratio", "target")
    cells = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    lines = ["  ".join(_justified(line, widths)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, *(f"{row.what}: {row.note}" for row in rows if row.note)])


def _cells(row: Row) -> tuple[str, ...]:
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
    return (row.what, _milliseconds(row.seconds), row.beside, _milliseconds(row.baseline), ratio, row.target)


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:.0f}" if seconds >= 0.1 else f"{1e3 * seconds:.2f}"


def _justified(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Align texts to the left and numbers to the right."""
    numbers = {1, 3, 4}
    return [
        text.rjust(width) if column in numbers else text.ljust(width)
        for column, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
