"""Traces to JSON and back, strictly.

A trace may come from another machine, another version, a stranger or a process that was taken over, so reading checks
everything that a view relies on: the types, the numbers inside ``values``, that every id that is mentioned exists, and
that the parts of an answer and of the memory fit together.
"""

from __future__ import annotations

import gc
import json
import math
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import msgspec
from msgspec import UNSET

from .base import Number
from .modules import ModuleCosts, module_problems
from .questions import Answer, ChecksAnswer, CurveAnswer, DerivativeAnswer, Function, SurfaceAnswer
from .records import VERSION, Allocation, Memory, Trace

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NON_FINITE = frozenset({"nan", "inf", "-inf"})
_MOST_LABEL_CHARS = 200
_MOST_LINES = 10_000_000
_MOST_BYTES = 2**60
_MOST_NUMBERS = 2**63
_decoder = msgspec.json.Decoder(Trace)
_encoder = msgspec.json.Encoder()


class DamagedTrace(ValueError):
    """The bytes are not a trace of this version; the message says what is wrong and where."""


def encode_trace(trace: Trace) -> bytes:
    """Return the trace as one line of UTF-8 JSON."""
    return _encoder.encode(trace)


def decode_trace(data: bytes | str) -> Trace:
    """Read a trace from JSON.

    Raises:
        DamagedTrace: not JSON, not a trace, another version, or a reference to an id that is not there.
    """
    try:
        trace = _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise DamagedTrace(_version_problem(data) or f"This is not a trace file: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedTrace(f"This file is damaged or is not JSON: {error}.") from None
    except RecursionError:
        raise DamagedTrace("This file is damaged: its values are nested too deeply.") from None
    problem = next(_problems(trace), None)
    if problem is not None:
        raise DamagedTrace(f"This trace is damaged: {problem}.")
    return trace


def trace_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the format, made from the types."""
    schema = msgspec.json.schema(Trace)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Autograd Lab trace, version {VERSION}"
    return schema


def _version_problem(data: bytes | str) -> str | None:
    """Tell a trace of another version from something that is no trace at all."""
    try:
        head = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    version = head.get("version") if isinstance(head, dict) else None
    if version is None or version == VERSION:
        return None
    return f"This trace has version {version!r}; this program reads version {VERSION}."


def _problems(trace: Trace) -> Iterator[str]:
    """What the types cannot say, first problem first."""
    yield from _repeated("tensor", (tensor.id for tensor in trace.tensors))
    yield from _repeated("node", (node.id for node in trace.nodes))
    yield from _repeated("backward", (backward.id for backward in trace.backwards))
    for kind, known, mentioned in _references(trace):
        for name in mentioned:
            if name is not None and name not in known:
                yield f"it mentions the {kind} {name!r}, which it does not hold"
    for owner, values in _all_values(trace):
        if not _plain_numbers(values):
            yield f"the values of {owner} are not numbers"
    if isinstance(trace.answer, Answer):
        yield from _answer_problems(trace.answer)
    if trace.memory is not None:
        yield from memory_problems(trace.memory, len(trace.steps))
    if isinstance(trace.modules, ModuleCosts):
        yield from module_problems(trace.modules)
    yield from _display_problems(trace)
    yield from _call_problems(trace)
    yield from _step_problems(trace)
    if any(min(shape, default=0) < 0 or math.prod(shape) > _MOST_NUMBERS for shape in _all_shapes(trace)):
        yield "a tensor has a size that is none"


def _step_problems(trace: Trace) -> Iterator[str]:
    length = len(trace.stdout)
    for place, step in enumerate(trace.steps):
        if step.index != place:
            yield f"step {place} says that it is step {step.index}"
        if not 0 <= step.stdout[0] <= step.stdout[1] <= length:
            yield f"step {step.index} claims output that the program did not print"
    mentioned = chain(
        (step.last for step in trace.steps),
        (node.step for node in trace.nodes),
        (backward.step for backward in trace.backwards),
        (step.step for backward in trace.backwards for step in backward.steps),
        (change.step for change in trace.gradients),
    )
    if not all(step is None or 0 <= step < len(trace.steps) for step in mentioned):
        yield "it mentions a step that it does not hold"


def _all_shapes(trace: Trace) -> Iterator[list[int]]:
    yield from (tensor.shape for tensor in trace.tensors)
    yield from (saved.shape for node in trace.nodes for saved in node.saved if saved.shape is not None)
    for backward in trace.backwards:
        for step in backward.steps:
            yield from (one.shape for one in (*step.grad_outputs, *step.grad_inputs) if one is not None)
    for change in trace.gradients:
        yield from (one.shape for one in (change.added, change.total) if one is not None)
    for call in trace.calls or ():
        yield from (*call.inputs, *call.outputs)


def _call_problems(trace: Trace) -> Iterator[str]:
    for place, call in enumerate(trace.calls or ()):
        if call.parent is not None and not 0 <= call.parent < place:
            yield f"the call of {call.path!r} is inside of one that did not come before it"


def _display_problems(trace: Trace) -> Iterator[str]:
    for display in trace.displays:
        if not 0 <= display.at <= len(trace.stdout):
            yield "something is shown beside output that the program did not print"
        if display.step is not None and not 0 <= display.step < len(trace.steps):
            yield "something is shown at a step that the trace does not have"
        if display.mime == "image/png" and not _BASE64.fullmatch(display.data):
            yield "a picture is not in base64"


def _repeated(kind: str, ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            yield f"the {kind} {name!r} is there twice"
        seen.add(name)


def _references(trace: Trace) -> Iterator[tuple[str, set[str], Iterable[str | None]]]:
    tensors = {tensor.id for tensor in trace.tensors}
    nodes = {node.id for node in trace.nodes}
    backwards = {backward.id for backward in trace.backwards}
    yield "node", nodes, (tensor.node for tensor in trace.tensors)
    yield "tensor", tensors, (tensor.view_of for tensor in trace.tensors)
    yield "tensor", tensors, (tensor.origin for tensor in trace.tensors)
    yield "tensor", tensors, (tensor.shares or None for tensor in trace.tensors)
    yield "tensor", tensors, (node.tensor for node in trace.nodes)
    yield "tensor", tensors, (saved.tensor for node in trace.nodes for saved in node.saved)
    yield "backward", backwards, (node.created_by for node in trace.nodes)
    yield "node", nodes, (end for edge in trace.edges for end in (edge.source, edge.target))
    for backward in trace.backwards:
        yield "node", nodes, backward.outputs
        yield "node", nodes, backward.freed
        yield "node", nodes, (step.node for step in backward.steps)
        if backward.failure is not None:
            yield "node", nodes, (backward.failure.node,)
            yield "backward", backwards, (backward.failure.freed_by,)
    if trace.memory is not None:
        yield "node", nodes, (event.node for event in trace.memory.events)
        yield "backward", backwards, (event.backward for event in trace.memory.events)
        yield "node", nodes, (node for block in trace.memory.allocations for node in block.saved_by)
    yield "tensor", tensors, (change.tensor for change in trace.gradients)
    yield "backward", backwards, (change.backward for change in trace.gradients)
    if trace.failure is not None:
        yield "node", nodes, (trace.failure.node,)
        yield "backward", backwards, (trace.failure.backward,)


def _all_values(trace: Trace) -> Iterator[tuple[str, Any]]:
    for tensor in trace.tensors:
        yield tensor.id, tensor.values
    for backward in trace.backwards:
        for step in backward.steps:
            for gradient in (*step.grad_outputs, *step.grad_inputs):
                if gradient is not None:
                    yield f"a gradient of {step.node}", gradient.values
    for change in trace.gradients:
        for total in (change.added, change.total):
            if total is not None:
                yield f"the gradient of {change.variable}", total.values
    function = getattr(trace.answer, "function", None)
    if isinstance(function, Function):
        yield f"the output of {function.name}", function.output
        for given in function.inputs:
            yield given.name, given.values


def _plain_numbers(values: Any) -> bool:
    pending = [] if values is None else [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif not (isinstance(value, int | float) or (isinstance(value, str) and value in _NON_FINITE)):
            return False
    return True


def _answer_problems(answer: Answer) -> Iterator[str]:
    """Yield what is wrong, in words that follow ``this trace is damaged:``."""
    match answer:
        case DerivativeAnswer():
            yield from _derivative_problems(answer)
        case ChecksAnswer():
            yield from _checks_problems(answer)
        case CurveAnswer():
            yield from _curve_problems(answer)
        case SurfaceAnswer():
            yield from _surface_problems(answer)


def memory_problems(memory: Memory, steps: int) -> Iterator[str]:
    """Yield what is wrong with the memory of a run: indices, categories, and totals that are not the sum of events."""
    events, blocks = memory.events, memory.allocations
    samples = [number for each in memory.cuda or () for number in (each.allocated_bytes, each.peak_bytes)]
    reserved = [each.reserved_bytes for each in memory.cuda or ()]
    alone = [memory.baseline_bytes, memory.peak_bytes, memory.final_bytes, memory.duration_ns, *samples, *reserved]
    if not all(0 <= number <= _MOST_BYTES for number in alone):
        yield "a number of bytes is not one"
    if memory.cuda_snapshot is not None and not _is_json_object(memory.cuda_snapshot):
        yield "its snapshot is not one"
    yield from _event_problems(memory, steps)
    yield from _frame_problems(memory)
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


def _frame_problems(memory: Memory) -> Iterator[str]:
    frames = memory.frames or []
    if any(frame.outer is not None and not 0 <= frame.outer < place for place, frame in enumerate(frames)):
        yield "a call is inside of one that is not before it"
    if any(frame.line is not None and not 0 <= frame.line <= _MOST_LINES for frame in frames):
        yield "a call was on a line that no file has"
    if any(block.frame is not UNSET and not 0 <= block.frame < len(frames) for block in memory.allocations):
        yield "a block was allocated in a call that the memory does not have"


def _is_json_object(text: str) -> bool:
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
        if not (abs(total) <= _MOST_BYTES and 0 <= event.t_ns <= _MOST_BYTES):
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


def _derivative_problems(answer: DerivativeAnswer) -> Iterator[str]:
    yield from _label_problems(answer.rows, answer.columns)
    if answer.numbers and not _is_matrix(answer.numbers, len(answer.rows), len(answer.columns)):
        yield "the derivative is not a matrix of its rows and columns"
    if answer.farthest is not None and not _within(answer, answer.farthest.row, answer.farthest.column):
        yield "a comparison is of an entry that the derivative does not have"


def _checks_problems(answer: ChecksAnswer) -> Iterator[str]:
    yield from _label_problems(answer.rows, answer.columns)
    if any(not _within(answer, entry.row, entry.column) for entry in answer.entries):
        yield "a check is of an entry that the derivative does not have"
    if answer.worst is not None and not _within(answer, answer.worst.row, answer.worst.column):
        yield "the worst entry is one that the derivative does not have"


def _curve_problems(answer: CurveAnswer) -> Iterator[str]:
    if len(answer.x) < 2 or not _is_matrix(answer.values, 3, len(answer.x)):
        yield "a curve has other numbers of places and of values"
    if not any(given.chosen for given in answer.function.inputs):
        yield "a curve is of no input"
    if not all(_is_plain(number) for number in answer.x):
        yield "a curve has a place that is no number"


def _surface_problems(answer: SurfaceAnswer) -> Iterator[str]:
    if min(len(answer.x), len(answer.y)) < 2 or not _is_matrix(answer.values, len(answer.y), len(answer.x)):
        yield "a surface has other numbers of places and of heights"
    placed = [*answer.x, *answer.y, *(part for step in answer.path for part in step)]
    if not all(_is_plain(number) for number in placed):
        yield "a surface has a place that is no number"


def _label_problems(rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    if any(len(label) > _MOST_LABEL_CHARS for label in (*rows, *columns)):
        yield "a label is too long"


def _is_matrix(numbers: Sequence[Sequence[object]], rows: int, columns: int) -> bool:
    return len(numbers) == rows and all(len(row) == columns for row in numbers)


def _within(answer: DerivativeAnswer | ChecksAnswer, row: int, column: int) -> bool:
    return 0 <= row < len(answer.rows) and 0 <= column < len(answer.columns)


def _is_plain(number: Number) -> bool:
    return not isinstance(number, str)


_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch Python's cyclic garbage collector off until the last of overlapping pauses, in whichever threads, is over.

    The millions of records of a large trace are no garbage, but the collector would look through them again and again:
    reading 75,000 nodes takes 1.4 s with it and 0.4 s without, and other people's pages wait meanwhile.
    """
    global _pauses, _was_enabled  # noqa: PLW0603  the collector itself is global
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_enabled:
                gc.enable()
