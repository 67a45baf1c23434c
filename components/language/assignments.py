"""Which attribute of which object a program may set or delete."""

from __future__ import annotations

from typing import Any

import torch
from RestrictedPython.transformer import INSPECT_ATTRIBUTES
from torch import nn

from components.language import names
from components.language.attributes import Context, get_attribute, is_registered, own_private
from components.language.errors import NotAllowedAttribute
from components.language.safe_torch import check_replacement
from components.language.user_classes import USER_CLASSES, class_name, has_native_shapes


def set_attribute(value: Any, name: str, new: Any) -> None:
    """Do what ``value.name = new`` does."""
    _check_writable(value, name)
    if isinstance(value, torch.Tensor) and name == "data":
        check_replacement(value, new, "data")
    if isinstance(value, nn.Module) and has_native_shapes(value):
        for part in ("_parameters", "_buffers"):
            check_replacement(value.__dict__.get(part, {}).get(name), new, name)
    setattr(value, name, new)


def delete_attribute(value: Any, name: str) -> None:
    """Do what ``del value.name`` does."""
    _check_writable(value, name)
    delattr(value, name)


def _check_writable(value: Any, name: str) -> None:
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    if not _writable(value, type(value), name):
        raise NotAllowedAttribute(f"The attribute {name!r} of {class_name(value)} cannot be set here.", name=name)


def _writable(value: Any, kind: type, name: str) -> bool:
    if name.startswith("__") or name in INSPECT_ATTRIBUTES or name in ("format", "format_map"):
        return False
    if name.startswith("_") and not own_private(kind, name):
        return False
    if isinstance(value, type):
        return value in USER_CLASSES and not name.startswith("_")
    if kind in USER_CLASSES:
        return True
    if isinstance(value, torch.Tensor):
        return name in ("grad", "requires_grad", "data")
    if isinstance(value, nn.Module):
        return name in value.__dict__ or is_registered(value, name)
    return isinstance(value, Context) and name not in names.CONTEXT | names.NODE | {"to_save"}


class AttributeWriter:
    """Stands between the program and an object whose attribute it assigns, deletes or changes in place."""

    __slots__ = ("_target",)

    def __init__(self, target: Any) -> None:
        object.__setattr__(self, "_target", target)

    def __getattribute__(self, name: str) -> Any:
        return get_attribute(object.__getattribute__(self, "_target"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        set_attribute(object.__getattribute__(self, "_target"), name, value)

    def __delattr__(self, name: str) -> None:
        delete_attribute(object.__getattribute__(self, "_target"), name)
