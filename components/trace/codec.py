"""Traces to JSON and back, strictly.

A trace file may come from another machine, another version or a stranger, so reading checks everything that a view
relies on: the types, the numbers inside ``values``, and that every id that is mentioned exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from .answers import Answer, Function
from .consistency import answer_problems, memory_problems
from .records import VERSION, Trace

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NON_FINITE = frozenset({"nan", "inf", "-inf"})
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
        yield from answer_problems(trace.answer)
    if trace.memory is not None:
        yield from memory_problems(trace.memory, len(trace.steps))
    yield from _shown(trace)
    length = len(trace.stdout)
    for step in trace.steps:
        if not 0 <= step.stdout[0] <= step.stdout[1] <= length:
            yield f"step {step.index} claims output that the program did not print"


def _shown(trace: Trace) -> Iterator[str]:
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
        for one in function.inputs:
            yield one.name, one.values


def _plain_numbers(values: Any) -> bool:
    pending = [] if values is None else [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif not (isinstance(value, int | float) or (isinstance(value, str) and value in _NON_FINITE)):
            return False
    return True
