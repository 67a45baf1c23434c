"""What autograd keeps, as addresses: the saved tensors of nodes, leaves and their gradients.

Walks only what it has not seen before, and keeps neither nodes nor leaves alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import torch
import torch.utils.checkpoint

from .node_saves import GraphNode, raw_saved, raw_tensor
from .nodes import is_numbered

_MOST_LEAVES = 5_000

Role = Literal["leaf", "gradient", "optimizer", "saved", "variable"]
# An address, what was seen to lie there, and more about it: see ``Moment``.
Note = tuple[int, Role, str | int | tuple[str, int | None] | None]


class CheckpointHook(torch.utils.checkpoint._checkpoint_hook):
    """The hooks of ``checkpoint``; ``segments`` are what it keeps of each call: no node leads to what lies there."""

    segments: ClassVar[list[weakref.ref[Any]]] = []

    def __init__(self, frame: Any) -> None:
        super().__init__(frame)
        self.segments.append(weakref.ref(frame))


class SeenGraph:
    """The nodes and leaves that one run has shown so far."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._leaves: dict[int, weakref.ref[torch.Tensor]] = {}

    def knows(self, number: int) -> bool:
        """Whether the node with this number, and so all below it, was walked through."""
        return number in self._seen

    def walk(self, roots: Iterable[GraphNode], notes: list[Note]) -> bool:
        """Note what the nodes below ``roots`` have saved, as far as they are new; return whether a leaf is new."""
        found = False
        pending = list(roots)
        seen = self._seen
        while pending:
            node = pending.pop()
            number = node._sequence_nr()
            if not is_numbered(number):
                variable = getattr(node, "variable", None)
                place = address(variable) if variable is not None and self.watch(variable) else None
                if variable is not None and place is not None:
                    found = True
                    notes.append((place, "leaf", None))
                continue
            if number in seen:
                continue
            seen.add(number)
            for tensor in raw_saved(node):
                place = address(tensor)
                if place is not None:
                    notes.append((place, "saved", number))
            pending.extend([below for below, _ in node.next_functions if below is not None])
        return found

    def watch(self, leaf: torch.Tensor) -> bool:
        """Look at this leaf's ``.grad`` from now on; return whether that is new."""
        known = self._leaves.get(id(leaf))
        if (known is not None and known() is leaf) or len(self._leaves) >= _MOST_LEAVES:
            return False
        self._leaves[id(leaf)] = weakref.ref(leaf)
        return True

    def note_gradients(self, notes: list[Note]) -> None:
        """Note where the gradients of the leaves are now."""
        for key, reference in list(self._leaves.items()):
            leaf = reference()
            if leaf is None:
                del self._leaves[key]
                continue
            place = address(leaf.grad) if leaf.grad is not None else None
            if place is not None:
                notes.append((place, "gradient", address(leaf)))


def note_segments(notes: list[Note]) -> None:
    """Note the inputs that ``checkpoint`` has kept since the last time; no node of the graph leads to them."""
    segments, CheckpointHook.segments[:] = [one() for one in CheckpointHook.segments], []
    for kept in (kept for one in segments for kept in getattr(one, "saved_args", ())):
        tensor = raw_tensor(kept) if isinstance(kept, torch._C._autograd.SavedTensor) else None
        place = address(tensor) if tensor is not None else None
        if place is not None:
            notes.append((place, "saved", None))


def address(tensor: torch.Tensor) -> int | None:
    """Return where a tensor's storage begins; ``None`` where it has no plain memory of its own."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    try:
        return tensor.untyped_storage().data_ptr() or None
    except RuntimeError:  # sparse, for instance
        return None
