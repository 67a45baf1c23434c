"""What autograd saves must come back as it was: its kernels trust the shape, the type and every index."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import torch
import torch.utils.checkpoint
from torch.autograd.graph import saved_tensors_hooks

from components.language.checking import of_a_check
from components.language.integer_tensors import has_derivatives

Pack = Callable[[torch.Tensor], Any]
Unpack = Callable[[Any], Any]
_Packed = tuple[Any, torch.Tensor, tuple[int, ...], torch.Tensor | None]


def checked(pack_hook: Pack, unpack_hook: Unpack, *, recomputed: bool = False) -> tuple[Pack, Callable[[_Packed], Any]]:
    """Return the hooks with checks: ``unpack_hook`` must give back the shape and type that was packed.

    Integers come from our own copy: the program could change what it returned after it was looked at. Bytes that are
    ``recomputed`` need not be the same: oneDNN's recurrent layers save a work space, parts of which nobody has written.
    """

    def pack(tensor: torch.Tensor) -> _Packed:
        like = torch.empty_like(tensor, device="meta", requires_grad=False)
        packed = pack_hook(tensor)
        if has_derivatives(tensor):
            return packed, like, tensor.stride(), None
        with of_a_check():
            return packed, like, tensor.stride(), tensor.detach().clone()

    def unpack(packed: _Packed) -> Any:
        value, like, strides, exact = packed
        tensor = unpack_hook(value)
        if not isinstance(tensor, torch.Tensor):
            return tensor  # PyTorch has words for this
        if tensor.shape != like.shape or tensor.dtype != like.dtype or tensor.layout != like.layout:
            was, got = (f"{tuple(each.shape)} {each.dtype}" for each in (like, tensor))
            raise ValueError(f"unpack_hook must return the tensor that was packed: it was {was}, got {got}")
        if exact is None:
            if tensor.stride() in (strides, like.stride()):
                return tensor
            with of_a_check():
                return tensor.contiguous()
        if not (recomputed and exact.dtype == torch.uint8) and not torch.equal(tensor, exact):
            raise ValueError("unpack_hook must return integers unchanged")
        return exact

    return pack, unpack


class SavedTensorsHooks(saved_tensors_hooks):
    """``saved_tensors_hooks`` with the checks."""

    def __init__(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        super().__init__(*checked(pack_hook, unpack_hook))


SavedTensorsHooks.__name__ = SavedTensorsHooks.__qualname__ = "saved_tensors_hooks"
SavedTensorsHooks.__module__ = saved_tensors_hooks.__module__


class CheckpointHook(torch.utils.checkpoint._checkpoint_hook):
    """The hooks of ``checkpoint`` with the checks: what it computes again may differ from the first time.

    ``segments`` are what it keeps of each call: no node of the graph leads to the inputs that are kept there.
    """

    segments: ClassVar[list[weakref.ref[Any]]] = []

    def __init__(self, frame: Any) -> None:
        super().__init__(frame)
        self.segments.append(weakref.ref(frame))
        self.pack_hook, self.unpack_hook = checked(self.pack_hook, self.unpack_hook, recomputed=True)
