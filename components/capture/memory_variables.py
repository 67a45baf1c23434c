"""Which tensors lie in the program's variables, as addresses, noted at the end of lines.

Looking at a function's variables makes Python copy them; the copy is emptied at once, or it would keep tensors alive.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import torch

from .memory_graph import CheckpointHook, Note, SeenGraph, address, note_segments
from .names import is_program_name, named_tensors, program_frames

_CO_OPTIMIZED = 0x1


class SeenVariables:
    """The tensors that variables have shown so far; what they lead to goes to ``graph``."""

    def __init__(self, graph: SeenGraph, weak: frozenset[str]) -> None:
        self._graph = graph
        self._weak = weak
        self._is_tensor = _Kinds()
        self._places: dict[int, tuple[int, int]] = {}

    def look(self, frame: FrameType, notes: list[Note]) -> None:
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

    def _look_at(self, name: str, tensor: torch.Tensor, notes: list[Note]) -> None:
        node = tensor.grad_fn
        number = -1 if node is None else node._sequence_nr()
        try:
            start = tensor.data_ptr()
        except RuntimeError:
            return
        if self._places.get(id(tensor)) == (start, number):
            return
        self._places[id(tensor)] = start, number
        place = address(tensor)
        if place is None:
            return
        if node is not None:
            notes.append((place, "variable", name))
            if not self._graph.knows(number):
                self._graph.walk([node], notes)
        elif tensor.requires_grad:
            notes.append((place, "leaf", name))
            self._graph.watch(tensor)
        else:
            notes.append((place, "variable", name))

    def name(self, notes: list[Note]) -> None:
        """Note the names of all tensors that can be reached from the program's variables."""
        for frame in list(program_frames())[::-1]:
            self.name_all(frame.f_locals, notes)
            if frame.f_code.co_flags & _CO_OPTIMIZED and sys.version_info < (3, 13):
                frame.f_locals.clear()

    def name_all(self, variables: Mapping[str, Any], notes: list[Note]) -> None:
        """Note the names of all tensors that can be reached from these."""
        for name, tensor in named_tensors([variables], self._weak).values():
            place = address(tensor)
            if place is not None:
                leaf = tensor.is_leaf and tensor.requires_grad
                notes.append((place, "leaf" if leaf else "variable", name))


class _Kinds(dict[type, bool]):
    """Whether objects of a type are tensors; ``isinstance`` asks the type's own class, which takes its time."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = issubclass(kind, torch.Tensor)
        return self[kind]
