"""What two programs computed: the last value of each named tensor and the last ``.grad`` of each leaf, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from ...facts import TraceIndex
from ...facts.text import number_text, shape_text, values_text
from ...trace import Gradient, Tensor, Values
from .numbers import Difference, difference

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


@dataclass(frozen=True)
class Grad:
    """The last ``.grad`` of a leaf; ``total`` is ``None`` where that is ``None``."""

    total: Gradient | None


def last_gradients(index: TraceIndex) -> dict[str, Grad]:
    """Return the last ``.grad`` of each leaf that requires one, by the leaf's name; of equal names the last counts."""
    found: dict[str, Grad] = {}
    for origin, tensor in index.latest.items():
        change = index.last_change.get(origin)
        if tensor.name is not None and (change is not None or (tensor.is_leaf and tensor.requires_grad)):
            found[tensor.name] = Grad(change.total if change is not None else None)
    for change in index.trace.gradients:
        if change.tensor is None or change.tensor not in index.latest:
            found[change.variable] = Grad(change.total)
    return {f"{name}.grad": one for name, one in found.items()}


def _rows(
    left: Mapping[str, _T],
    right: Mapping[str, _T],
    compare: Callable[[_T, _T], Difference],
    text: Callable[[_T], str],
) -> tuple[Compared, ...]:
    rows = []
    for name in dict.fromkeys([*left, *right]):
        one, other = left.get(name), right.get(name)
        if one is not None and other is not None:
            found = compare(one, other)
            rows.append(Compared(name, text(one), text(other), found.state, found.largest, found.note))
        elif one is not None:
            rows.append(Compared(name, text(one), "", "only left"))
        elif other is not None:
            rows.append(Compared(name, "", text(other), "only right"))
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
    return Difference(found.state, found.largest, found.unlike, "; ".join(notes))


def _compare_gradients(one: Grad, other: Grad) -> Difference:
    if one.total is None or other.total is None:
        return Difference("same") if one.total is other.total else Difference("different", note="None on one side")
    if one.total.shape != other.total.shape:
        return Difference("different", note="shapes differ")
    first, second = one.total, other.total
    return difference(first.values, second.values, first.summary, second.summary, (first.grid, second.grid))


def _tensor_text(tensor: Tensor) -> str:
    return _text(tensor.values, tensor.shape, f" {tensor.dtype}")


def _gradient_text(grad: Grad) -> str:
    return "None" if grad.total is None else _text(grad.total.values, grad.total.shape, "")


def _text(values: Values, shape: list[int], more: str) -> str:
    return values_text(values, _LONGEST) or f"{shape_text(shape)}{more}"


def _notes(left: TraceIndex, right: TraceIndex) -> Iterator[str]:
    for side, index in (("left", left), ("right", right)):
        for cut in index.trace.truncations:
            if cut.observer in ("tensors", "values", "steps", "gradients"):
                yield f"On the {side}, recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}."
