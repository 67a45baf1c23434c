"""A shadow of PyTorch's memory: beside the numbers of a storage lie the expressions that they came from.

Views share their storage, so they share its expressions: a view needs no bookkeeping, and a change in place is seen by
every alias, exactly as with the numbers themselves.

Known limitations: only floating-point numbers have expressions. A tensor that looks at a storage as another type has
none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided

from .arrays import Symbols
from .atoms import lifted
from .budget import Budget, Refused


class Unknown(Exception):
    """A tensor has no symbols; ``reason`` says since when."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class _Cells:
    """What lies beside one storage. The storage is held, so that its address stays its own."""

    storage: torch.UntypedStorage
    dtype: torch.dtype
    symbols: Symbols
    reason: str | None = None


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    """Return the memory of an ordinary tensor; ``None`` for wrappers, sparse tensors and their like."""
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return None
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return None


def address(tensor: torch.Tensor) -> int | None:
    """Return what tells a tensor's memory from that of others, as long as it lives."""
    storage = storage_of(tensor)
    return storage._cdata if storage is not None else None


class ExpressionMemory:
    """Keeps the expressions of one run, by storage."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._cells: dict[int, _Cells] = {}
        # Storages of which it is known that they have no expressions, and those that must not change any more.
        self._constant: dict[int, torch.UntypedStorage] = {}
        self._frozen: dict[int, torch.UntypedStorage] = {}

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether anything in the tensor's memory depends on an input."""
        return self._find(tensor) is not None

    def follows(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor has expressions that depend on an input."""
        cells = self._find(tensor)
        return cells is not None and cells.reason is None and tensor.is_floating_point()

    def read(self, tensor: torch.Tensor) -> Symbols:
        """Return the tensor's expressions, numbers where it depends on no input.

        Raises:
            Unknown: what it depends on has no symbolic form.
        """
        cells = self._find(tensor)
        if cells is None:
            self._budget.admit_work(tensor.numel())
            return lifted(tensor)
        if cells.reason is not None:
            raise Unknown(cells.reason)
        if tensor.dtype != cells.dtype or tensor.is_neg() or _size(cells.storage, tensor) != cells.symbols.size:
            raise Unknown("Memory looked at as another type has no symbolic form here.")
        self._budget.admit_count(tensor.numel())
        return _seen_by(tensor, cells.symbols).copy()

    def write(self, tensor: torch.Tensor, symbols: Symbols) -> None:
        """Put expressions beside the numbers of a tensor, which may see part of a storage only."""
        cells = self._of(tensor)
        if cells.reason is None:
            _seen_by(tensor, cells.symbols)[...] = symbols

    def spoil(self, tensor: torch.Tensor, reason: str) -> None:
        """The tensor's memory depends on inputs in a way that has no symbolic form."""
        cells = self._of(tensor, with_values=False)
        cells.reason = cells.reason or reason

    def is_accounted_for(self, tensor: torch.Tensor) -> bool:
        """Whether an operation that was followed made the tensor's memory."""
        storage = storage_of(tensor)
        return storage is None or storage._cdata in self._constant or storage._cdata in self._cells

    def is_constant(self, tensor: torch.Tensor) -> None:
        """An operation made the tensor from no input."""
        storage = storage_of(tensor)
        if storage is not None:
            self._constant[storage._cdata] = storage

    def freeze(self, tensor: torch.Tensor) -> None:
        """Refuse changes in place from now on."""
        storage = storage_of(tensor)
        if storage is not None:
            self._frozen[storage._cdata] = storage

    def is_frozen(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor's memory must not change."""
        storage = storage_of(tensor)
        return storage is not None and storage._cdata in self._frozen

    def _find(self, tensor: torch.Tensor) -> _Cells | None:
        storage = storage_of(tensor)
        return self._cells.get(storage._cdata) if storage is not None else None

    def _of(self, tensor: torch.Tensor, *, with_values: bool = True) -> _Cells:
        storage = storage_of(tensor)
        if storage is None:
            raise Refused("A tensor of a special kind was changed, which cannot be followed.")
        size = _size(storage, tensor)
        cells = self._cells.get(storage._cdata)
        if cells is not None and cells.dtype == tensor.dtype and cells.symbols.size in (0, size):
            return cells
        if cells is not None:
            raise Refused("Memory changed its size or type, which cannot be followed.")
        values: Any = np.empty(0, dtype=object)
        if with_values:
            self._budget.admit_count(size)
            values = lifted(torch.as_strided(tensor.detach(), (size,), (1,), 0))
        self._cells[storage._cdata] = made = _Cells(storage, tensor.dtype, values)
        return made


def _size(storage: torch.UntypedStorage, tensor: torch.Tensor) -> int:
    return storage.nbytes() // tensor.element_size()


def _seen_by(tensor: torch.Tensor, cells: Symbols) -> Symbols:
    """The part of a storage's expressions that a tensor sees, as a view."""
    steps = [stride * cells.itemsize for stride in tensor.stride()]
    return as_strided(cells[tensor.storage_offset() :], shape=tuple(tensor.shape), strides=steps)


def leaves(*values: Any) -> list[Any]:
    """Return what is in the values, inside lists, tuples and dictionaries too, a few levels deep."""
    found: list[Any] = []
    waiting = [(value, 0) for value in reversed(values)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple) and depth < 8:
            waiting += [(entry, depth + 1) for entry in reversed(value)]
        else:
            found.append(value)
    return found


def tensors_in(*values: Any) -> list[torch.Tensor]:
    """Return the tensors among the leaves."""
    return [leaf for leaf in leaves(*values) if isinstance(leaf, torch.Tensor)]
