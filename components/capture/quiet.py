"""Looking at the program's tensors without leaving a mark.

Whatever the program has switched on (gradient recording, a ``vmap`` level, a mode or a subclass that takes operations
over), an observer's own operations must neither extend the graph nor be batched, differentiated, counted or handed to
the program's code.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import TracebackType
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

_not_overridden = torch._C._disabled_torch_dispatch_impl
_dispatch_keys = torch._C._dispatch_keys
# Whatever makes a tensor extraordinary (a wrapper, a layout, a lazy negation, another device, inference) has a key.
_ORDINARY = _dispatch_keys(torch.empty(1)).raw_repr()


class quiet:
    """Run the block outside autograd, functorch, forward-mode AD, and the program's own modes and subclasses.

    Python does not trace the block either. It is entered for every value that is looked at, so entering it again inside
    costs nothing.

    >>> x = torch.ones(2, requires_grad=True)
    >>> with quiet():
    ...     (x * 2).grad_fn is None
    True
    """

    __slots__ = ()

    def __enter__(self) -> None:
        now = _thread.now
        now.depth += 1
        if now.depth > 1:
            return
        now.trace = sys.gettrace()
        if now.trace is not None:
            sys.settrace(None)
        # First of all: a mode of the program's would be told of what follows.
        now.overrides = torch._C.DisableTorchFunction()
        now.overrides.__enter__()
        now.tracing = torch._C._get_tracing_state()
        if now.tracing is not None:  # torch.jit.trace
            torch._C._set_tracing_state(None)  # type: ignore[attr-defined]
        now.was_recording = torch.is_grad_enabled()
        if now.was_recording:
            torch._C._set_grad_enabled(False)
        if torch._C._functorch.peek_interpreter_stack() is not None:
            now.functorch = torch._C._DisableFuncTorch()
        if torch._C._len_torch_dispatch_stack():
            now.modes = ExitStack()
            now.modes.enter_context(_disable_current_modes())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        now = _thread.now
        now.depth -= 1
        if now.depth:
            return
        if now.modes is not None:
            now.modes.close()
        now.modes = now.functorch = None
        if now.tracing is not None:
            torch._C._set_tracing_state(now.tracing)  # type: ignore[attr-defined]
        if now.was_recording:
            torch._C._set_grad_enabled(True)
        now.overrides.__exit__(None, None, None)
        if now.trace is not None:
            sys.settrace(now.trace)


class _Now:
    """What is switched off, and how deep."""

    __slots__ = ("depth", "functorch", "modes", "overrides", "trace", "tracing", "was_recording")

    def __init__(self) -> None:
        self.depth = 0
        self.was_recording = True
        self.functorch: object = None
        self.tracing: Any = None
        self.overrides: Any = None
        self.modes: ExitStack | None = None
        self.trace: Any = None


class _Thread(threading.local):
    """PyTorch and Python keep all of it for each thread."""

    def __init__(self) -> None:
        self.now = _Now()


_thread = _Thread()


def is_quiet() -> bool:
    """Whether an observer is at work in this thread."""
    return _thread.now.depth > 0


@contextmanager
def no_collector() -> Iterator[None]:
    """Keep Python's collector from looking through the records of a large graph again and again as they are made."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def plain(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor without the wrappers of ``torch.func.grad``; ``None`` for a ``vmap`` batch: it is many values.

    Sparse, quantised, nested and other tensors without a plain strided storage give ``None`` too, and so do those of a
    class that takes PyTorch's operations over: reading their numbers would run the program's code.
    """
    if _dispatch_keys(tensor).raw_repr() == _ORDINARY:
        return tensor
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


# A trace has the same few shapes again and again; nobody changes the lists.
_shapes: dict[torch.Size, list[int]] = {}
_MOST_SHAPES = 4_096


def shape_of(tensor: torch.Tensor) -> list[int]:
    """Return a tensor's sizes; of a nested one, whose sizes differ, the number of its parts."""
    if tensor.is_nested:
        return [int(tensor.size(0))]
    shape = tensor.shape
    known = _shapes.get(shape)
    if known is None:
        known = list(shape)
        if len(_shapes) < _MOST_SHAPES:
            _shapes[shape] = known
    return known


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """Return ``float32`` for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


@cache
def device_name(device: torch.device) -> str:
    """Return ``cpu`` or ``cuda:0``."""
    return str(device)


def is_ordinary(tensor: torch.Tensor) -> bool:
    """Whether this is a plain tensor in the CPU's memory, as nearly all are: one question instead of ten."""
    return bool(_dispatch_keys(tensor).raw_repr() == _ORDINARY)


def fingerprint(tensor: torch.Tensor, most_elements: int, ordinary: bool = False) -> bytes | None:
    """Return the bytes of a small tensor, equal exactly if no element changed (NaNs included); else ``None``.

    ``ordinary`` says that this is known of it.
    """
    count = tensor.numel()
    if count > most_elements:
        return None
    if count and (ordinary or is_ordinary(tensor)) and tensor.is_contiguous():
        return ctypes.string_at(tensor.data_ptr(), count * tensor.element_size())
    flat = plain(tensor)
    if flat is None:
        return None
    # NumPy knows no bfloat16; every floating number is a float64 too.
    flat = flat.detach().double() if flat.is_floating_point() else flat.detach()
    return flat.resolve_conj().resolve_neg().numpy(force=True).tobytes()
