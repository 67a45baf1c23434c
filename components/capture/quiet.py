"""Looking at the program's tensors without leaving a mark.

Whatever the program has switched on (gradient recording, a ``vmap`` level, a mode or a subclass that takes operations
over), an observer's own operations must neither extend the graph nor be batched, differentiated, counted or handed to
the program's code.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

_not_overridden = torch._C._disabled_torch_dispatch_impl


class quiet:
    """Run the block outside autograd, functorch, forward-mode AD, and the program's own modes and subclasses.

    It is entered for every value that is looked at, so entering it again inside costs nothing.

    >>> x = torch.ones(2, requires_grad=True)
    >>> with quiet():
    ...     (x * 2).grad_fn is None
    True
    """

    def __enter__(self) -> None:
        now = _state
        now.depth += 1
        if now.depth > 1:
            return
        # First of all: a mode of the program's would be told of what follows.
        now.overrides = torch._C.DisableTorchFunction()
        now.overrides.__enter__()
        now.tracing = torch._C._get_tracing_state()
        if now.tracing is not None:  # torch.jit.trace
            torch._C._set_tracing_state(None)  # type: ignore[attr-defined]
        now.was_recording = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        if torch._C._functorch.peek_interpreter_stack() is not None:
            now.functorch = torch._C._DisableFuncTorch()
        if torch._C._len_torch_dispatch_stack():
            now.modes = ExitStack()
            now.modes.enter_context(_disable_current_modes())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        now = _state
        now.depth -= 1
        if now.depth:
            return
        if now.modes is not None:
            now.modes.close()
        now.modes = now.functorch = None
        if now.tracing is not None:
            torch._C._set_tracing_state(now.tracing)  # type: ignore[attr-defined]
        torch._C._set_grad_enabled(now.was_recording)
        now.overrides.__exit__(None, None, None)


class _State(threading.local):
    """What is switched off, and how deep; PyTorch keeps all of it for each thread."""

    depth = 0
    was_recording = True
    functorch: object = None
    tracing: Any = None
    overrides: Any = None
    modes: ExitStack | None = None


_state = _State()


def is_quiet() -> bool:
    """Whether an observer is at work in this thread."""
    return _state.depth > 0


def plain(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor without the wrappers of ``torch.func.grad``; ``None`` for a ``vmap`` batch: it is many values.

    Sparse, quantised, nested and other tensors without a plain strided storage give ``None`` too, and so do those of a
    class that takes PyTorch's operations over: reading their numbers would run the program's code.
    """
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return None
        tensor = functorch.get_unwrapped(tensor)
    if functorch.is_legacy_batchedtensor(tensor):
        return None
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta or tensor.is_nested:
        return None
    if type(tensor).__torch_dispatch__ is not _not_overridden:
        return None
    # PyTorch's zeros without memory (the gradient of ``sgn``) cannot be read.
    return torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device) if tensor._is_zerotensor() else tensor


def shape_of(tensor: torch.Tensor) -> list[int]:
    """Return a tensor's sizes; of a nested one, whose sizes differ, the number of its parts."""
    if tensor.is_nested:
        return [int(tensor.size(0))]
    return [int(size) for size in tensor.shape]


def storage_of(tensor: torch.Tensor) -> tuple[int, int]:
    """Return what tells a tensor's storage from others, and its bytes; of one without a storage, its own."""
    try:
        storage = tensor.untyped_storage()
        return storage.data_ptr() or id(tensor), storage.nbytes()
    except RuntimeError:
        return id(tensor), tensor.numel() * tensor.element_size()


def fingerprint(tensor: torch.Tensor, most_elements: int) -> bytes | None:
    """Return the bytes of a small tensor, equal exactly if no element changed (NaNs included); else ``None``."""
    flat = plain(tensor) if tensor.numel() <= most_elements else None
    if flat is None:
        return None
    # NumPy knows no bfloat16; every floating number is a float64 too.
    flat = flat.detach().double() if flat.is_floating_point() else flat.detach()
    return flat.resolve_conj().resolve_neg().numpy(force=True).tobytes()
