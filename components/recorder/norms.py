"""What one step did to each parameter, in three numbers: the norms of its gradient, its values and its update.

The values before the update are copied where the optimizer begins and let go where it ends, one copy of what that
optimizer trains, at most ``_MOST_COPIED`` bytes; no update is known of parameters beyond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from ..capture.quiet import quiet
from ..trace.base import Number

_MOST_COPIED = 2 << 30
Column = dict[str, Number | None]


@dataclass
class Norms:
    """The norms of one step, by the name of the parameter; ``name_of`` says what it is called."""

    name_of: Callable[[torch.Tensor], str]
    gradients: Column = field(default_factory=dict)
    weights: Column = field(default_factory=dict)
    updates: Column = field(default_factory=dict)
    uncopied: int = 0
    """Of how many parameters no update is known, for their size."""
    _before: list[tuple[torch.Tensor, torch.Tensor | None]] = field(default_factory=list)

    def begin(self, optimizer: torch.optim.Optimizer) -> None:
        """The optimizer begins: note the gradients as it finds them, and copy the values."""
        with quiet():
            trained = [(each, each.grad) for each in parameters_of(optimizer) if each.grad is not None]
            _note(self.gradients, [self.name_of(each) for each, _ in trained], [grad for _, grad in trained])
            left = _MOST_COPIED
            self._before = []
            for each, _ in trained:
                left -= each.numel() * each.element_size()
                self._before.append((each, each.detach().clone() if left >= 0 else None))

    def end(self) -> None:
        """It has updated: note what changed, and what the values are now."""
        with quiet():
            before, self._before = self._before, []
            names = [self.name_of(each) for each, _ in before]
            _note(self.weights, names, [each.detach() for each, _ in before])
            copied = [(name, each, old) for name, (each, old) in zip(names, before, strict=True) if old is not None]
            self.uncopied += len(before) - len(copied)
            _note(self.updates, [name for name, _, _ in copied], [each.detach() - old for _, each, old in copied])

    def forget(self) -> None:
        """Let go of all tensors."""
        self._before = []


def parameters_of(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """Yield what an optimizer trains."""
    for group in optimizer.param_groups:
        yield from group["params"]


def _note(column: Column, names: Sequence[str], tensors: Sequence[torch.Tensor]) -> None:
    column.update(zip(names, norms(tensors), strict=True))


def norms(tensors: Sequence[torch.Tensor]) -> list[Number | None]:
    """Return Euclidean norms, counted in float32 at least; each device is waited for once."""
    found: list[torch.Tensor | None] = [_norm(tensor) for tensor in tensors]
    numbers: list[Number | None] = [None] * len(found)
    for device in {norm.device for norm in found if norm is not None}:
        places = [place for place, norm in enumerate(found) if norm is not None and norm.device == device]
        values = torch.stack([norm for place in places if (norm := found[place]) is not None]).tolist()
        for place, value in zip(places, values, strict=True):
            numbers[place] = number(value)
    return numbers


def _norm(tensor: torch.Tensor) -> torch.Tensor | None:
    try:
        values = tensor.detach()
        if values.is_sparse:
            values = values.coalesce().values()
        if values.is_complex():
            values = torch.view_as_real(values)
        wide = values.dtype if values.dtype is torch.float64 else torch.float32
        norm: torch.Tensor = torch.linalg.vector_norm(values, dtype=wide)
        return norm.to(torch.float64)
    except Exception:  # a tensor of a kind that has no norm
        return None


def number(value: float) -> Number:
    """Return a number with seven digits, which is what float32 has, or the word for one that JSON cannot say."""
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.7g}")
