"""What PyTorch says of autograd's nodes: their numbers, which tell who made them, and what each keeps for its backward.

PyTorch numbers nodes as they are made. Noting the next number whenever the program moves to another line (or enters a
module, or an engine run) says afterwards, at no cost to the program, who made which node. Nodes that a
``create_graph`` run builds are numbered by the same counter.

What a node keeps is read without running any of the program's hooks, through ``_raw_saved_*``, which give the memory
without the version check and without unpacking; what a node has released raises there, which is how one knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import torch
from torch.autograd.function import _HookMixin

GraphNode = Any  # ``torch.autograd.graph.Node`` does not declare what C++ gives its nodes.
T = TypeVar("T")
Names = tuple[tuple[str, str], ...]
_RAW = "_raw_saved_"
_SAVED = "_saved_"
_LONGEST_TEXT = 60
_NO_NUMBER = 2**63
_NUMBERS = frozenset({int, float, bool})

next_node_number = torch._C._autograd._get_sequence_nr


def is_numbered(number: int) -> bool:
    """Whether a node's ``_sequence_nr()`` is its own: every ``AccumulateGrad`` has the same one."""
    return number < _NO_NUMBER


class Marks(Generic[T]):
    """From node number ``numbers[i]`` on, nodes were made by ``owners[i]``."""

    def __init__(self, owner: T) -> None:
        self._numbers: list[int] = [0]
        self._owners: list[T] = [owner]

    @property
    def current(self) -> T:
        """Whoever makes nodes now."""
        return self._owners[-1]

    def switch(self, owner: T) -> None:
        """Say that ``owner`` makes the nodes from here on."""
        number = next_node_number()
        if self._numbers[-1] == number:
            self._owners[-1] = owner
        elif self._owners[-1] != owner:
            self._numbers.append(number)
            self._owners.append(owner)

    def owner_of(self, number: int) -> T:
        """Return who made the node with this number."""
        return self._owners[bisect_right(self._numbers, number) - 1]


class NodeHooks:
    """The hooks that one run of the engine has on its nodes."""

    def __init__(self) -> None:
        self._put: list[dict[Any, Any]] = []

    @contextmanager
    def light(self) -> Iterator[None]:
        """Put hooks on without PyTorch's handles, which take longer than all else about a small node."""
        original = _HookMixin._register_hook
        _HookMixin._register_hook = staticmethod(self._registered)  # type: ignore[method-assign]
        try:
            yield
        finally:
            _HookMixin._register_hook = staticmethod(original)  # type: ignore[method-assign]

    def put(self, node: GraphNode, before: Callable[..., Any], after: Callable[..., Any]) -> None:
        """Let a node call these before and after it runs. Call it inside ``light()``."""
        self._put.append(node.register_prehook(before))
        self._put.append(node.register_hook(after))

    def remove(self) -> None:
        """Take all of them off."""
        put, self._put = self._put, []
        for hooks in put:
            hooks.pop(self, None)

    def _registered(self, hooks: OrderedDict[Any, Any] | None, hook: Any) -> tuple[OrderedDict[Any, Any], object]:
        """Do what PyTorch does when a node is given a hook, with this object for a key and no handle."""
        if hooks is None:
            hooks = OrderedDict()
        hooks[self] = hook
        return hooks, hooks


def set_engine_door(door: Callable[..., Any]) -> None:
    """Let every run of the engine go through ``door``, which is called as ``_engine_run_backward`` is."""
    torch.autograd.graph._engine_run_backward = door
    torch.autograd._engine_run_backward = door  # type: ignore[attr-defined]


def roots_of(outputs: Sequence[Any]) -> Iterator[GraphNode]:
    """Yield the node of each tensor, leaf (its ``AccumulateGrad``) or ``GradientEdge``; of no history, none."""
    for output in outputs:
        if not isinstance(output, torch.Tensor):
            yield output.node
        elif output.requires_grad:
            yield output.grad_fn or torch.autograd.graph.get_gradient_edge(output).node


@dataclass(frozen=True)
class Packed:
    """Stands for a tensor that a pair of ``saved_tensors_hooks`` has packed away."""


def saved_by(node: GraphNode) -> Iterator[tuple[str, object]]:
    """Yield what a node keeps, each with its name: tensors, ``Packed``, and numbers such as an exponent.

    Instead of a value that could change, or is no number, it is the text.
    """
    raw_names, plain_names = _saved_names(node.__class__)
    for attribute, name in raw_names:
        try:
            raw = getattr(node, attribute)
        except RuntimeError:
            continue  # freed
        several = isinstance(raw, tuple | list)
        for index, entry in enumerate(raw if several else (raw,)):
            value = _raw_value(entry)
            if value is not None:
                yield (f"{name}[{index}]" if several else name), value
    for attribute, name in plain_names:
        try:
            value = getattr(node, attribute)
        except Exception:  # PyTorch has no text for some, as for a size that only a running kernel knows
            continue
        if value is None:
            continue
        kind = type(value)
        numbers = kind in _NUMBERS or (kind is tuple and (not value or type(value[0]) in _NUMBERS))
        yield name, value if numbers else short(value)


def raw_saved(node: GraphNode) -> Iterator[torch.Tensor]:
    """Yield the tensors that a node keeps, and nothing that a pair of ``saved_tensors_hooks`` has packed away."""
    for attribute, _ in _saved_names(node.__class__)[0]:
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
    for attribute, _ in raw_names:
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
def _saved_names(kind: Hashable) -> tuple[Names, Names]:
    """Return the ``_raw_saved_*`` attributes of a type of node, then its numbers', each with what it is called."""
    names = dir(kind)
    raw = tuple(name for name in names if name.startswith(_RAW))
    tensors = {name.removeprefix(_RAW) for name in raw}
    numbers = tuple(name for name in names if name.startswith(_SAVED) and name.removeprefix(_SAVED) not in tensors)
    return (
        tuple((name, name.removeprefix(_RAW).replace("tensors", "saved_tensors")) for name in raw),
        tuple((name, name.removeprefix(_SAVED)) for name in numbers),
    )


def short(value: object) -> str:
    """Return the text of a value that a node keeps."""
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
