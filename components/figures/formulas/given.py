"""What one formula works with: the gradients that came in, what the node saved, the shape of what goes out.

All numbers are float64 arrays made from the trace's lists. Whatever a record lacks, or says oddly, ends in ``Lacking``.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...facts import TraceIndex
from ...facts.text import number_text
from ...trace import BackwardStep, Node, SavedTensor

Array = NDArray[np.float64]
_BELOW_ZERO = 2**63
_LONGEST_LITERAL = 200
_LONGEST_WORD = 40
# More elements than this are not computed: their values are not in the trace to be shown or compared with.
_MOST_ELEMENTS = 10_000


class Lacking(Exception):
    """The trace does not say what the formula needs."""


class Given:
    """Reads one node and one pass of the engine, for the gradient in one slot."""

    def __init__(self, index: TraceIndex, node: Node, step: BackwardStep | None, slot: int) -> None:
        self._index, self._step = index, step
        self._saved = {saved.name: saved for saved in node.saved}
        self.node, self.slot = node, slot

    # --- names, for the symbols

    def name(self, saved: str) -> str:
        """Return the variable that a saved tensor belongs to, or PyTorch's own name for it."""
        known = self._saved.get(saved)
        tensor = self._index.tensors.get(known.tensor or "") if known is not None else None
        return (tensor.name if tensor is not None else None) or saved

    # --- numbers

    @property
    def grad(self) -> Array:
        """The gradient that came in, for the forward's first output."""
        return self.came(0)

    def came(self, output: int) -> Array:
        """Return the gradient that came in for an output of the forward operation."""
        if self._step is None or output >= len(self._step.grad_outputs):
            raise Lacking
        gradient = self._step.grad_outputs[output]
        if gradient is None:
            raise Lacking
        return _array(gradient.values, gradient.shape)

    def got(self, output: int) -> bool:
        """Whether a gradient came in for an output, with numbers or without."""
        return self._step is not None and self._step.grad_outputs[output] is not None

    @property
    def came_shape(self) -> tuple[int, ...]:
        """The shape of the gradient that came in, which is that of the forward's output."""
        gradient = self._step.grad_outputs[0] if self._step is not None and self._step.grad_outputs else None
        if gradient is None:
            raise Lacking
        return tuple(gradient.shape)

    @property
    def outputs(self) -> int:
        """The number of outputs that the forward operation had."""
        return len(self._step.grad_outputs) if self._step is not None else 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the gradient that goes out, which is that of the forward's input."""
        shape = self.shape_of(self.slot)
        if math.prod(shape) > _MOST_ELEMENTS or min(shape, default=0) < 0:
            raise Lacking
        return shape

    def shape_of(self, slot: int) -> tuple[int, ...]:
        """Return the shape of the gradient that goes out in another slot."""
        if self._step is None or slot >= len(self._step.grad_inputs):
            raise Lacking
        gradient = self._step.grad_inputs[slot]
        if gradient is None:
            raise Lacking
        return tuple(gradient.shape)

    def __call__(self, saved: str) -> Array:
        """Return a saved tensor."""
        record = self._record(saved)
        if record.shape is None:
            return np.asarray(self.number(saved))
        return _array(self._index.saved_values(record), record.shape)

    def whole(self, saved: str) -> NDArray[np.int64]:
        """Return a saved tensor of indices."""
        return self(saved).astype(np.int64)

    def places(self, saved: str) -> NDArray[np.int64] | NDArray[np.bool_]:
        """Return a saved index: places, or a mask."""
        return self(saved) != 0 if self._record(saved).dtype in ("bool", "uint8") else self.whole(saved)

    def has(self, saved: str) -> bool:
        """Whether the node saved something under this name."""
        return saved in self._saved

    def number(self, saved: str, default: float | None = None) -> float:
        """Return a saved number; a tensor of one element counts as one."""
        if default is not None and saved not in self._saved:
            return default
        record = self._record(saved)
        value = self(saved).item() if record.shape == [] else _literal(record.value)
        if not isinstance(value, int | float):
            raise Lacking
        return float(value)

    def written(self, saved: str) -> str | None:
        """Return a saved number, or the only one of a list, as a text; ``None`` for what is a tensor or lacks."""
        record = self._saved.get(saved)
        if record is None or record.shape is not None or record.value is None:
            return None
        try:
            value = _literal(record.value)
        except Lacking:
            return record.value[:_LONGEST_WORD]
        if isinstance(value, tuple | list):
            texts = [_number_text(one) for one in value]
            return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
        return _number_text(value)

    def integer(self, saved: str, default: int | None = None) -> int:
        """Return a saved integer; PyTorch shows those below zero as what they are without a sign."""
        value = _literal(self._record(saved).value) if saved in self._saved or default is None else default
        if not isinstance(value, int):
            raise Lacking
        return _signed(value)

    def integers(self, saved: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a saved list of integers."""
        value = _literal(self._record(saved).value) if saved in self._saved or default is None else default
        if isinstance(value, int):
            value = (value,)
        if not isinstance(value, tuple | list) or not all(isinstance(one, int) for one in value):
            raise Lacking
        return tuple(_signed(one) for one in value)

    def flag(self, saved: str) -> bool:
        """Return a saved truth value, ``False`` where there is none."""
        return saved in self._saved and self._saved[saved].value == "True"

    def text(self, saved: str) -> str:
        """Return the text of a saved value."""
        return self._record(saved).value or ""

    def _record(self, saved: str) -> SavedTensor:
        if saved not in self._saved:
            raise Lacking
        return self._saved[saved]


def _signed(value: int) -> int:
    return value - 2**64 if value >= _BELOW_ZERO else value


def _number_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = _signed(value)
    text = number_text(value) if isinstance(value, int | float) and math.isfinite(value) else str(value)
    return text.replace("-", "−")


def _literal(text: str | None) -> object:
    if text in ("inf", "-inf", "nan"):
        return float(text)
    if text is None or len(text) > _LONGEST_LITERAL or not re.fullmatch(r"[\w\s.,+()\[\]-]*", text):
        raise Lacking
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Lacking from None
    return value


def _array(values: object, shape: list[int]) -> Array:
    if values is None:
        raise Lacking
    array = np.array(values, dtype=np.float64)  # the names of non-finite numbers are understood
    if list(array.shape) != list(shape) and array.size != 0:
        raise Lacking
    return array.reshape(shape)


def summed_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Undo a broadcast: sum over the dimensions that were added or stretched."""
    dims = summed_dims(array.shape, shape)
    return np.asarray(array.sum(axis=dims)).reshape(shape) if dims else array


def summed_dims(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the dimensions of ``wide`` over which a broadcast from ``shape`` is undone."""
    added = len(wide) - len(shape)
    if added < 0:
        raise Lacking
    return tuple(dim for dim, size in enumerate(wide) if dim < added or (shape[dim - added] == 1 and size != 1))


Compute = Callable[[Given], Array]
