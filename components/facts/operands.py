"""What went into the operation of a node and what came out of it, as far as the numbers of a trace tell.

A trace has the numbers of what was bound to a name and of what nodes saved. What stands between two operations of one
line is taken from the node that saved it, or worked out in its own type from what went in.

Known limitation: the numbers of tensors too large to be recorded are not known, of named ones only how many are bad.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..trace import Gradient, Node, SavedTensor, Summary, Tensor, Values
from .index import TraceIndex
from .numbers import flat
from .saved_words import slot_of

Array = NDArray[Any]
Bad = Literal["nan", "inf", ""]
_TYPES = {"float16": np.float16, "bfloat16": np.float32, "float32": np.float32, "float64": np.float64}
_OWN = ("result", "output")


@dataclass(frozen=True)
class Operand:
    """Numbers of an operation: ``array`` where all are known; ``nan`` and ``inf`` count, ``None`` if not known.

    ``tensor`` is the program's own, where it is one that no node of the graph made or that has a name.
    """

    shape: tuple[int, ...] = ()
    array: Array | None = None
    nan: int | None = None
    inf: int | None = None
    tensor: Tensor | None = None
    dtype: str = ""
    summary: Summary | None = None

    @property
    def bad(self) -> Bad | None:
        """The worse of what is in it, empty where all is finite, ``None`` where that is not known."""
        if self.nan is None or self.inf is None:
            return None
        return "nan" if self.nan else "inf" if self.inf else ""


UNKNOWN = Operand()


class Operands:
    """Asked node by node in the order of birth: what a node's inputs are is remembered."""

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self._known: dict[str, Operand] = {}

    def output(self, node: str) -> Operand:
        """Return what an operation returned; of a leaf's ``AccumulateGrad`` the leaf."""
        if node not in self._known:
            self._known[node] = self._output(self._index.nodes[node])
        return self._known[node]

    def inputs(self, node: Node) -> dict[str | int, Operand]:
        """Return what went in: by slot what has a gradient, by PyTorch's name what else the node saved."""
        found: dict[str | int, Operand] = {}
        for saved in node.saved:
            if saved.shape is not None and saved.name not in _OWN:
                slot = slot_of(node, saved.name)
                found[saved.name if slot is None else slot] = of_saved(self._index, saved)
        for edge in self._index.edges_from.get(node.id, ()):
            known = self._known.get(edge.target) or self._leaf(edge.target)
            if known is not None and (
                edge.slot not in found or found[edge.slot].bad is None or known.tensor is not None
            ):
                found[edge.slot] = known
        return found

    def _leaf(self, node: str) -> Operand | None:
        """A leaf that was never changed; else its numbers of then are those that a node saved."""
        known = self._index.nodes[node]
        tensor = self._index.tensors.get(known.tensor or "")
        if known.leaf is None or tensor is None:
            return None
        return of_tensor(tensor) if self._index.latest[tensor.origin].id == tensor.id else None

    def _output(self, node: Node) -> Operand:
        if node.leaf is not None:
            return self._leaf(node.id) or UNKNOWN
        made = self._index.made.get(node.id)
        if made:
            return of_tensor(made[0])
        for saved in node.saved:
            if saved.name in _OWN and saved.shape is not None:
                return of_saved(self._index, saved)
        for edge in self._index.edges_to.get(node.id, ()):
            user = self._index.nodes[edge.source]
            for saved in user.saved:
                if saved.shape is not None and slot_of(user, saved.name) == edge.slot:
                    return of_saved(self._index, saved)
        return self._computed(node)

    def _computed(self, node: Node) -> Operand:
        """Work an operation out from what went in, in the type of what went in."""
        compute = _COMPUTE.get(node.name)
        inputs = self.inputs(node)
        if compute is None or 0 not in inputs:
            return UNKNOWN
        first, second = inputs[0], inputs.get(1)
        numbers = [first.array, second.array if second is not None else _number(node)]
        if numbers[0] is None or (node.name in _BINARY and numbers[1] is None) or _scaled(node):
            return UNKNOWN
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                array = np.asarray(compute(*numbers[: 1 + (node.name in _BINARY)]), dtype=numbers[0].dtype)
            except (ValueError, TypeError, FloatingPointError):
                return UNKNOWN
        return of_array(array, first.dtype)


def _scaled(node: Node) -> bool:
    """Whether a sum or a difference is one of a multiple."""
    return any(saved.name == "alpha" and saved.value != "1" for saved in node.saved)


def _number(node: Node) -> Array | None:
    """The plain number of an operation: an exponent."""
    for saved in node.saved:
        if saved.name in ("exponent", "other") and saved.shape is None and saved.value is not None:
            try:
                return np.asarray(float(saved.value))
            except ValueError:
                return None
    return None


def _power(base: Array, exponent: Array) -> Array:
    raised: Array = np.power(base, exponent.astype(base.dtype))
    return raised


_UNARY: dict[str, Callable[..., Any]] = {
    "LogBackward0": np.log,
    "Log2Backward0": np.log2,
    "Log10Backward0": np.log10,
    "Log1PBackward0": np.log1p,
    "SqrtBackward0": np.sqrt,
    "ReciprocalBackward0": np.reciprocal,
    "RsqrtBackward0": lambda x: 1 / np.sqrt(x),
    "ExpBackward0": np.exp,
    "AcosBackward0": np.arccos,
    "AsinBackward0": np.arcsin,
    "AtanhBackward0": np.arctanh,
    "AcoshBackward0": np.arccosh,
    "NegBackward0": np.negative,
    "SinBackward0": np.sin,
    "CosBackward0": np.cos,
    "AbsBackward0": np.abs,
}
_BINARY: dict[str, Callable[..., Any]] = {
    "DivBackward0": np.divide,
    "MulBackward0": np.multiply,
    "AddBackward0": np.add,
    "SubBackward0": np.subtract,
    "MmBackward0": np.matmul,
    "PowBackward0": _power,
    "PowBackward1": _power,
}
_COMPUTE = _UNARY | _BINARY
ELEMENTWISE = _COMPUTE.keys() - {"MmBackward0"}


def of_tensor(tensor: Tensor) -> Operand:
    """Return the numbers of a recorded tensor."""
    known = of_values(tensor.values, tensor.shape, tensor.dtype, tensor.summary)
    return Operand(known.shape, known.array, known.nan, known.inf, tensor, tensor.dtype, tensor.summary)


def of_saved(index: TraceIndex, saved: SavedTensor) -> Operand:
    """Return the numbers of a saved tensor, its own or those of the program's tensor in the same memory."""
    tensor = index.tensors.get(saved.tensor or "")
    if tensor is not None and tensor.shape == saved.shape:
        return of_tensor(tensor)
    return of_values(saved.values, saved.shape or [], saved.dtype or "")


def of_gradient(gradient: Gradient | None) -> Operand:
    """Return the numbers of a recorded gradient."""
    return of_values(gradient.values, gradient.shape, "", gradient.summary) if gradient is not None else UNKNOWN


def of_values(values: Values, shape: list[int], dtype: str, summary: Summary | None = None) -> Operand:
    """Return recorded numbers; without them what their summary counts."""
    if values is None:
        nan, inf = (summary.nan, summary.inf) if summary is not None else (None, None)
        return Operand(tuple(shape), None, nan, inf, None, dtype, summary)
    try:
        numbers = np.array([float(one) for one in flat(values)], dtype=_TYPES.get(dtype, np.float64))
        return of_array(numbers.reshape(shape), dtype)
    except (OverflowError, TypeError, ValueError):
        return Operand(tuple(shape), dtype=dtype)


def of_array(array: Array, dtype: str) -> Operand:
    """Return numbers that are known."""
    nan, inf = int(np.count_nonzero(np.isnan(array))), int(np.count_nonzero(np.isinf(array)))
    return Operand(tuple(array.shape), array, nan, inf, dtype=dtype)
