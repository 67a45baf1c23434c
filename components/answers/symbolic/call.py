"""One operation of PyTorch, as the table of formulas sees it: arguments by the names of PyTorch's own schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .arrays import Expr, Floats, Symbols, filled, over, single
from .atoms import number
from .budget import Budget
from .shadow import ExpressionMemory, Unknown, tensors_in


class AtenCall:
    """An operation with its arguments and, once it ran, its ``result``.

    ``name`` is that of the operation which gives a new tensor: ``mul`` for ``mul_`` and for ``mul(..., out=...)``.
    ``followed`` runs a function whose operations are parts of this one.
    """

    def __init__(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        memory: ExpressionMemory,
        budget: Budget,
        note: Callable[[str], None],
        title: str,
        followed: Callable[[Callable[[], Any]], Any],
        depends: bool = True,
    ) -> None:
        self.func, self.title, self.budget, self.note, self.followed = func, title, budget, note, followed
        self.result: Any = None
        self._memory = memory
        self.given = _by_name(func, args, kwargs)
        self.written = tensors_in([self.given[name] for name in written_by(func)])
        name: str = func._schema.name.partition("::")[2]
        self.name = name.removesuffix("_") if self.written else name
        self._kept: dict[int, tuple[torch.Tensor, Symbols | str]] = {}
        if self.written and depends:
            self._keep_what_was()

    def has(self, name: str) -> bool:
        """Whether the argument is given and not ``None``."""
        return self.given.get(name) is not None

    def symbols(self, name: str) -> Symbols:
        """Return the expressions of an argument; raises ``Unknown`` for a tensor that has none."""
        return self.symbols_of(self.given[name])

    def list_of_symbols(self, name: str) -> list[Symbols]:
        """Return the expressions of each tensor in a list."""
        return [self.symbols_of(value) for value in self.given[name]]

    def one(self, name: str) -> Expr:
        """Return a number as an expression."""
        return number(self.given[name])

    def floats(self, name: str) -> Floats:
        """Return a tensor's or a number's value in double precision."""
        value = self.given[name]
        if not isinstance(value, torch.Tensor):
            return np.asarray(value, dtype=np.float64)
        return _array(self._numbers(value))

    def integers(self, name: str) -> Any:
        """Return a tensor of integers or truth values as an array."""
        return self._numbers(self.given[name]).detach().numpy(force=True)

    def results(self, position: int = 0) -> Floats:
        """Return the operation's own numbers."""
        result = self.result if isinstance(self.result, torch.Tensor) else self.result[position]
        return _array(result)

    def dims(self, name: str = "dim", of: str = "self") -> tuple[int, ...]:
        """Return the dimensions that are meant, from 0; none named means all."""
        rank = self.given[of].dim()
        named = self.given.get(name)
        named = [named] if isinstance(named, int) else named
        return tuple(dim % rank for dim in named) if named and rank else tuple(range(rank))

    def dim(self, name: str = "dim", of: str = "self") -> int:
        """Return the one dimension that is meant, from 0."""
        rank: int = self.given[of].dim()
        return int(self.given[name]) % max(rank, 1)

    def note_chosen(self) -> None:
        """Say that the formula is that of the elements which the operation has chosen."""
        self.note(f"{self.title}: the formula holds where the same elements are chosen as at this point.")

    def sided(self, choose: Callable[..., Expr], *names: str) -> Symbols:
        """Apply ``choose(x, y, ..., value of x, value of y, ...)``, which takes the side that the values are on."""
        self.note(f"{self.title}: the formula follows the side of the kink on which this point lies.")
        return over(choose, *(self.symbols(name) for name in names), *(self.floats(name) for name in names))

    def again(self, replaced: dict[str, Any]) -> Any:
        """Run the operation with other arguments, on the side."""
        return called(self.func, self.func._schema, self.given | replaced)

    def copied(self, name: str) -> Any:
        """Return the argument; of a tensor a copy as it was before the operation, with its expressions."""
        value = self.given[name]
        if not isinstance(value, torch.Tensor):
            return value
        copy = self._numbers(value).detach().clone()
        if self._memory.knows(value):
            self._memory.write(copy, self.symbols(name))
        return copy

    def symbols_of(self, value: Any) -> Symbols:
        """Return the expressions of a tensor or a number; raises ``Unknown``."""
        if not isinstance(value, torch.Tensor):
            return single(number(value))
        kept = self._kept.get(id(value))
        symbols = kept[1] if kept is not None else self._read(value)
        if isinstance(symbols, str):
            raise Unknown(symbols)
        return symbols

    def _numbers(self, tensor: torch.Tensor) -> torch.Tensor:
        kept = self._kept.get(id(tensor))
        return kept[0] if kept is not None else tensor

    def _keep_what_was(self) -> None:
        """Before the operation changes anything."""
        for tensor in tensors_in(self.given):
            if tensor.numel() <= self.budget.limits.operations:
                self._kept[id(tensor)] = tensor.detach().clone(), self._read(tensor)

    def _read(self, tensor: torch.Tensor) -> Symbols | str:
        try:
            return self._memory.read(tensor)
        except Unknown as unknown:
            return unknown.reason


def called(function: Callable[..., Any], schema: Any, given: dict[str, Any]) -> Any:
    """Call a function that takes its arguments as an operation with this schema does."""
    positional = [given[argument.name] for argument in schema.arguments if not argument.kwarg_only]
    return function(*positional, **{each.name: given[each.name] for each in schema.arguments if each.kwarg_only})


def _array(tensor: torch.Tensor) -> Floats:
    return tensor.detach().to(torch.float64).numpy(force=True)


def _by_name(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    names = [argument.name for argument in func._schema.arguments]
    defaults = {argument.name: argument.default_value for argument in func._schema.arguments}
    return defaults | dict(zip(names, args, strict=False)) | kwargs


def written_by(func: Any) -> list[str]:
    """Return the arguments whose numbers an operation changes, in the order of its results."""
    if torch.Tag.inplace_view in func.tags:
        return []
    return [
        argument.name for argument in func._schema.arguments if argument.alias_info and argument.alias_info.is_write
    ]


def numbered(symbols: list[Symbols]) -> tuple[list[torch.Tensor], Symbols]:
    """Return tensors that hold a number for each expression, and the expressions by number; number 0 is zero."""
    tensors, cells = [], [number(0)]
    for array in symbols:
        values = np.arange(len(cells), len(cells) + array.size, dtype=np.float64).reshape(array.shape)
        tensors.append(torch.from_numpy(values))
        cells += [array[place] for place in np.ndindex(array.shape)]
    return tensors, filled(cells, (len(cells),))


# One array, or one for each result of the operation, ``None`` where a result has no expressions.
TableEntry = Callable[[AtenCall], Symbols | tuple[Symbols | None, ...]]
