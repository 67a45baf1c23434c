"""What two programs computed: the last value of each named tensor and the last ``.grad`` of each leaf, side by side.

Two tensors are compared element by element where all elements were recorded; else block by block where a gradient's
picture was; else by their summaries. What a trace from a file says wrongly, as numbers that are too many for the shape,
is not compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ...trace import Gradient, Grid, Number, Summary, Tensor, Values
from ..index import TraceIndex
from ..numbers import flat
from ..text import number_text, plural, shape_text, values_text

# ``alike``: the same as far as it was recorded, which is less than every element.
Alike = Literal["same", "rounding", "alike", "different", "unknown"]
# torch.allclose's, of the larger magnitude, so that neither side is the expected one.
_RTOL, _ATOL = 1e-5, 1e-8
_TOLD = ("min", "max", "mean", "std")
_NOT_EACH = "not compared element by element"
State = Literal["same", "rounding", "alike", "different", "unknown", "only left", "only right"]
_LONGEST = 44
_T = TypeVar("_T")
_WORDS: dict[State, str] = {
    "same": "same",
    "rounding": "same up to rounding",
    "alike": "same min, max, mean, std",
    "different": "different",
    "unknown": "not compared",
    "only left": "only on the left",
    "only right": "only on the right",
}


@dataclass(frozen=True)
class Compared:
    """One tensor or ``.grad`` of both sides: its text on each, and how far they are apart (``Difference``)."""

    name: str
    left: str
    right: str
    state: State
    largest: float | None = None
    note: str = ""

    @property
    def text(self) -> str:
        """``same``, ``different``."""
        return _WORDS[self.state]

    @property
    def largest_text(self) -> str:
        """``max |a − b|`` in four digits, a dash where it is not known."""
        return "–" if self.largest is None else number_text(self.largest)


@dataclass(frozen=True)
class Results:
    """The tensors and gradients of two programs, the left's in its order, then what only the right one has."""

    tensors: tuple[Compared, ...]
    gradients: tuple[Compared, ...]
    notes: tuple[str, ...] = ()


def compare_results(left: TraceIndex, right: TraceIndex) -> Results:
    """Compare what two programs computed, by the names of their variables."""
    tensors = _rows(last_tensors(left), last_tensors(right), _compare_tensors, _tensor_text)
    gradients = _rows(last_gradients(left), last_gradients(right), _compare_gradients, _gradient_text)
    return Results(tensors, gradients, tuple(_notes(left, right)))


def last_tensors(index: TraceIndex) -> dict[str, Tensor]:
    """Return the last value of each name that stood for a tensor when it was bound last."""
    found = {tensor.name: tensor for tensor in index.latest.values() if tensor.name is not None}
    for step in index.trace.steps:
        for name, value in step.variables.items() if step.function is None else ():
            tensor = index.value_now(value)
            if tensor is not None:
                found[name] = tensor
            else:
                found.pop(name, None)
    return found


def last_gradients(index: TraceIndex) -> dict[str, Gradient | None]:
    """Return the last ``.grad`` of each leaf that requires one, by the leaf's name; of equal names the last counts."""
    found: dict[str, Gradient | None] = {}
    for origin, tensor in index.latest.items():
        change = index.last_change.get(origin)
        if tensor.name is not None and (change is not None or (tensor.is_leaf and tensor.requires_grad)):
            found[tensor.name] = change.total if change is not None else None
    for change in index.trace.gradients:
        if change.tensor is None or change.tensor not in index.latest:
            found[change.variable] = change.total
    return {f"{name}.grad": total for name, total in found.items()}


def _rows(
    left: Mapping[str, _T],
    right: Mapping[str, _T],
    compare: Callable[[_T, _T], Difference],
    text: Callable[[_T], str],
) -> tuple[Compared, ...]:
    rows = []
    for name in dict.fromkeys([*left, *right]):
        if name not in right:
            rows.append(Compared(name, text(left[name]), "", "only left"))
        elif name not in left:
            rows.append(Compared(name, "", text(right[name]), "only right"))
        else:
            one, other = left[name], right[name]
            apart = compare(one, other)
            rows.append(Compared(name, text(one), text(other), apart.state, apart.largest, apart.note))
    return tuple(rows)


def _compare_tensors(one: Tensor, other: Tensor) -> Difference:
    if one.shape != other.shape:
        return Difference("different", note="shapes differ")
    found = difference(one.values, other.values, one.summary, other.summary)
    notes = [found.note] if found.note else []
    if one.dtype != other.dtype:
        notes.append(f"{one.dtype} and {other.dtype}")
    if one.requires_grad != other.requires_grad:
        notes.append(f"requires_grad on the {'left' if one.requires_grad else 'right'} only")
    return Difference(found.state, found.largest, "; ".join(notes))


def _compare_gradients(one: Gradient | None, other: Gradient | None) -> Difference:
    if one is None or other is None:
        return Difference("same") if one is other else Difference("different", note="None on one side")
    if one.shape != other.shape:
        return Difference("different", note="shapes differ")
    return difference(one.values, other.values, one.summary, other.summary, (one.grid, other.grid))


def _tensor_text(tensor: Tensor) -> str:
    return _text(tensor.values, tensor.shape, f" {tensor.dtype}")


def _gradient_text(total: Gradient | None) -> str:
    return "None" if total is None else _text(total.values, total.shape, "")


def _text(values: Values, shape: list[int], more: str) -> str:
    return values_text(values, _LONGEST) or f"{shape_text(shape)}{more}"


def _notes(left: TraceIndex, right: TraceIndex) -> Iterator[str]:
    for side, index in (("left", left), ("right", right)):
        for cut in index.trace.truncations:
            if cut.observer in ("tensors", "values", "steps", "gradients"):
                yield f"On the {side}, recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}."


# --- how far two tensors are from each other


@dataclass(frozen=True)
class Difference:
    """How two arrays of one shape differ.

    ``largest`` is max |a - b| over the elements that are finite on both sides, ``None`` if no element was recorded.
    ``rounding``: all differences are as small as ``torch.allclose`` allows.
    """

    state: Alike
    largest: float | None = None
    note: str = ""


_BEYOND = Difference("unknown", note="a number in it is beyond what can be compared")


def difference(
    left: Values,
    right: Values,
    one: Summary | None,
    other: Summary | None,
    grids: tuple[Grid | None, Grid | None] = (None, None),
) -> Difference:
    """Compare the values of two tensors of one shape; where they were not recorded, their grids and summaries."""
    if left is None or right is None:
        return _by_summary(one, other, grids)
    mine, others = list(flat(left)), list(flat(right))
    if len(mine) != len(others):
        return Difference("unknown", note="the traces do not have all of its numbers")
    try:
        return _by_element(mine, others)
    except (OverflowError, TypeError, ValueError):
        return _BEYOND


def _by_element(left: list[Any], right: list[Any]) -> Difference:
    largest, unlike, close = 0.0, 0, True
    for a, b in zip(left, right, strict=True):
        apart = _apart(a, b)
        if apart is None:
            unlike += 1
            continue
        largest = max(largest, apart)
        close = close and apart <= _ATOL + _RTOL * max(abs(float(a)), abs(float(b))) if apart else close
    if unlike:
        return Difference("different", largest, f"{plural(unlike, 'element')} NaN or infinite on one side only")
    if not largest:
        return Difference("same", 0.0)
    return Difference("rounding" if close else "different", largest)


def _apart(a: Any, b: Any) -> float | None:
    """Return |a - b|: 0 for two NaN or two equal infinities, ``None`` where only one of them is finite."""
    if a == b:
        return 0.0
    one, other = float(a), float(b)
    if math.isnan(one) and math.isnan(other):
        return 0.0
    return abs(one - other) if math.isfinite(one) and math.isfinite(other) else None


def _by_summary(one: Summary | None, other: Summary | None, grids: tuple[Grid | None, Grid | None]) -> Difference:
    if one is None or other is None:
        return Difference("unknown", note="its numbers were not recorded")
    try:
        found = _of_summaries(one, other)
        blocks = _of_grids(*grids) if found.state == "alike" else None
    except (OverflowError, TypeError, ValueError):
        return _BEYOND
    if blocks is None:
        return found
    if blocks:
        return Difference("different", note=f"the means of {blocks:,} of its blocks differ")
    return Difference("alike", note=f"and the same means of its blocks; {found.note}")


def _of_summaries(one: Summary, other: Summary) -> Difference:
    told = [
        f"{name} {_number(getattr(one, name))} and {_number(getattr(other, name))}"
        for name in (*_TOLD, "nan", "inf")
        if not _equal(getattr(one, name), getattr(other, name))
    ]
    if not told and one.zero == other.zero:
        return Difference("alike", note=_NOT_EACH)
    close = all(_close(getattr(one, name), getattr(other, name), one) for name in _TOLD)
    if close and (one.nan, one.inf) == (other.nan, other.inf):
        # Elements that are zero on one side only may be rounded to it.
        return Difference("alike", note=f"up to rounding; {_NOT_EACH}")
    return Difference("different", note="; ".join(told[:3]))


def _equal(a: Number | None, b: Number | None) -> bool:
    return a is b if a is None or b is None else _apart(a, b) == 0


def _of_grids(one: Grid | None, other: Grid | None) -> int | None:
    """Count the blocks whose means are further apart than they were rounded; ``None`` where they cannot be compared."""
    if one is None or other is None or [len(row) for row in one.cells] != [len(row) for row in other.cells]:
        return None
    mine, others = ([cell for row in grid.cells for cell in row] for grid in (one, other))
    # In thousandths of ``largest``, each rounded by up to a half.
    rounded = (1 + 1e-6) * (one.largest + other.largest) / 2
    return sum(
        abs(a * one.largest - b * other.largest) > rounded if a is not None and b is not None else a is not b
        for a, b in zip(mine, others, strict=True)
    )


def _close(a: Number | None, b: Number | None, summary: Summary) -> bool:
    if a is None or b is None:
        return a is b
    apart = _apart(a, b)
    # A mean near zero is as exact as the numbers that it is of.
    scale = max(abs(float(end)) for end in (summary.min or 0, summary.max or 0, a, b))
    return apart is not None and apart <= _ATOL + _RTOL * scale


def _number(value: Number | None) -> str:
    return "none" if value is None else number_text(value)
