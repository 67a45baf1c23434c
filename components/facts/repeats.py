"""Finds loops in a graph: the same few things, again and again, in order of birth.

A trace does not say that a line stood in a loop, and torch's own layers loop where no line of the program shows it (an
LSTM over fifty steps is one line). What both leave behind is a tandem repeat in the sequence of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEWEST = 3
_LONGEST_PERIOD = 2_048
_MOST_COMPARED = 60_000_000


@dataclass(frozen=True)
class Repetition:
    """``times`` equal stretches of the sequence, from ``first`` to before ``end``; once only if nothing repeats."""

    first: int
    end: int
    times: int = 1


def find_runs(symbols: Sequence[int], starts: Sequence[bool] | None = None) -> list[Repetition]:
    """Cut a sequence into single symbols and tandem repeats of at least three.

    Inner repeats are found first and count as one symbol afterwards, so that a loop in a loop is one run of the outer
    one. ``starts`` marks where an iteration is likely to begin; of several ways to cut a repeat, one that begins there
    is taken.

    >>> find_runs([7, 1, 2, 1, 2, 1, 2, 9])
    [Repetition(first=0, end=1, times=1), Repetition(first=1, end=7, times=3), Repetition(first=7, end=8, times=1)]
    """
    runs = [Repetition(place, place + 1) for place in range(len(symbols))]
    current = np.asarray(symbols, dtype=np.int64)
    names: dict[tuple[object, ...], int] = {}
    budget = _MOST_COMPARED
    while True:
        found, budget = _shortest_repeats(current, [bool(starts and starts[run.first]) for run in runs], budget)
        if not found:
            break
        runs, current = _merged(runs, current, found, names, int(max(current, default=0)) + 1)
    return runs


def _shortest_repeats(
    symbols: NDArray[np.int64], starts: list[bool], budget: int
) -> tuple[list[tuple[int, int, int]], int]:
    """Return ``(first, period, times)`` of all repeats of the shortest period that has any, and what is left to spend.

    Random sequences have no repeats and would be compared with themselves at every distance.
    """
    size = len(symbols)
    for period in range(1, min(size // _FEWEST, _LONGEST_PERIOD) + 1):
        budget -= size
        if budget < 0:
            break
        same = symbols[period:] == symbols[:-period]
        if np.count_nonzero(same) < period * (_FEWEST - 1):
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
        firsts, ends = edges[::2], edges[1::2]
        long = ends - firsts >= period * (_FEWEST - 1)
        found = []
        for first, end in zip(firsts[long].tolist(), ends[long].tolist(), strict=True):
            # ``same`` is true from first to end: the stretch itself goes on for one more period.
            length = end - first + period
            shift = next((s for s in range(period) if starts[first + s]), 0)
            times = (length - shift) // period
            if times < _FEWEST:
                shift, times = 0, length // period
            found.append((first + shift, period, times))
        if found:
            return found, budget
    return [], budget


def _merged(
    runs: list[Repetition],
    symbols: NDArray[np.int64],
    found: list[tuple[int, int, int]],
    names: dict[tuple[object, ...], int],
    next_name: int,
) -> tuple[list[Repetition], NDArray[np.int64]]:
    new_runs: list[Repetition] = []
    new_symbols: list[int] = []
    place = 0
    for first, period, times in found:
        if first < place:
            continue
        new_runs += runs[place:first]
        new_symbols += symbols[place:first].tolist()
        last = first + period * times
        new_runs.append(Repetition(runs[first].first, runs[last - 1].end, times))
        body = (times, *symbols[first : first + period].tolist())
        new_symbols.append(names.setdefault(body, next_name + len(names)))
        place = last
    return new_runs + runs[place:], np.asarray(new_symbols + symbols[place:].tolist(), dtype=np.int64)
