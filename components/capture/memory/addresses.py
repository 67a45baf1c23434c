"""Where tensors lie: those that autograd keeps (saved by nodes, leaves and their gradients), those in variables.

Walks only what it has not seen before, and keeps neither nodes nor leaves alive. Looking at a function's variables
makes Python copy them; the copy is emptied at once, or it would keep tensors alive.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, ClassVar, Literal

import torch
import torch.utils.checkpoint

from ..names import is_program_name, named_tensors, program_frames
from ..torch_nodes import GraphNode, is_numbered, raw_saved, raw_tensor

_MOST_LEAVES = 5_000
_CO_OPTIMIZED = 0x1

Role = Literal["leaf", "gradient", "optimizer", "saved", "variable"]
# An address, what was seen to lie there, and more about it: see ``Interval``.
AddressNote = tuple[int, Role, str | int | tuple[str, int | None] | None]


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

    def walk(self, roots: Iterable[GraphNode], notes: list[AddressNote]) -> bool:
        """Note what the nodes below ``roots`` have saved, as far as they are new; return whether a leaf is new."""
        new_leaf = False
        pending = list(roots)
        seen = self._seen
        while pending:
            node = pending.pop()
            number = node._sequence_nr()
            if not is_numbered(number):
                variable = getattr(node, "variable", None)
                address = address_of(variable) if variable is not None and self.watch(variable) else None
                if variable is not None and address is not None:
                    new_leaf = True
                    notes.append((address, "leaf", None))
                continue
            if number in seen:
                continue
            seen.add(number)
            for tensor in raw_saved(node):
                address = address_of(tensor)
                if address is not None:
                    notes.append((address, "saved", number))
            pending.extend([below for below, _ in node.next_functions if below is not None])
        return new_leaf

    def watch(self, leaf: torch.Tensor) -> bool:
        """Look at this leaf's ``.grad`` from now on; return whether that is new."""
        known = self._leaves.get(id(leaf))
        if (known is not None and known() is leaf) or len(self._leaves) >= _MOST_LEAVES:
            return False
        self._leaves[id(leaf)] = weakref.ref(leaf)
        return True

    def note_gradients(self, notes: list[AddressNote]) -> None:
        """Note where the gradients of the leaves are now."""
        for key, reference in list(self._leaves.items()):
            leaf = reference()
            if leaf is None:
                del self._leaves[key]
                continue
            address = address_of(leaf.grad) if leaf.grad is not None else None
            if address is not None:
                notes.append((address, "gradient", address_of(leaf)))


def note_segments(notes: list[AddressNote]) -> None:
    """Note the inputs that ``checkpoint`` has kept since the last time; no node of the graph leads to them."""
    segments, CheckpointHook.segments[:] = [segment() for segment in CheckpointHook.segments], []
    for kept in (kept for segment in segments for kept in getattr(segment, "saved_args", ())):
        tensor = raw_tensor(kept) if isinstance(kept, torch._C._autograd.SavedTensor) else None
        address = address_of(tensor) if tensor is not None else None
        if address is not None:
            notes.append((address, "saved", None))


def address_of(tensor: torch.Tensor) -> int | None:
    """Return where a tensor's storage begins; ``None`` where it has no plain memory of its own."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    try:
        return tensor.untyped_storage().data_ptr() or None
    except RuntimeError:  # sparse, for instance
        return None


class SeenVariables:
    """The tensors that variables have shown so far; what they lead to goes to ``graph``."""

    def __init__(self, graph: SeenGraph, weak: frozenset[str]) -> None:
        self._graph = graph
        self._weak = weak
        self._is_tensor = _Kinds()
        self._seen: dict[int, tuple[int, int]] = {}

    def look(self, frame: FrameType, notes: list[AddressNote]) -> None:
        """Note the tensors in a function's variables, at the end of one of its lines."""
        if torch._C._functorch.peek_interpreter_stack() is not None:
            return
        if CheckpointHook.segments:
            note_segments(notes)
        variables = frame.f_locals
        is_tensor = self._is_tensor
        for name, value in variables.items():
            if is_tensor[type(value)] and is_program_name(name):
                self._look_at(name, value, notes)
        if frame.f_code.co_flags & _CO_OPTIMIZED and sys.version_info < (3, 13):
            variables.clear()  # a function's variables come as a copy that stays with the frame

    def _look_at(self, name: str, tensor: torch.Tensor, notes: list[AddressNote]) -> None:
        node = tensor.grad_fn
        number = -1 if node is None else node._sequence_nr()
        try:
            start = tensor.data_ptr()
        except RuntimeError:
            return
        if self._seen.get(id(tensor)) == (start, number):
            return
        self._seen[id(tensor)] = start, number
        address = address_of(tensor)
        if address is None:
            return
        if node is not None:
            notes.append((address, "variable", name))
            if not self._graph.knows(number):
                self._graph.walk([node], notes)
        elif tensor.requires_grad:
            notes.append((address, "leaf", name))
            self._graph.watch(tensor)
        else:
            notes.append((address, "variable", name))

    def name(self, notes: list[AddressNote]) -> None:
        """Note the names of all tensors that can be reached from the program's variables."""
        for frame in list(program_frames())[::-1]:
            self.name_all(frame.f_locals, notes)
            if frame.f_code.co_flags & _CO_OPTIMIZED and sys.version_info < (3, 13):
                frame.f_locals.clear()

    def name_all(self, variables: Mapping[str, Any], notes: list[AddressNote]) -> None:
        """Note the names of all tensors that can be reached from these."""
        for name, tensor in named_tensors([variables], self._weak).values():
            address = address_of(tensor)
            if address is not None:
                leaf = tensor.is_leaf and tensor.requires_grad
                notes.append((address, "leaf" if leaf else "variable", name))


class _Kinds(dict[type, bool]):
    """Whether objects of a type are tensors; ``isinstance`` asks the type's own class, which takes its time."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = issubclass(kind, torch.Tensor)
        return self[kind]
