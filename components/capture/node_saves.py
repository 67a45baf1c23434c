"""What one autograd node keeps for its backward, read without running any of the program's hooks.

Goes through PyTorch's ``_raw_saved_*``, which give the memory without the version check and without unpacking; what a
node has released raises there, which is how one knows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

GraphNode = Any  # ``torch.autograd.graph.Node`` does not declare what C++ gives its nodes.
_RAW = "_raw_saved_"
_SAVED = "_saved_"
_LONGEST_TEXT = 60


@dataclass(frozen=True)
class Packed:
    """Stands for a tensor that a pair of ``saved_tensors_hooks`` has packed away."""


def saved_by(node: GraphNode) -> Iterator[tuple[str, torch.Tensor | Packed | str]]:
    """Yield what a node keeps: tensors, and the text of numbers such as an exponent. Runs none of the program's hooks.

    Goes through ``_raw_saved_*``, which gives the memory without the version check and without unpacking.
    """
    raw_names, plain_names = _saved_names(node.__class__)
    for attribute in raw_names:
        name = attribute.removeprefix(_RAW).replace("tensors", "saved_tensors")
        try:
            raw = getattr(node, attribute)
        except RuntimeError:
            continue  # freed
        several = isinstance(raw, tuple | list)
        for index, entry in enumerate(raw if several else (raw,)):
            value = _raw_value(entry)
            if value is not None:
                yield (f"{name}[{index}]" if several else name), value
    for attribute in plain_names:
        try:
            value = getattr(node, attribute)
        except Exception:  # PyTorch has no text for some, as for a size that only a running kernel knows
            continue
        if value is not None:
            yield attribute.removeprefix(_SAVED), _short(value)


def raw_saved(node: GraphNode) -> Iterator[torch.Tensor]:
    """Yield the tensors that a node keeps, and nothing that a pair of ``saved_tensors_hooks`` has packed away."""
    for attribute in _saved_names(node.__class__)[0]:
        try:
            raw = getattr(node, attribute)
        except RuntimeError:
            continue  # freed
        for entry in raw if isinstance(raw, tuple | list) else (raw,):
            value = raw_tensor(entry)
            if value is not None:
                yield value


def raw_tensor(entry: Any) -> torch.Tensor | None:
    """Return the tensor in PyTorch's ``SavedTensor``, ``None`` if there is none or hooks have packed it away."""
    value = _raw_value(entry)
    return value if isinstance(value, torch.Tensor) else None


def is_freed(node: GraphNode) -> bool:
    """Whether a node that had saved tensors has released them."""
    raw_names, _ = _saved_names(node.__class__)
    for attribute in raw_names:
        try:
            raw = getattr(node, attribute)
        except RuntimeError:
            return True
        entries = raw if isinstance(raw, tuple | list) else (raw,)
        if any(entry is not None and entry.data is not None for entry in entries):
            return False
    return bool(raw_names)


def _raw_value(entry: Any) -> torch.Tensor | Packed | None:
    if entry is None:
        return None
    if entry.unpack_hook is not None:
        return Packed()
    value = entry.data
    return value if isinstance(value, torch.Tensor) else None


@cache
def _saved_names(kind: Hashable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ``_raw_saved_*`` names of a type of node, and the ``_saved_*`` names of its numbers."""
    names = dir(kind)
    raw = tuple(name for name in names if name.startswith(_RAW))
    tensors = {name.removeprefix(_RAW) for name in raw}
    numbers = tuple(name for name in names if name.startswith(_SAVED) and name.removeprefix(_SAVED) not in tensors)
    return raw, numbers


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
