"""Looking at the program's tensors without leaving a mark.

Whatever the program has switched on (gradient recording, a ``vmap`` level, a dispatch mode), an observer's own
operations must neither extend the graph nor be batched, differentiated or counted.
"""

from __future__ import annotations

from types import TracebackType

import torch


class quiet:
    """Run the block outside autograd, functorch and forward-mode AD.

    It is entered for every value that is looked at, so entering it again inside costs nothing.

    >>> x = torch.ones(2, requires_grad=True)
    >>> with quiet():
    ...     (x * 2).grad_fn is None
    True
    """

    _depth = 0
    _was_recording = True
    _functorch: object = None

    def __enter__(self) -> None:
        quiet._depth += 1
        if quiet._depth == 1:
            quiet._was_recording = torch.is_grad_enabled()
            torch._C._set_grad_enabled(False)
            if torch._C._functorch.peek_interpreter_stack() is not None:
                quiet._functorch = torch._C._DisableFuncTorch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        quiet._depth -= 1
        if quiet._depth == 0:
            quiet._functorch = None
            torch._C._set_grad_enabled(quiet._was_recording)


def plain(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor without the wrappers of ``torch.func.grad``; ``None`` for a ``vmap`` batch: it is many values.

    Sparse, quantised and other tensors without a plain strided storage give ``None`` too.
    """
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return None
        tensor = functorch.get_unwrapped(tensor)
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
        return None
    # PyTorch's zeros without memory (the gradient of ``sgn``) cannot be read.
    return torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device) if tensor._is_zerotensor() else tensor


def fingerprint(tensor: torch.Tensor, most_elements: int) -> bytes | None:
    """Return the bytes of a small tensor, equal exactly if no element changed (NaNs included); else ``None``."""
    flat = plain(tensor) if tensor.numel() <= most_elements else None
    if flat is None:
        return None
    # NumPy knows no bfloat16; every floating number is a float64 too.
    flat = flat.detach().double() if flat.is_floating_point() else flat.detach()
    return flat.resolve_conj().resolve_neg().numpy(force=True).tobytes()
