"""A value that is no tensor, in a few characters.

Only exact built-in types are spelled out: looking at a variable must never run code of the program (its ``__repr__``,
its ``__len__``), nor take long (the decimal digits of a huge number).
"""

from __future__ import annotations

import math
from types import BuiltinFunctionType, FunctionType, ModuleType

import torch

_LONGEST = 60
_MOST_ELEMENTS = 8
_SCALARS = (int, float, bool, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size)
_CONTAINERS = (list, tuple, set, frozenset, dict)


def class_name(kind: type) -> str:
    """Return a class's name, whatever a metaclass of the program's own would say."""
    return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]


def short_text(value: object) -> str | None:
    """Return a text for the value; ``None`` for what is no news as a variable: modules, functions, classes."""
    kind = type(value)
    # ``isinstance`` would ask an object for its class, which is the program's code if it defines that.
    if issubclass(kind, ModuleType | FunctionType | BuiltinFunctionType | type):
        return None
    if kind in _SCALARS:
        return _scalar(value)
    if kind in _CONTAINERS:
        return _container(value)
    return class_name(kind)


def _scalar(value: object) -> str:
    if type(value) is int and value.bit_length() > 200:
        return f"integer of about {math.ceil(value.bit_length() * math.log10(2))} digits"
    if type(value) in (str, bytes):
        assert isinstance(value, str | bytes)
        return _cut(repr(value[:_LONGEST])) if len(value) <= _LONGEST else f"{value[: _LONGEST - 20]!r}…"
    return _cut(repr(value))


def _container(value: object) -> str:
    assert isinstance(value, list | tuple | set | frozenset | dict)
    kind = type(value).__name__
    tensors = sum(issubclass(type(entry), torch.Tensor) for entry in list(value)[:_MOST_ELEMENTS])
    if isinstance(value, list | tuple) and len(value) <= _MOST_ELEMENTS and _all_scalars(value):
        inner = ", ".join(_scalar(entry) for entry in value)
        text = f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
        if len(text) <= _LONGEST:
            return text
    what = "tensors" if tensors and tensors == min(len(value), _MOST_ELEMENTS) else "elements"
    return f"{kind} of {len(value)} {what}"


def _all_scalars(values: list[object] | tuple[object, ...]) -> bool:
    return all(type(entry) in _SCALARS for entry in values)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
