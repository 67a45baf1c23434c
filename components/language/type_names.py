"""What ``type(x)`` and ``x.__class__`` give: classes that a program can use, and names for the others."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy
import torch
from torch import nn

from components.language.user_classes import MODULE_CLASSES, USER_CLASSES, class_name


class TypeName:
    """What ``type(x)`` gives for a type that a program has no use for: it prints and compares like the type."""

    __slots__ = ("__name__",)

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<class '{self.__name__}'>"

    def __eq__(self, other: object) -> bool:
        return type(other) is TypeName and other.__name__ == self.__name__

    def __hash__(self) -> int:
        return hash(self.__name__)


_PLAIN_TYPES = MODULE_CLASSES | {
    torch.Tensor, nn.Parameter, torch.Size, torch.dtype, torch.device, OrderedDict, numpy.ndarray, type(None),
    int, float, complex, bool, str, bytes, list, dict, tuple, set, frozenset, range,
}  # fmt: skip


def type_of(*arguments: Any) -> Any:
    """Do what ``type(x)`` does."""
    if len(arguments) != 1:
        raise TypeError("type() with three arguments is not available here; use a class statement")
    kind = type(arguments[0])
    if kind in _PLAIN_TYPES or kind in USER_CLASSES or issubclass(kind, BaseException):
        return kind
    return TypeName(f"{kind.__module__}.{class_name(kind)}" if kind.__module__ != "builtins" else class_name(kind))
