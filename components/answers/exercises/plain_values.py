"""Values on their way from the program's process to the judge's: their content as JSON text, never an object.

What arrives is Python's or PyTorch's own, so no class of the program's says what it is equal to: of a subclass of a
number, a text, a list or a tuple the content alone is taken, any other object has no content here.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ...trace.questions import LONGEST_VALUE

_DEEPEST = 8
_MOST_NUMBERS = 10_000
_LONGEST_SHOWN = 400
_TENSORS = (torch.Tensor, torch.nn.Parameter)
_VIEWS: tuple[type, ...] = (range, deque, type({}.keys()), type({}.values()))


class NotPlain(ValueError):
    """The value has no plain content, or the text no value; the message says what it is."""


class Unknown:
    """Stands for an object without plain content: it is not ``None``, and equal to nothing."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return False


def encode_value(value: object) -> str:
    """Return the content as JSON text; raises ``NotPlain``."""
    try:
        text = json.dumps(_coded(value, 0))
    except NotPlain:
        raise
    except Exception:  # a number of thousands of digits, a tensor that cannot be read
        raise NotPlain(f"an object of type {name_of_type(value)}, which cannot be read") from None
    if len(text) > LONGEST_VALUE:
        raise NotPlain(f"a {name_of_type(value)} that is too long to show")
    return text


def decode_value(text: str) -> Any:
    """Return the value of such a text; raises ``NotPlain`` for any other, since a program may have written it."""
    try:
        return _decoded(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, RecursionError):
        raise NotPlain("something that is not the text of a value") from None


def name_of_type(value: object) -> str:
    """Return what the value's class is called, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name[:100]


def shown(value: object) -> str:
    """A value as text, on one line and not too long."""
    if isinstance(value, Unknown):
        return "an object"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # a number of thousands of digits
        return f"a {name_of_type(value)} that is too long to show"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} …"


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """Not ``in``: a metaclass may say that its classes are equal to any."""
    return any(kind is one for one in kinds)


def _coded(value: Any, depth: int) -> Any:
    """JSON for one value: numbers and texts as they are, anything else with a word for its kind."""
    kind = type(value)
    if value is None or _is_one_of(kind, (bool, int, float, str)):
        return value
    if depth > _DEEPEST:
        raise NotPlain("something nested too deeply")
    if _is_one_of(kind, _TENSORS):
        return {"tensor": _coded_tensor(value)}
    if isinstance(value, np.generic):
        return _coded(value.item(), depth + 1)
    if kind is np.ndarray and value.dtype != object:
        return {"tensor": _coded_tensor(torch.from_numpy(np.ascontiguousarray(value).copy().reshape(value.shape)))}
    if _is_one_of(kind, (torch.dtype, torch.device, complex)):
        return {kind.__name__: str(value)}
    for base, content in _SCALARS.items():
        if isinstance(value, base):
            return content(value)
    return _coded_collection(value, depth)


_ITERATED: dict[str, Any] = {
    "size": torch.Size,
    "tuple": tuple,
    "list": list,
    "set": set,
    "frozenset": frozenset,
}
_SCALARS: dict[type, Callable[[Any], Any]] = {int: int.__int__, float: float.__float__, str: str.__str__}


def _coded_collection(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        pairs = [[_coded(key, depth + 1), _coded(one, depth + 1)] for key, one in dict.items(value)]
        return {"dict": pairs}
    for word, base in _ITERATED.items():
        if isinstance(value, base):
            return {word: [_coded(one, depth + 1) for one in base.__iter__(value)]}
    if _is_one_of(type(value), _VIEWS):
        return {"list": [_coded(one, depth + 1) for one in value]}
    raise NotPlain(f"an object of type {name_of_type(value)}")


def _coded_tensor(tensor: torch.Tensor) -> list[Any]:
    if tensor.numel() > _MOST_NUMBERS:
        raise NotPlain(f"a tensor of {tensor.numel():,} numbers, too many to compare")
    dense = tensor.detach().to_dense() if tensor.layout != torch.strided else tensor.detach()
    numbers = torch.view_as_real(dense.resolve_conj()) if dense.is_complex() else dense
    return [str(tensor.dtype).removeprefix("torch."), [*tensor.shape], numbers.reshape(-1).tolist()]


def _decoded(coded: Any) -> Any:
    if not isinstance(coded, dict):
        return coded
    ((kind, content),) = coded.items()
    if kind in _OF_TEXT:
        return _OF_TEXT[kind](content)
    if kind == "tensor":
        return _decoded_tensor(*content)
    parts = [_decoded(one) for one in content] if kind != "dict" else []
    return {_decoded(key): _decoded(one) for key, one in content} if kind == "dict" else _ITERATED[kind](parts)


def _decoded_tensor(name: str, shape: list[int], numbers: list[Any]) -> torch.Tensor:
    dtype = _dtype(name)
    if dtype.is_complex:
        pairs = torch.tensor(numbers, dtype=torch.float64).reshape([*shape, 2])
        return torch.view_as_complex(pairs).to(dtype)
    return torch.tensor(numbers, dtype=dtype).reshape(shape)


def _dtype(name: str) -> torch.dtype:
    dtype = getattr(torch, name.removeprefix("torch."))
    if not isinstance(dtype, torch.dtype):
        raise TypeError(name)
    return dtype


_OF_TEXT: dict[str, Callable[[str], Any]] = {"dtype": _dtype, "device": torch.device, "complex": complex}
