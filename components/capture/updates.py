"""What a step of an optimizer did to its parameters, as norms: of the gradients, of the values, of what it changed.

Many tensors are one call of PyTorch's, and a device is waited for once for all that are alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import torch

from ..trace.recording import Amount
from .quiet import is_ordinary, plain

_MOST_COPIED = 2 << 30
# Those that PyTorch computes with; float8 and the like are only stored.
_DTYPES = {torch.float16, torch.bfloat16, torch.float32, torch.float64}


class Update:
    """One step of an optimizer, from ``begin`` to ``end``.

    Between them there is a copy of each of the ``parameters`` that has a gradient, of at most 2 GiB together, and
    ``end`` knows no update of those beyond. Whoever calls is ``quiet``.
    """

    def __init__(self) -> None:
        self.parameters: list[torch.Tensor] = []
        self._before: list[torch.Tensor | None] = []

    def begin(
        self, optimizer: torch.optim.Optimizer, takes: Callable[[torch.Tensor], bool] = lambda parameter: True
    ) -> list[torch.Tensor]:
        """Copy the values; return the gradients that the optimizer finds, in the order of ``parameters``."""
        found = [(each, each.grad) for each in parameters_of(optimizer) if takes(each)]
        trained = [(each, gradient) for each, gradient in found if gradient is not None]
        self.parameters = [each for each, _ in trained]
        self._before = []
        left = _MOST_COPIED
        for each in self.parameters:
            left -= each.numel() * each.element_size()
            values = values_of(each) if left >= 0 else None
            self._before.append(values.clone() if values is not None else None)
        return [gradient for _, gradient in trained]

    def end(self) -> tuple[list[Amount | None], list[Amount | None]]:
        """Return the norms of the values as they are now and of what has changed, and let go of everything."""
        parameters, before = self.parameters, self._before
        self.forget()
        moved = [_difference(old, values_of(each)) for each, old in zip(parameters, before, strict=True)]
        both = norms([*parameters, *moved])
        return both[: len(parameters)], both[len(parameters) :]

    def forget(self) -> None:
        """Let go of all tensors."""
        self.parameters, self._before = [], []


def parameters_of(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """Yield what an optimizer trains."""
    for group in optimizer.param_groups:
        yield from group["params"]


def values_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the floating numbers of a tensor; ``None`` where it has none that can be read.

    Of a complex tensor both parts, of a sparse one what is stored. Whoever calls is ``quiet``.
    """
    if is_ordinary(tensor) and tensor.dtype in _DTYPES:
        return tensor
    flat = plain(tensor.detach().coalesce().values() if tensor.is_sparse else tensor)
    if flat is None:
        return None
    flat = flat.detach()
    if flat.is_complex():
        flat = torch.view_as_real(flat.resolve_conj())
    return flat if flat.dtype in _DTYPES else None


def norms(tensors: Sequence[torch.Tensor | None]) -> list[Amount | None]:
    """Return Euclidean norms, counted in float32 at least; ``None`` of what has none."""
    numbers: list[Amount | None] = [None] * len(tensors)
    groups: defaultdict[tuple[torch.device, torch.dtype], list[tuple[int, torch.Tensor]]] = defaultdict(list)
    for place, tensor in enumerate(tensors):
        values = values_of(tensor) if tensor is not None else None
        if values is not None:
            groups[values.device, values.dtype].append((place, values))
    for alike in groups.values():
        for (place, _), norm in zip(alike, _norms_of_alike([values for _, values in alike]), strict=True):
            numbers[place] = number(norm)
    return numbers


def number(value: float) -> Amount:
    """Return a number with seven digits, which is what float32 has, or the word for one that JSON cannot say."""
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.7g}")


def _norms_of_alike(tensors: list[torch.Tensor]) -> list[float]:
    wide = None if tensors[0].dtype is torch.float64 else torch.float32
    found: list[float] = torch.stack(torch._foreach_norm(tensors, 2, dtype=wide)).tolist()
    return found


def _difference(old: torch.Tensor | None, now: torch.Tensor | None) -> torch.Tensor | None:
    """Return what changed, in the memory of the copy."""
    return old.sub_(now) if old is not None and now is not None and old.shape == now.shape else None
