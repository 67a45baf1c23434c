"""What the program calls its tensors.

Autograd knows nodes and memory, people know ``w`` and ``model.0.weight``. Names are found by looking through the
program's own variables, and into the modules, lists, dictionaries and objects that they hold. Nothing here calls a
method that the program could have defined.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch import nn

from components.language import PROGRAM_FILENAME

_MOST_ENTRIES = 5_000
_MOST_ELEMENTS = 200
_DEEPEST = 8

Namespace = Mapping[str, Any]
Named = dict[int, tuple[str, torch.Tensor]]


def program_frames() -> Iterator[FrameType]:
    """Yield the program's frames on the current stack, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == PROGRAM_FILENAME:
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
    """Whether a variable is the program's own; names that end in an underscore after one at the start are guards."""
    return not (name.startswith("_") and (name.endswith("_") or name.startswith("__")))


def named_tensors(namespaces: Sequence[Namespace]) -> Named:
    """Return ``{id(tensor): (name, tensor)}``; the first name found wins, plain variables before what they hold."""
    found: Named = {}
    for namespace in namespaces:
        level = [(name, value) for name, value in namespace.items() if is_program_name(name)]
        for name, tensor in _search(level):
            found.setdefault(id(tensor), (name, tensor))
    return found


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
            if isinstance(value, torch.Tensor):
                yield name, value
            elif id(value) not in seen:
                seen.add(id(value))
                below.extend(_held_by(name, value))
        level = below


def _held_by(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    kind = type(value)
    if isinstance(value, nn.Module):
        for part in ("_parameters", "_buffers", "_modules"):
            yield from ((f"{name}.{key}", held) for key, held in value.__dict__.get(part, {}).items())
    elif kind is list or kind is tuple:
        yield from ((f"{name}[{index}]", held) for index, held in enumerate(value[:_MOST_ELEMENTS]))
    elif kind is dict and len(value) <= _MOST_ELEMENTS:
        yield from ((f"{name}[{key!r}]", held) for key, held in value.items() if type(key) in (str, int))
    elif kind.__module__ == "__main__" and not isinstance(value, type):
        held = getattr(value, "__dict__", None)
        if type(held) is dict:
            yield from ((f"{name}.{key}", below) for key, below in list(held.items())[:_MOST_ELEMENTS])
