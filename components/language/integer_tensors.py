"""An integer tensor changes only together with its version counter.

PyTorch's kernels use saved indices in ``backward`` without looking at them again; what guards them is the counter that
every in-place operation raises. The ways to write past it (NumPy views, views as another type, shallow copies, an
exchanged ``.data``) therefore give copies for integers and truth values. Floating-point numbers are shared as usual.
"""

from __future__ import annotations

import copy as _copy
from collections.abc import Iterable
from typing import Any

import numpy
import torch

from components.language.checking import of_a_check

_as_array: Any = torch.Tensor.__array__


def has_derivatives(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds numbers rather than indices or truth values."""
    return tensor.is_floating_point() or tensor.is_complex()


def to_numpy(tensor: torch.Tensor, *arguments: Any, **options: Any) -> Any:
    """``tensor.numpy()``: shares memory for floating-point numbers, a copy of integers."""
    array = tensor.numpy(*arguments, **options)
    return array if has_derivatives(tensor) else array.copy()


def as_array(tensor: torch.Tensor, *arguments: Any, **options: Any) -> Any:
    """``Tensor.__array__``, which NumPy's own functions call, likewise."""
    array = _as_array(tensor, *arguments, **options)
    return array if has_derivatives(tensor) else array.copy()


def own_memory(value: Any) -> Any:
    """Return a copy of a NumPy array of integers, and everything else as it is."""
    shares = isinstance(value, numpy.ndarray | numpy.generic) and value.dtype.kind not in "fc"
    return numpy.array(value) if shares else value


def from_numpy(array: Any) -> torch.Tensor:
    """``torch.from_numpy``: shares memory for floating-point numbers, a copy of integers."""
    return torch.from_numpy(own_memory(array))


def as_tensor(data: Any, *arguments: Any, **options: Any) -> torch.Tensor:
    """``torch.as_tensor``, likewise."""
    return torch.as_tensor(own_memory(data), *arguments, **options)


def asarray(obj: Any, **options: Any) -> torch.Tensor:
    """``torch.asarray``, likewise; bytes, whose memory it would share too, are refused."""
    if isinstance(obj, bytes):
        raise TypeError("torch.asarray() takes numbers, lists, arrays and tensors here")
    return torch.asarray(own_memory(obj), **options)


def view(tensor: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """``tensor.view``; a view as another type is a copy: floating-point numbers may be written past the counter."""
    seen = tensor.view(*arguments, **options)
    if seen.dtype == tensor.dtype:
        return seen
    with of_a_check():
        return seen.clone()


def copy(x: Any) -> Any:
    """``copy.copy``; the copy of an integer tensor keeps its version counter."""
    if isinstance(x, torch.Tensor) and not has_derivatives(x):
        return x.detach()
    return _copy.copy(x)


def deepcopy(x: Any) -> Any:
    """``copy.deepcopy`` without its ``memo``, which could mix up the memory of tensors."""
    return _copy.deepcopy(x)


class IntegerTensorType:
    """``torch.LongTensor`` and its like, which share memory with a NumPy array when called."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __call__(self, *arguments: Any, **options: Any) -> torch.Tensor:
        tensor: torch.Tensor = self._real(*map(own_memory, arguments), **options)
        return tensor

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._real)

    def __repr__(self) -> str:
        return repr(self._real)


def to_type(thing: Any, *arguments: Any, **options: Any) -> Any:
    """``tensor.type`` and ``module.type``, which do not know ``IntegerTensorType``."""
    real = [argument._real if isinstance(argument, IntegerTensorType) else argument for argument in arguments]
    return thing.type(*real, **options)


def replacement_data(tensor: torch.Tensor, new: Any) -> torch.Tensor:
    """Return what may become ``tensor.data``: the same shape, type and order in memory; never indices.

    Raises:
        TypeError: not a tensor.
        ValueError: another shape or type, or an integer tensor.
    """
    if not isinstance(new, torch.Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
    if not has_derivatives(tensor):
        raise ValueError("the .data of an integer tensor cannot be replaced here; use copy_()")
    if new.shape != tensor.shape or new.dtype != tensor.dtype:
        old, got = (f"{tuple(each.shape)} {each.dtype}" for each in (tensor, new))
        raise ValueError(f".data must keep shape and dtype here: it is {old}, the new one {got}; make a new tensor")
    if new.stride() == tensor.stride():
        return new
    with of_a_check():
        return torch.empty_like(tensor).copy_(new.detach())


def vector_to_parameters(vec: torch.Tensor, parameters: Iterable[torch.Tensor]) -> None:
    """``torch.nn.utils.vector_to_parameters``, which replaces the ``.data`` of each parameter.

    Raises:
        ValueError: a parameter of integers, or of another type than ``vec``.
    """
    parameters = list(parameters)
    for parameter in parameters:
        if isinstance(parameter, torch.Tensor) and isinstance(vec, torch.Tensor):
            if not has_derivatives(parameter) or parameter.dtype != vec.dtype:
                raise ValueError(f"a parameter is {parameter.dtype}, vec {vec.dtype}; both must be the same numbers")
            vec = vec.contiguous()
    torch.nn.utils.vector_to_parameters(vec, parameters)
