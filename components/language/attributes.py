"""Which attribute of which object a program may read.

The answer depends on the object's type, and without one it is no: a name that is harmless on a tensor can open the
interpreter on a function or a generator. Known limitations: the policy says nothing about what native code does with
allowed arguments; that is what the walls around the process are for.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import types
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from typing import Any

import numpy
import torch
from RestrictedPython.transformer import INSPECT_ATTRIBUTES
from torch import nn

from components.language import names, refused
from components.language.errors import NotAllowedAttribute
from components.language.modules import ModuleStandIn, member
from components.language.safe_format import safe_format
from components.language.safe_torch import register_in_place_of
from components.language.suggestions import nearest
from components.language.type_names import TypeName, type_of
from components.language.user_classes import USER_CLASSES, class_name, defined_by_program, has_native_shapes

Node = torch.autograd.graph.Node
Context = torch.autograd.function.FunctionCtx
_MISSING = object()
_NOT_A_VALUE = (types.ModuleType, types.CodeType, types.FrameType, types.TracebackType)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _public(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_"))


# The first type that an object is an instance of decides.
_ALLOWED: tuple[tuple[type, frozenset[str]], ...] = (
    (torch.Tensor, names.TENSOR),
    (nn.Module, names.MODULE),
    (torch.optim.Optimizer, names.OPTIMIZER),
    (torch.optim.lr_scheduler.LRScheduler, names.SCHEDULER),
    (torch.utils.data.DataLoader, _words("dataset batch_size")),
    (torch.utils.data.TensorDataset, _words("tensors")),
    (str, names.STR),
    (bytes, _words("decode hex")),
    (OrderedDict, _public(OrderedDict)),
    (Counter, _public(Counter)),
    (defaultdict, _public(defaultdict)),
    (dict, _public(dict)),
    (list, _public(list)),
    (torch.Size, _public(tuple) | {"numel"}),
    (tuple, _public(tuple)),
    (set, _public(set)),
    (frozenset, _public(frozenset)),
    (deque, _public(deque)),
    (bool, frozenset()),
    (int, _words("bit_length real imag")),
    (float, _words("is_integer real imag hex")),
    (complex, _words("real imag conjugate")),
    (torch.dtype, _words("is_floating_point is_complex itemsize")),
    (torch.device, _words("type index")),
    (torch.Generator, _words("manual_seed seed initial_seed")),
    (torch.finfo, _words("eps max min tiny bits smallest_normal resolution dtype")),
    (torch.iinfo, _words("max min bits dtype")),
    (numpy.ndarray, names.NDARRAY),
    (numpy.generic, _words("item dtype shape")),
    (torch.utils.hooks.RemovableHandle, _words("remove")),
    (range, _words("start stop step")),
    (slice, _words("start stop step")),
    (BaseException, _words("args add_note")),
    (property, _words("setter getter")),
    (types.GeneratorType, _words("send close")),
    (torch.autograd.forward_ad.UnpackedDualTensor, _words("primal tangent")),
    (torch.autograd.graph.GradientEdge, _words("node output_nr")),
    (torch.autograd.grad_mode.set_grad_enabled, _words("prev")),
)
_FUNCTION_CLASS = _words("apply forward backward setup_context vmap jvp")


def _library_private_names() -> frozenset[str]:
    """Names with an underscore that PyTorch uses itself: a program's subclass must not reach or replace them."""
    found: set[str] = set()
    root = Path(os.path.dirname(torch.__file__))
    for folder in ("nn", "nn/modules", "optim", "autograd", "utils", "_functorch"):
        for file in (root / folder).glob("*.py"):
            found.update(re.findall(r"\b_[A-Za-z0-9]\w*", file.read_text(encoding="utf-8")))
    for thing in (nn.Module(), torch.autograd.Function, torch.ones(1), Exception()):
        found.update(name for name in dir(thing) if name.startswith("_"))
    return frozenset(found)


_LIBRARY_PRIVATE = _library_private_names()


def get_attribute(value: Any, name: str, default: Any = _MISSING) -> Any:
    """Do what ``value.name`` and ``getattr(value, name, default)`` do.

    Raises:
        NotAllowedAttribute: it exists and is not available here.
        AttributeError: it does not exist; the message is Python's or PyTorch's own.
    """
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    kind = type(value)
    if kind is ModuleStandIn:
        return member(value, name) if default is _MISSING else _member_or(value, name, default)
    special = _special(value, kind, name)
    if special is not _MISSING:
        return special
    if not _readable(value, kind, name):
        if default is not _MISSING:
            return default
        _refuse(value, name)
    found = getattr(value, name) if default is _MISSING else getattr(value, name, default)
    if isinstance(found, _NOT_A_VALUE) or (isinstance(found, type) and issubclass(found, type)):
        _refuse(value, name)
    return found


def _member_or(value: ModuleStandIn, name: str, default: Any) -> Any:
    try:
        return member(value, name)
    except AttributeError:
        return default


def _special(value: Any, kind: type, name: str) -> Any:
    """What is answered here instead of by the object; ``_MISSING`` for everything else."""
    if name == "__name__":
        if isinstance(value, type):
            return class_name(value)
        if kind in (types.FunctionType, types.BuiltinFunctionType, TypeName):
            return value.__name__
    elif name == "__class__":
        return type_of(value)
    elif name in ("format", "format_map") and (isinstance(value, str) or value is str):
        return functools.partial(safe_format, value) if isinstance(value, str) else safe_format
    elif name in ("register_parameter", "register_buffer") and isinstance(value, nn.Module):
        if has_native_shapes(value):
            return functools.partial(register_in_place_of, value, name)
    elif name in ("data", "numpy") and isinstance(value, torch.Tensor) and not _has_derivatives(value):
        # A kernel trusts saved indices; writing to them past the version counter would go unnoticed.
        return value.detach() if name == "data" else (lambda *arguments, **options: value.numpy().copy())
    return _MISSING


def _has_derivatives(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _readable(value: Any, kind: type, name: str) -> bool:
    if name.startswith("_"):
        return _private_readable(value, kind, name)
    if name in INSPECT_ATTRIBUTES:
        return False
    if kind is super:
        owners = value.__self_class__.__mro__
        return name in names.MODULE or any(name in owner.__dict__ and owner in USER_CLASSES for owner in owners)
    if isinstance(value, type):
        return _readable_on_class(value, name)
    if isinstance(value, Context | Node):
        own = name in getattr(value, "__dict__", ())
        return name in names.CONTEXT or name in names.NODE or own or defined_by_program(kind, name)
    if kind in USER_CLASSES and _set_by_program(value, kind, name):
        return True
    if kind.__module__ == "torch.return_types":
        return name in _public(tuple) or name in getattr(kind, "__match_args__", ())
    for allowed_kind, allowed in _ALLOWED:
        if isinstance(value, allowed_kind):
            return name in allowed or _more_on_instance(value, kind, allowed_kind, name)
    return kind in USER_CLASSES


def _private_readable(value: Any, kind: type, name: str) -> bool:
    if name in ("__init__", "__call__", "__enter__", "__exit__"):
        return kind is super or (name != "__init__" and kind in USER_CLASSES and defined_by_program(kind, name))
    if name == "_version":
        return isinstance(value, torch.Tensor)
    if name.startswith("_saved_") and isinstance(value, Node):
        return True
    return not name.startswith("__") and own_private(value if isinstance(value, type) else kind, name)


def own_private(kind: type, name: str) -> bool:
    """Whether ``_name`` on an object of this class is the program's own business."""
    if kind not in USER_CLASSES:
        return False
    plain = all(owner in USER_CLASSES or owner is object for owner in kind.__mro__)
    return plain or name not in _LIBRARY_PRIVATE


def _readable_on_class(value: type, name: str) -> bool:
    if issubclass(value, torch.autograd.Function):
        return name in _FUNCTION_CLASS or defined_by_program(value, name)
    if value in USER_CLASSES:
        return defined_by_program(value, name) or (issubclass(value, nn.Module) and name in names.MODULE)
    if issubclass(value, type):
        return False
    if value is dict and name == "fromkeys":
        return True
    return any(name in allowed for kind, allowed in _ALLOWED if issubclass(value, kind))


def _set_by_program(value: Any, kind: type, name: str) -> bool:
    for owner in kind.__mro__:
        if name in owner.__dict__:
            return owner in USER_CLASSES
    held = getattr(value, "__dict__", None)
    return (type(held) is dict and name in held) or (isinstance(value, nn.Module) and is_registered(value, name))


def _more_on_instance(value: Any, kind: type, allowed_kind: type, name: str) -> bool:
    if allowed_kind is nn.Module:
        return is_registered(value, name) or (name in value.__dict__ and not hasattr(nn.Module, name))
    return allowed_kind is BaseException and kind in USER_CLASSES


def is_registered(module: nn.Module, name: str) -> bool:
    """Whether a module holds a parameter, buffer or module under this name."""
    return any(name in module.__dict__.get(part, ()) for part in ("_parameters", "_buffers", "_modules"))


def _refuse(value: Any, name: str) -> None:
    """Raise: Python's own error for what does not exist, ours for what does."""
    is_class = isinstance(value, type)
    if not name.startswith("_") and inspect.getattr_static(value, name, _MISSING) is _MISSING:
        getattr(value, name)
    kind = class_name(value)
    if isinstance(value, nn.Module):
        candidates: frozenset[str] = names.MODULE
    else:
        candidates = next((allowed for owner, allowed in _ALLOWED if isinstance(value, owner)), frozenset())
    near = nearest(name, candidates)
    advice = refused.ATTRIBUTES.get(name) or (f"Did you mean .{near}?" if near else "")
    of = f"the class {kind}" if is_class else kind
    raise NotAllowedAttribute(f"The attribute {name!r} of {of} is not available here.", name=name, advice=advice)
