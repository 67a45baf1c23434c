"""The classes that the program itself defines: what they may derive from and define.

Only methods on a list are accepted: one like ``__getattribute__`` or ``__reduce__`` would run where nobody expects the
program.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from components.language import names
from components.language.errors import NotAllowed
from components.language.transformer import MAGIC_METHODS

_MADE_BY_PYTHON = frozenset({"__module__", "__qualname__", "__classcell__", "__doc__", "__annotations__"})

# Weak references would not help: a class lives in reference cycles, and the process ends with the run.
USER_CLASSES: set[type] = set()

MODULE_CLASSES = frozenset(
    value for name in names.NN if isinstance(value := getattr(nn, name, None), type) and issubclass(value, nn.Module)
)
_BASES = MODULE_CLASSES | {object, torch.autograd.Function}


def make_class(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
    """Do what a class statement does. It stands in for the metaclass.

    Raises:
        NotAllowed: a base or a method that is not available.
    """
    for base in bases:
        if not (base in USER_CLASSES or base in _BASES or (isinstance(base, type) and issubclass(base, Exception))):
            raise NotAllowed(
                f"A class cannot derive from {class_name(base)} here.",
                name=class_name(base),
                advice="Derive from nn.Module, autograd.Function, Exception or a class of your own.",
            )
    for key in namespace:
        dunder = key.startswith("__") and key not in MAGIC_METHODS and key not in _MADE_BY_PYTHON
        if type(key) is not str or dunder:
            raise NotAllowed(f"The method {key!r} cannot be defined here.", name=str(key))
    kind: type = type
    for base in bases:
        if issubclass(type(base), kind):
            kind = type(base)
    made: type = kind(name, bases, dict(namespace))
    USER_CLASSES.add(made)
    return made


def has_native_shapes(module: nn.Module) -> bool:
    """Whether the module's own code (an LSTM's, say) relies on the shapes of its parameters."""
    return any(owner in MODULE_CLASSES and owner is not nn.Module for owner in type(module).__mro__)


def class_name(value: object) -> str:
    """Return the name of a class, or of the value's class, past any ``__name__`` that the program defined."""
    kind = value if isinstance(value, type) else type(value)
    return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]


def defined_by_program(kind: type, name: str) -> bool:
    """Whether the first class in the order of resolution that has ``name`` is the program's own."""
    for owner in kind.__mro__:
        if name in owner.__dict__:
            return owner in USER_CLASSES
    return False
