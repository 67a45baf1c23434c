"""The classes that the program itself defines: what they may derive from and define.

Only methods on a list are accepted: one like ``__getattribute__`` or ``__reduce__`` would run where nobody expects the
program.
"""

from __future__ import annotations

import collections
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

from components.language import names, refused
from components.language.errors import NotAllowed
from components.language.syntax import MAGIC_METHODS

_MADE_BY_PYTHON = frozenset(
    {"__module__", "__qualname__", "__classcell__", "__doc__", "__annotations__", "__orig_bases__"}
)

# Weak references would not help: a class lives in reference cycles, and the process ends with the run.
USER_CLASSES: set[type] = set()

MODULE_CLASSES = frozenset(
    value for name in names.NN if isinstance(value := getattr(nn, name, None), type) and issubclass(value, nn.Module)
)
_BASES = MODULE_CLASSES | {
    object,
    torch.autograd.Function,
    torch.optim.Optimizer,
    torch.optim.lr_scheduler.LRScheduler,
    Dataset,
}


def _private_names(library_classes: Iterable[type]) -> dict[type, frozenset[str]]:
    """For each class, the attributes with an underscore that its own file uses.

    A program's subclass must not reach or replace them. Read once, here: a confined process cannot open files.
    """
    files = {kind: sys.modules[kind.__module__].__file__ or "" for kind in library_classes}
    sources = [file for file in {*files.values()} if file.endswith(".py")]
    used = {file: _ATTRIBUTE.findall(Path(file).read_text(encoding="utf-8")) for file in sources}
    return {kind: frozenset(used.get(file, ())).union(kind.__dict__) for kind, file in files.items()}


_ATTRIBUTE = re.compile(r"\b\w+\.(_[A-Za-z0-9]\w*)")
_PRIVATE = _private_names({owner for base in _BASES for owner in base.__mro__ if owner.__module__.startswith("torch.")})


def make_class(name: str, bases: tuple[Any, ...], namespace: dict[str, Any]) -> type:
    """Do what a class statement does. It stands in for the metaclass.

    Raises:
        NotAllowed: a base or a method that is not available.
    """
    for base in bases:
        _check_base(base)
    inherited = [owner for base in bases for owner in base.__mro__ if owner not in USER_CLASSES]
    for key in namespace:
        _check_member(key, inherited)
    kind: type = type
    for base in bases:
        if issubclass(type(base), kind):
            kind = type(base)
    made: type = kind(name, bases, dict(namespace))
    USER_CLASSES.add(made)
    return made


def _check_base(base: Any) -> None:
    is_class = isinstance(base, type)
    if is_class and (base in USER_CLASSES or base in _BASES or issubclass(base, Exception)):
        return
    name = class_name(base) if is_class else str(getattr(base, "__name__", class_name(base)))
    raise NotAllowed(
        f"A class cannot derive from {name} here.",
        name=name,
        advice="Derive from nn.Module, autograd.Function, Dataset, Exception or a class of your own.",
    )


def _check_member(key: str, inherited: Iterable[type]) -> None:
    if key.startswith("__") and key.endswith("__"):
        fine = key in MAGIC_METHODS or key in _MADE_BY_PYTHON
    else:
        fine = not key.startswith("_") or not _used_by(inherited, key)
    if not fine:
        advice = refused.ATTRIBUTES.get(key, "" if key.startswith("__") else "PyTorch uses this name; choose another.")
        raise NotAllowed(f"{key!r} cannot be defined in a class here.", name=key, advice=advice)


def _used_by(library_classes: Iterable[type], name: str) -> bool:
    return any(name in _PRIVATE.get(kind, kind.__dict__) for kind in library_classes)


def own_private(kind: type, name: str) -> bool:
    """Whether ``_name`` on an object of this class is the program's own business."""
    if kind not in USER_CLASSES:
        return False
    return not _used_by((owner for owner in kind.__mro__ if owner not in USER_CLASSES), name)


def owner_of(kind: type, name: str) -> type | None:
    """Return the class that gives ``kind`` this attribute: the first in the order of resolution that has it."""
    for owner in kind.__mro__:
        if name in owner.__dict__:
            return owner
    return None


def class_name(value: object) -> str:
    """Return the name of a class, or of the value's class, past any ``__name__`` that the program defined."""
    kind = value if isinstance(value, type) else type(value)
    return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]


def namedtuple(typename: str, field_names: Any, *, rename: bool = False, defaults: Any = None) -> type:
    """``collections.namedtuple``, whose classes count as the program's own."""
    make: Any = collections.namedtuple
    made: type = make(typename, field_names, rename=rename, defaults=defaults, module="__main__")
    USER_CLASSES.add(made)
    return made


def only_for_own_classes(decorate: Callable[..., Any]) -> Callable[..., Any]:
    """Make a class decorator (``dataclass``, ``total_ordering``) refuse classes that are not the program's."""

    def decorator(cls: Any = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda decorated: decorator(decorated, **options)
        if not (isinstance(cls, type) and cls in USER_CLASSES):
            raise NotAllowed(f"{class_name(cls)} is not a class of this program.", name=class_name(cls))
        if options.pop("slots", False):
            raise NotAllowed("slots=True is not available here.", name="slots", advice="Leave it out.")
        return decorate(cls, **options)

    return decorator
