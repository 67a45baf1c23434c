"""Runs a program under observers and fills a trace: the only part that knows how PyTorch works inside.

Only the worker's processes import it. Each observer is a context manager or a log that keeps nothing alive that the
program would have freed, says in its docstring what it cannot see, and steps aside when it fails.
"""

from ..trace import Caps
from .failures import RunInterrupted, failure_of, interrupt_soon
from .memory.second_run import measure_program
from .module_meter import measure_modules
from .observed_run import capture_program, capture_with_names
from .observers import environment
from .warm_up import installed_names, warm_up, warming

__all__ = [
    "Caps",
    "RunInterrupted",
    "capture_program",
    "capture_with_names",
    "environment",
    "failure_of",
    "installed_names",
    "interrupt_soon",
    "measure_modules",
    "measure_program",
    "warm_up",
    "warming",
]
