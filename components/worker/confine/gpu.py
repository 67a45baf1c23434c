"""What the walls around a run on a GPU let through, and whether there is a GPU to run on.

Measured with PyTorch 2.11 and NVIDIA's driver 580: a context takes some 19 GB of address space and 50 descriptors;
kineto reads the files below whenever the profiler starts and raises where it may not; cuDNN's recurrent layers and
cuSOLVER are loaded when first used.

What these walls do not stop: a program that breaks out of PyTorch's native code can speak to the driver, in the
kernel, through ioctl, and ask whether a path exists. The limit of address space is far above what a program may use of
the main memory. The driver's own threads exist before the walls and are not behind them. Memory of the GPU that
another process has freed is cleared by the driver, not by us. So a GPU is for people one knows.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

GPU_ADDRESS_MB = 64 << 10
GPU_OPEN_FILES = 256
_DRIVER = "/dev/nvidiactl"
_PACKAGES = ("torch", "nvidia")
_FILES = ("/sys/devices/system", "/etc/libkineto.conf", "/usr/lib", "/usr/lib64", "/usr/local/cuda")


def has_gpu() -> bool:
    """Whether NVIDIA's driver is there and may be used; nothing is started to find out."""
    return os.access(_DRIVER, os.R_OK | os.W_OK)


def readable() -> tuple[str, ...]:
    """Return the folders and files that may be read: the libraries of PyTorch and the driver, and what kineto asks."""
    return tuple(path for path in (*_libraries(), *_FILES) if os.path.exists(path))


def _libraries() -> Iterator[str]:
    for name in _PACKAGES:
        found = importlib.util.find_spec(name)
        yield from found.submodule_search_locations or () if found is not None else ()
