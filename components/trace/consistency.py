"""Whether parts of a trace fit together: a process that was taken over may send any that have the right types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from .answers import Answer, ChecksAnswer, CurveAnswer, DerivativeAnswer, SurfaceAnswer
from .base import Number
from .records import Allocation, Memory

MOST_LABEL_CHARS = 200
MOST_BYTES = 2**60


def answer_problems(answer: Answer) -> Iterator[str]:
    """Yield what is wrong, in words that follow ``this trace is damaged:``."""
    match answer:
        case DerivativeAnswer():
            yield from _derivative(answer)
        case ChecksAnswer():
            yield from _checks(answer)
        case CurveAnswer():
            yield from _curve(answer)
        case SurfaceAnswer():
            yield from _surface(answer)


def memory_problems(memory: Memory, steps: int) -> Iterator[str]:
    """Yield what is wrong with the memory of a run: indices, categories, and totals that are not the sum of events."""
    events, blocks = memory.events, memory.allocations
    samples = [number for each in memory.cuda or () for number in (each.allocated_bytes, each.peak_bytes)]
    reserved = [each.reserved_bytes for each in memory.cuda or ()]
    alone = [memory.baseline_bytes, memory.peak_bytes, memory.final_bytes, memory.duration_ns, *samples, *reserved]
    if not all(0 <= number <= MOST_BYTES for number in alone):
        yield "a number of bytes is not one"
    if memory.cuda_snapshot is not None and not _is_an_object(memory.cuda_snapshot):
        yield "its snapshot is not one"
    yield from _event_problems(memory, steps)
    for block in blocks:
        if not _has_its_events(memory, block):
            yield "a block was not allocated or released by the events that it names"
    if memory.peak_event is not None:
        if not 0 <= memory.peak_event < len(events):
            yield "its peak is at an event that the memory does not have"
        elif events[memory.peak_event].total_bytes != memory.peak_bytes:
            yield "its peak is not what there was at that event"
    if any(not 0 <= each.step < steps for each in memory.cuda or ()):
        yield "a sample is of a step that the trace does not have"


def _is_an_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _event_problems(memory: Memory, steps: int) -> Iterator[str]:
    total, blocks = memory.baseline_bytes, memory.allocations
    for event in memory.events:
        if not 0 <= event.allocation < len(blocks):
            yield "an event is of a block that the memory does not have"
            return
        block, total = blocks[event.allocation], total + event.delta_bytes
        if abs(event.delta_bytes) != block.bytes or event.category != block.category:
            yield "an event has another size or category than its block"
        if event.total_bytes != total:
            yield "a total is not the sum of the events before it"
        if not (abs(total) <= MOST_BYTES and 0 <= event.t_ns <= MOST_BYTES):
            yield "an event has a number that is too large"
        if event.step is not None and not 0 <= event.step < steps:
            yield "an event is of a step that the trace does not have"


def _has_its_events(memory: Memory, block: Allocation) -> bool:
    events, blocks = memory.events, memory.allocations
    if not 0 <= block.allocated < len(events):
        return False
    born = events[block.allocated]
    if born.delta_bytes < 0 or blocks[born.allocation] is not block:
        return False
    if block.released is None:
        return True
    gone = events[block.released] if block.allocated < block.released < len(events) else None
    return gone is not None and gone.delta_bytes <= 0 and blocks[gone.allocation] is block


def _derivative(answer: DerivativeAnswer) -> Iterator[str]:
    yield from _labels(answer.rows, answer.columns)
    if answer.numbers and not _is_matrix(answer.numbers, len(answer.rows), len(answer.columns)):
        yield "the derivative is not a matrix of its rows and columns"
    if answer.farthest is not None and not _within(answer, answer.farthest.row, answer.farthest.column):
        yield "a comparison is of an entry that the derivative does not have"


def _checks(answer: ChecksAnswer) -> Iterator[str]:
    yield from _labels(answer.rows, answer.columns)
    if any(not _within(answer, one.row, one.column) for one in answer.entries):
        yield "a check is of an entry that the derivative does not have"
    if answer.worst is not None and not _within(answer, answer.worst.row, answer.worst.column):
        yield "the worst entry is one that the derivative does not have"


def _curve(answer: CurveAnswer) -> Iterator[str]:
    if len(answer.x) < 2 or not _is_matrix(answer.values, 3, len(answer.x)):
        yield "a curve has other numbers of places and of values"
    if not any(one.chosen for one in answer.function.inputs):
        yield "a curve is of no input"
    if not all(_is_plain(one) for one in answer.x):
        yield "a curve has a place that is no number"


def _surface(answer: SurfaceAnswer) -> Iterator[str]:
    if min(len(answer.x), len(answer.y)) < 2 or not _is_matrix(answer.values, len(answer.y), len(answer.x)):
        yield "a surface has other numbers of places and of heights"
    placed = [*answer.x, *answer.y, *(part for step in answer.path for part in step)]
    if not all(_is_plain(one) for one in placed):
        yield "a surface has a place that is no number"


def _labels(rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    if any(len(label) > MOST_LABEL_CHARS for label in (*rows, *columns)):
        yield "a label is too long"


def _is_matrix(numbers: Sequence[Sequence[object]], rows: int, columns: int) -> bool:
    return len(numbers) == rows and all(len(row) == columns for row in numbers)


def _within(answer: DerivativeAnswer | ChecksAnswer, row: int, column: int) -> bool:
    return 0 <= row < len(answer.rows) and 0 <= column < len(answer.columns)


def _is_plain(number: Number) -> bool:
    return not isinstance(number, str)
