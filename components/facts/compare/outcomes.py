"""A variant of a program beside the program it was made from: what it saves, and whether its results are the same.

Both were run and measured. Results are the last values of the program's variables, and the last ``.grad`` of its
leaves; numbers that differ by rounding alone, beside the largest number of their own tensor, count as the same. Of a
large tensor a trace has no more than its statistics, which is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...trace import Gradient, Memory, Tensor, Trace
from ..index import TraceIndex
from ..numbers import flat
from ..text import values_text

# Beside the number itself, and beside the largest of its tensor: where terms cancel, what is left is rounding.
_ROUNDING, _CANCELLED = 1e-4, 1e-6
_MOST_NAMES = 3
_LONGEST_ERROR, _LONGEST_CODE = 140, 60
_STATISTICS = ("mean", "min", "max", "std")


@dataclass(frozen=True)
class Outcome:
    """A variant beside the program it was made from: bytes before and after, and whether its results are the same.

    All bytes are ``None`` where the variant's memory is not known. ``results`` is a short text; ``same`` whether the
    numbers are, ``None`` where it failed.
    """

    title: str
    line: int | None
    what: str
    peak: tuple[int, int] | None
    final: tuple[int, int] | None
    saved: tuple[int, int] | None
    same: bool | None
    results: str


def outcome(before: Trace, after: Trace, title: str, line: int | None, what: str) -> Outcome:
    """Return what became of the program ``before`` by a change; ``after`` is the trace of the variant."""
    one, other = before.memory, after.memory
    pair = (one, other) if one is not None and other is not None else None
    same, results = _compared(before, after)
    return Outcome(
        title,
        line,
        what,
        (pair[0].peak_bytes, pair[1].peak_bytes) if pair else None,
        (pair[0].final_bytes, pair[1].final_bytes) if pair else None,
        (most_saved(pair[0]), most_saved(pair[1])) if pair else None,
        same,
        results,
    )


def most_saved(memory: Memory) -> int:
    """Return the most bytes that were saved for backward at one moment."""
    now = most = 0
    for event in memory.events:
        if event.category == "saved":
            now += event.delta_bytes
            most = max(most, now)
    return most


def _compared(before: Trace, after: Trace) -> tuple[bool | None, str]:
    if after.failure is not None and (before.failure is None or before.failure.message != after.failure.message):
        first = after.failure.message.partition("\n")[0]
        short = first if len(first) <= _LONGEST_ERROR else f"{first[: _LONGEST_ERROR - 1]}…"
        code = TraceIndex(after).code(after.failure.line)  # its number is another one in the program itself
        where = f" at `{code[:_LONGEST_CODE]}`" if code else ""
        return None, f"fails{where}: {short}"
    own, others = results_of(before), results_of(after)
    roughly: list[str] = []
    for name, value in own.items():
        if name not in others:
            continue  # deleted, or renamed by the change
        if not _alike(value, others[name]):
            return False, f"{name} was {_text(value)}, is {_text(others[name])}"
        if _in_part(value, others[name]):
            roughly.append(name)
    missing = [name for name in own if name.endswith(".grad") and name not in others]
    if missing:
        return False, f"{missing[0]} is not computed any more"
    if not roughly:
        return True, "the same"
    names = ", ".join(roughly[:_MOST_NAMES]) + (", …" if len(roughly) > _MOST_NAMES else "")
    return True, f"the same as far as compared: of {names} only mean, min, max and std"


def results_of(trace: Trace) -> dict[str, Any]:
    """Return the last values of the program's own variables and of every ``.grad``.

    A value is a ``Tensor``, a ``Gradient``, a text, or ``None`` for a ``.grad`` that is ``None``.
    """
    index = TraceIndex(trace)
    found: dict[str, Any] = {}
    for step in trace.steps:
        if step.function is None:
            found |= {name: index.value_now(value) or value for name, value in step.variables.items()}
    for change in trace.gradients:
        found[f"{change.variable}.grad"] = change.total
    return found


def _in_part(one: Any, other: Any) -> bool:
    """Whether not all numbers of two tensors are known."""
    tensors = isinstance(one, Tensor | Gradient) and isinstance(other, Tensor | Gradient)
    return tensors and (one.values is None or other.values is None)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor | Gradient) and isinstance(other, Tensor | Gradient):
        if one.shape != other.shape:
            return False
        if one.values is not None and other.values is not None:
            return _close(one.values, other.values)
        if one.summary is None or other.summary is None:
            return True
        return _close(*([getattr(some.summary, name) for name in _STATISTICS] for some in (one, other)))
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(one, other)
    return (one is None) == (other is None)


def _same_text(one: str, other: str) -> bool:
    """Plain numbers count; the text of an object may say what autograd knows of it, which a variant may change."""
    try:
        return one == other or math.isclose(float(one), float(other), rel_tol=_ROUNDING)
    except ValueError:
        return True


def _close(one: Any, other: Any) -> bool:
    """Whether nested lists of numbers, shaped alike, are the same but for rounding."""
    left, right = list(flat(one)), list(flat(other))
    slack = _CANCELLED * max((abs(value) for value in (*left, *right) if isinstance(value, int | float)), default=0.0)
    return len(left) == len(right) and all(
        math.isclose(a, b, rel_tol=_ROUNDING, abs_tol=slack)
        if isinstance(a, int | float) and isinstance(b, int | float)
        else a == b
        for a, b in zip(left, right, strict=True)
    )


def _text(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return value[:40]
    text = values_text(value.values, 40)
    if text is None and value.summary is not None:
        return f"a tensor of mean {values_text(value.summary.mean, 40, 6)}"
    return text or "another tensor"
