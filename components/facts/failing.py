"""The operation that a program stopped at because shapes did not fit, and what it was given.

A trace does not have the operation: it made no node. Its line was recorded, with the tensors that variables had then;
and the innermost module that was being called, with the shapes of what it got.

Known limitations: of a statement over several lines the first is read, and what is no variable is not named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..trace import ModuleCall, Tensor
from .index import TraceIndex

FAILED = "failed"
"""The id of its box."""
_ABOUT_SHAPES = re.compile(r"\b(shapes?|sizes?|dimensions?|dims?|broadcast\w*|channels?)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"|#.*")
# What is before a plain assignment's sign is no operand. A keyword of a call, a comparison, ``+=`` are none.
_ASSIGNED = re.compile(r"[^=(]*(?<![=!<>+\-*/@%&|^])=(?!=)")
_MOST_OPERANDS = 6


@dataclass(frozen=True)
class FailedOperation:
    """Where it stands, the tensors that its line names, and the module's call that it happened in, if any."""

    line: int
    code: str
    operands: tuple[Tensor, ...]
    call: ModuleCall | None
    message: str


def failed_operation(index: TraceIndex) -> FailedOperation | None:
    """Return the operation whose shapes ended the program, ``None`` where something else did, or nothing."""
    return index.once(_found)


def _found(index: TraceIndex) -> FailedOperation | None:
    failure = index.trace.failure
    if failure is None or failure.kind != "raised" or failure.line is None or failure.backward is not None:
        return None
    if failure.error_type not in ("RuntimeError", "ValueError", "IndexError") or not _ABOUT_SHAPES.search(
        failure.message
    ):
        return None
    code = index.code(failure.line)
    plain = _STRING.sub("", code)
    assigned = _ASSIGNED.match(plain)
    named = {tensor.name: tensor for tensor in index.latest.values() if tensor.name is not None}
    words = dict.fromkeys(_NAME.findall(plain[assigned.end() :] if assigned else plain))
    operands = tuple(named[word] for word in words if word in named)[:_MOST_OPERANDS]
    calls = index.trace.calls or ()
    call = next((call for call in reversed(calls) if call.failed), None)
    if not operands and call is None:
        return None
    return FailedOperation(failure.line, code, operands, call, failure.message)
