"""What ``type(x)`` gives: the type itself where a program has a use for it, and otherwise its name and looks.

Calling the type of a function or of a frame would make a new one past every check.
"""

from __future__ import annotations

import types
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import numpy
import torch
from torch import nn

from components.language.user_classes import MODULE_CLASSES, USER_CLASSES

_PLAIN_TYPES: frozenset[Any] = MODULE_CLASSES | {
    torch.Tensor, nn.Parameter, torch.Size, torch.dtype, torch.device, torch.Generator, type(None), object,
    int, float, complex, bool, str, bytes, list, dict, tuple, set, frozenset, range, slice, property,
    OrderedDict, Counter, defaultdict, deque, numpy.float32, numpy.float64, numpy.int32, numpy.int64, numpy.bool_,
}  # fmt: skip
_PLAIN_BASES = (Exception, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)


class TypeName:
    """Prints, compares and answers ``isinstance`` like a type, and cannot be called."""

    __slots__ = ("__name__", "__qualname__", "_kind")

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self.__name__ = kind.__name__
        self.__qualname__ = kind.__qualname__

    def __repr__(self) -> str:
        return repr(self._kind)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._kind)

    def __eq__(self, other: object) -> bool:
        return self._kind is other._kind if isinstance(other, TypeName) else self._kind is other

    def __hash__(self) -> int:
        return hash(self._kind)


_NAMES: dict[type, TypeName] = {}


def shown(kind: type) -> Any:
    """Return the type, or the same stand-in for it each time."""
    if kind is TypeName:
        kind = type
    elif kind.__name__ == "ModuleStandIn":
        kind = types.ModuleType
    if kind in _PLAIN_TYPES or kind in USER_CLASSES or issubclass(kind, _PLAIN_BASES):
        return kind
    return _NAMES.setdefault(kind, TypeName(kind))


def type_of(*arguments: Any) -> Any:
    """Do what ``type(x)`` does."""
    if len(arguments) != 1:
        raise TypeError("type() with three arguments is not available here; use a class statement")
    return shown(type(arguments[0]))


type_of.__name__ = "type"
