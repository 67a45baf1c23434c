"""Parts of PyTorch that trust their caller with memory, wrapped in the checks that they leave out.

Their kernels believe that a saved tensor comes back with the shape it had, and that a parameter has the shape its
module was made for. Where a program can break that belief, the process can be made to write where it should not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader


class SavedTensorsHooks(torch.autograd.graph.saved_tensors_hooks):
    """``saved_tensors_hooks`` whose ``unpack`` must give back a tensor of the same shape and type.

    Integer tensors (indices) must come back with the same numbers too.
    """

    def __init__(self, pack_hook: Callable[[torch.Tensor], Any], unpack_hook: Callable[[Any], torch.Tensor]) -> None:
        def pack(tensor: torch.Tensor) -> tuple[Any, torch.Size, torch.dtype, torch.Tensor | None]:
            exact = None if tensor.is_floating_point() or tensor.is_complex() else tensor.clone()
            return pack_hook(tensor), tensor.shape, tensor.dtype, exact

        def unpack(packed: tuple[Any, torch.Size, torch.dtype, torch.Tensor | None]) -> torch.Tensor:
            value, shape, dtype, exact = packed
            tensor = unpack_hook(value)
            if not isinstance(tensor, torch.Tensor):
                raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor")
            same = tensor.shape == shape and tensor.dtype == dtype
            if not same or (exact is not None and not torch.equal(tensor, exact)):
                raise ValueError("unpack must return the saved tensor with the same shape and dtype")
            return tensor

        super().__init__(pack, unpack)


class SingleProcessDataLoader(DataLoader[Any]):
    """``DataLoader`` without workers: a program is one process here."""

    def __init__(self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, **options: Any) -> None:
        if options.get("num_workers"):
            raise ValueError("num_workers must be 0: a program is one process here")
        allowed = {"drop_last", "num_workers", "generator", "collate_fn", "pin_memory"}
        if unknown := options.keys() - allowed:
            raise TypeError(f"DataLoader options not available here: {', '.join(sorted(unknown))}")
        super().__init__(dataset, batch_size=batch_size, shuffle=shuffle, **options)


SingleProcessDataLoader.__name__ = SingleProcessDataLoader.__qualname__ = "DataLoader"


def functional_call(
    module: nn.Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: Any = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``torch.func.functional_call`` with replacements of the shapes that the module was made for."""
    own = dict(nn.Module.named_parameters(module)) | dict(nn.Module.named_buffers(module))
    several = parameter_and_buffer_dicts
    for replacements in several if isinstance(several, list | tuple) else (several,):
        for name, tensor in replacements.items():
            check_replacement(own.get(name), tensor, name)
    return torch.func.functional_call(
        module, parameter_and_buffer_dicts, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def register_in_place_of(module: nn.Module, method: str, name: str, tensor: Any, **options: Any) -> None:
    """``register_parameter`` and ``register_buffer`` of a module of PyTorch's own: what was there keeps its shape."""
    for part in ("_parameters", "_buffers"):
        check_replacement(module.__dict__.get(part, {}).get(name), tensor, name)
    getattr(module, method)(name, tensor, **options)


def from_numpy(array: numpy.ndarray[Any, Any]) -> torch.Tensor:
    """``torch.from_numpy``, which shares memory; integers are copied, since kernels trust indices they have saved."""
    tensor = torch.from_numpy(array)
    return tensor if tensor.is_floating_point() or tensor.is_complex() else tensor.clone()


def check_replacement(old: torch.Tensor | None, new: Any, name: str) -> None:
    """Raise ``ValueError`` if ``new`` cannot take the place of ``old`` in a module of PyTorch's own."""
    if old is not None and isinstance(new, torch.Tensor) and (new.shape != old.shape or new.dtype != old.dtype):
        raise ValueError(f"{name} must keep shape {tuple(old.shape)} and dtype {old.dtype}, got {tuple(new.shape)}")
