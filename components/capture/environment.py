"""Where this process runs programs: PyTorch, Python, the device."""

from __future__ import annotations

import platform

import torch

from components.trace import Environment


def environment() -> Environment:
    """Return where this process runs programs."""
    return Environment(
        torch=str(torch.__version__), python=platform.python_version(), device_name=platform.machine() or "unknown"
    )
