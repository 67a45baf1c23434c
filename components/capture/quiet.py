"""Looking at the program's tensors without leaving a mark.

Whatever the program has switched on (gradient recording, a ``vmap`` level, a dispatch mode), an observer's own
operations must neither extend the graph nor be batched, differentiated or counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def quiet() -> Iterator[None]:
    """Run the block outside autograd, functorch and forward-mode AD.

    >>> x = torch.ones(2, requires_grad=True)
    >>> with quiet():
    ...     (x * 2).grad_fn is None
    True
    """
    functorch = torch._C._DisableFuncTorch()  # type: ignore[attr-defined]
    try:
        with torch.no_grad():
            yield
    finally:
        del functorch


def plain(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor without the wrappers of ``torch.func.grad``; ``None`` for a ``vmap`` batch, which has no one value.

    Sparse, quantised and other tensors without a plain strided storage give ``None`` too.
    """
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return None
        tensor = functorch.get_unwrapped(tensor)
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
        return None
    return tensor
