"""What the worker's child calls with a program for a GPU: the same as on the CPU, made ready in another way.

A process that has started the driver cannot be forked, nor, to be safe, one that has started the profiler of a PyTorch
with CUDA. So nothing of both happens before the fork, and each child starts them before its walls go up.
"""

from __future__ import annotations

from ..capture import capture_with_names
from ..capture.memory.cuda import prepare
from ..capture.warm_up import SOURCE
from ..trace import Program
from . import ANSWERERS, OBSERVERS, RunInterrupted, answer_program, installed_names, interrupt_soon, measure_program

__all__ = [
    "ANSWERERS",
    "OBSERVERS",
    "RunInterrupted",
    "answer_program",
    "installed_names",
    "interrupt_soon",
    "measure_program",
    "prepare",
    "warm_up",
]


def warm_up() -> None:
    """Load what runs on the processor, without memory: that would start the profiler."""
    capture_with_names(Program(source=SOURCE))
