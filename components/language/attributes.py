"""What stands in a program for reading, setting and deleting an attribute: it asks the policy first.

A refusal is a ``NotAllowedAttribute`` with a near name that is allowed; an attribute that does not exist at all gives
Python's or PyTorch's own ``AttributeError``.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from components.language import integer_tensors, policy, refused
from components.language.errors import NotAllowedAttribute
from components.language.modules import ModuleStandIn, member
from components.language.shown_types import TypeName, type_of
from components.language.suggestions import nearest
from components.language.text_format import GuardedFormat
from components.language.user_classes import class_name, owner_of

_MISSING = object()
_NOT_A_VALUE = (types.ModuleType, types.CodeType, types.FrameType, types.TracebackType)
_NAMED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    TypeName,
    type(functools.lru_cache(len)),
)


def get_attribute(value: Any, name: str, default: Any = _MISSING) -> Any:
    """Do what ``value.name`` and ``getattr(value, name, default)`` do.

    Raises:
        NotAllowedAttribute: it exists and is not available here.
        AttributeError: it does not exist; the message is Python's or PyTorch's own.
    """
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    kind = type(value)
    special = _SPECIAL.get(name)
    if special is not None and (answer := special(value, name)) is not _MISSING:
        return answer
    try:
        if kind is ModuleStandIn:
            return member(value, name)
        if not _readable(value, kind, name):
            _refuse(value, name)
        found = getattr(value, name)
        if isinstance(found, _NOT_A_VALUE) or (isinstance(found, type) and issubclass(found, type)):
            _refuse(value, name)
    except AttributeError:
        if default is _MISSING:
            raise
        return default
    return found


def _readable(value: Any, kind: type, name: str) -> bool:
    if kind is super:
        return policy.may_read_super(value, name)
    if kind is types.FunctionType:
        return policy.is_programs_function(value) and name in value.__dict__
    if isinstance(value, type):
        return policy.may_read_on_class(value, name)
    return policy.may_read(value, kind, name)


# --- what is answered here instead of by the object


def _name_of(value: Any, name: str) -> Any:
    if isinstance(value, type):
        return class_name(value) if name == "__name__" else type.__dict__["__qualname__"].__get__(value)
    return getattr(value, name) if isinstance(value, _NAMED) else _MISSING


def _doc_of(value: Any, name: str) -> Any:
    doc = getattr(value, name, None)
    return doc if doc is None or type(doc) is str else _MISSING


def _string_format(value: Any, name: str) -> Any:
    if value is str:
        return _FORMAT.unbound if name == "format" else _FORMAT.unbound_map
    return _FORMAT.of(value, name) if isinstance(value, str) else _MISSING


def _tensor_method(guarded: Callable[..., Any]) -> Callable[[Any, str], Any]:
    """Answer ``x.name`` and ``torch.Tensor.name`` with a function that looks at the arguments."""

    def answer(value: Any, name: str) -> Any:
        if isinstance(value, torch.Tensor):
            return functools.partial(guarded, value)
        return guarded if isinstance(value, type) and issubclass(value, torch.Tensor) else _MISSING

    return answer


def _type_method(value: Any, name: str) -> Any:
    if isinstance(value, torch.nn.Module):
        return functools.partial(integer_tensors.to_type, value)
    return _tensor_method(integer_tensors.to_type)(value, name)


def _data_of(value: Any, name: str) -> Any:
    if isinstance(value, type) and issubclass(value, torch.Tensor):
        _refuse(value, name)
    shares = isinstance(value, torch.Tensor) and not integer_tensors.has_derivatives(value)
    return value.detach() if shares else _MISSING


_SPECIAL: dict[str, Callable[[Any, str], Any]] = {
    "__class__": lambda value, name: type_of(value),
    "__name__": _name_of,
    "__qualname__": _name_of,
    "__doc__": _doc_of,
    "format": _string_format,
    "format_map": _string_format,
    "numpy": _tensor_method(integer_tensors.to_numpy),
    "view": _tensor_method(integer_tensors.view),
    "type": _type_method,
    "data": _data_of,
}
_FORMAT = GuardedFormat(get_attribute)


def _refuse(value: Any, name: str) -> NoReturn:
    """Raise: Python's own error for what does not exist, ours for what does."""
    if inspect.getattr_static(value, name, _MISSING) is _MISSING:
        getattr(value, name)
    rule = policy.rule_for(value)
    near = nearest(name, rule.names) if rule is not None else None
    advice = refused.ATTRIBUTES.get(name) or (f"Did you mean .{near}?" if near else "")
    of = f"the class {class_name(value)}" if isinstance(value, type) else class_name(value)
    raise NotAllowedAttribute(f"The attribute {name!r} of {of} is not available here.", name=name, advice=advice)


# --- setting and deleting


def set_attribute(value: Any, name: str, new: Any) -> None:
    """Do what ``value.name = new`` does."""
    _check_writable(value, name)
    if name == "data" and isinstance(value, torch.Tensor):
        new = integer_tensors.replacement_data(value, new)
    setattr(value, name, new)


def delete_attribute(value: Any, name: str) -> None:
    """Do what ``del value.name`` does."""
    _check_writable(value, name)
    delattr(value, name)


def _check_writable(value: Any, name: str) -> None:
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    kind = type(value)
    if kind is ModuleStandIn:
        raise NotAllowedAttribute(f"{value!r} cannot be changed here.", name=name)
    if isinstance(value, type):
        policy.forget()
    # Where Python has no room for an attribute, it says so itself.
    if policy.may_write(value, kind, name) or (kind.__dictoffset__ == 0 and owner_of(kind, name) is None):
        return
    advice = refused.ATTRIBUTES.get(name, "")
    raise NotAllowedAttribute(
        f"The attribute {name!r} of {class_name(value)} cannot be set here.", name=name, advice=advice
    )


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
