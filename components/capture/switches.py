"""PyTorch's process-wide switches, put back after a run, so that a second run of a program starts like the first.

These are the ones that a program can reach (``components.language.names``); contexts such as ``torch.no_grad()`` put
themselves back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch._tensor_str import PRINT_OPTS


@contextmanager
def switches_kept() -> Iterator[None]:
    """Put gradient recording, default type, anomaly mode, determinism and print options back at the end.

    >>> with switches_kept():
    ...     torch.set_default_dtype(torch.float64)
    >>> torch.get_default_dtype()
    torch.float32
    """
    recording, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    anomaly, checks_nan = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    printed = dict(vars(PRINT_OPTS))
    try:
        yield
    finally:
        torch.set_grad_enabled(recording)
        torch.set_default_dtype(dtype)
        torch.autograd.set_detect_anomaly(anomaly, checks_nan)
        torch.use_deterministic_algorithms(deterministic, warn_only=warns_only)
        vars(PRINT_OPTS).update(printed)
