"""What the program calls its tensors.

Autograd knows nodes and memory, people know ``w`` and ``model.0.weight``. Names are found by looking through the
program's own variables, and into the modules, lists, dictionaries and objects that they hold. Nothing here calls a
method that the program could have defined.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType, MemberDescriptorType, SimpleNamespace
from typing import Any

import torch
from torch import nn

from .own_code import is_own

_MOST_ENTRIES = 5_000
_MOST_ELEMENTS = 200
_DEEPEST = 8

Namespace = Mapping[str, Any]
Named = dict[int, tuple[str, torch.Tensor]]


def program_frames() -> Iterator[FrameType]:
    """Yield the program's frames on the current stack, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_own(frame.f_code):
            yield frame
        frame = frame.f_back


def program_line() -> int | None:
    """Return the line that the program is at, ``None`` outside of it."""
    frame = next(program_frames(), None)
    return frame.f_lineno if frame is not None else None


def current_namespaces() -> Sequence[Namespace]:
    """Return the program's global variables, then the locals of its functions, outermost first."""
    return [frame.f_locals for frame in program_frames()][::-1]


def is_program_name(name: str) -> bool:
    """Whether a variable is the program's own, and none that Python puts into every module or class."""
    return name != "_" and not name.startswith("__")


def class_name(kind: type) -> str:
    """Return a class's name, whatever a metaclass of the program's own would say."""
    return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]


def weak_names(tree: ast.AST) -> frozenset[str]:
    """Return the names that stand for one thing after another: the variables of loops and comprehensions."""
    targets = (node.target for node in ast.walk(tree) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension))
    return frozenset(node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def named_tensors(namespaces: Sequence[Namespace], weak: frozenset[str] = frozenset()) -> Named:
    """Return ``{id(tensor): (name, tensor)}``; the first name found wins, plain variables before what they hold.

    What a module holds comes before what a list or dictionary holds, and the ``weak`` names come last: a parameter is
    ``net.0.weight``, not ``params[0]`` or a loop's ``p``.
    """
    own = [
        [(name, value) for name, value in list(namespace.items()) if is_program_name(name)] for namespace in namespaces
    ]
    strong = [[pair for pair in level if pair[0] not in weak] for level in own]
    ways = (
        [[pair for pair in level if issubclass(type(pair[1]), torch.Tensor)] for level in strong],
        [[pair for pair in level if issubclass(type(pair[1]), nn.Module)] for level in strong],
        strong,
        own,
    )
    named: Named = {}
    for levels in ways:
        for level in levels:
            for name, tensor in _search(level):
                named.setdefault(id(tensor), (name, tensor))
    return named


def named_modules(root: nn.Module, name: str) -> dict[int, str]:
    """Return ``{id(module): path}`` of a module and all below it, in the order of ``named_modules``."""
    paths: dict[int, str] = {}
    pending = [(name, root)]
    while pending:
        path, module = pending.pop()
        if id(module) in paths:
            continue
        paths[id(module)] = path
        children = module.__dict__.get("_modules", {})
        pending.extend((f"{path}.{key}", child) for key, child in children.items() if child is not None)
    return paths


def variable_of(value: object) -> str | None:
    """Return the name of the variable that is bound to this very object, innermost frame first."""
    for frame in program_frames():
        for name, candidate in frame.f_locals.items():
            if candidate is value and is_program_name(name) and name != "self":
                return name
    return None


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, in its ``__dict__`` or in its ``__slots__``."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        held = None
    if type(held) is dict:
        yield from list(held.items())[:_MOST_ELEMENTS]
    for kind in _mro(type(value)):
        for name, slot in list(_namespace(kind).items()):
            if type(slot) is MemberDescriptorType and kind is not object:
                with suppress(AttributeError):  # nothing has been put there
                    yield name, slot.__get__(value)


# What ``kind.__mro__`` and ``kind.__dict__`` give, without asking a metaclass of the program's own.
_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__


def _is_looked_into(kind: type) -> bool:
    """Whether objects of a type are the program's own or hold its results: no generators, loaders, optimizers."""
    module = type.__getattribute__(kind, "__module__")
    own = module == "__main__" or kind is SimpleNamespace
    own = own or any("__dataclass_fields__" in _namespace(base) for base in _mro(kind))
    return own or module.startswith("torch.distributions.")


def _search(level: list[tuple[str, Any]]) -> Iterator[tuple[str, torch.Tensor]]:
    """Breadth first, so that ``w`` is found before ``params[0]``."""
    seen: set[int] = set()
    entries = 0
    for _ in range(_DEEPEST):
        below: list[tuple[str, Any]] = []
        for name, value in level:
            entries += 1
            if entries > _MOST_ENTRIES:
                return
            if issubclass(type(value), torch.Tensor):
                yield name, value
            elif id(value) not in seen:
                seen.add(id(value))
                below.extend(_held_by(name, value))
        level = below


def _held_by(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    # ``isinstance`` would ask an object for its class, which is the program's code if it defines that.
    kind = type(value)
    if issubclass(kind, nn.Module):
        for part in ("_parameters", "_buffers", "_modules"):
            yield from ((f"{name}.{key}", held) for key, held in value.__dict__.get(part, {}).items())
    elif issubclass(kind, tuple):
        held_in = tuple.__getitem__(value, slice(_MOST_ELEMENTS))
        fields = getattr(kind, "_fields", None)
        if type(fields) is tuple and len(fields) == len(held_in):
            yield from ((f"{name}.{field}", held) for field, held in zip(fields, held_in, strict=True))
        else:
            yield from ((f"{name}[{index}]", held) for index, held in enumerate(held_in))
    elif issubclass(kind, list):
        first = list.__getitem__(value, slice(_MOST_ELEMENTS))
        yield from ((f"{name}[{index}]", held) for index, held in enumerate(first))
    elif kind is deque:
        yield from ((f"{name}[{index}]", held) for index, held in enumerate(list(value)[:_MOST_ELEMENTS]))
    elif issubclass(kind, dict) and dict.__len__(value) <= _MOST_ELEMENTS:
        items = list(dict.items(value))
        yield from ((f"{name}[{key!r}]", held) for key, held in items if type(key) in (str, int))
    elif not issubclass(kind, type) and _is_looked_into(kind):
        yield from ((f"{name}.{key}", held) for key, held in _attributes(value))
