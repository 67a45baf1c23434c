"""Where this process runs programs: PyTorch, Python, the device."""

from __future__ import annotations

import platform

import torch

from ..trace import Device, Environment


def environment(device: Device = "cpu") -> Environment:
    """Return where this process runs programs."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine() or "unknown"
    return Environment(torch=str(torch.__version__), python=platform.python_version(), device_name=name)
