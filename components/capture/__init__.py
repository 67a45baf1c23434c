"""Runs a program under observers and fills a trace: the only part that knows how PyTorch works inside.

Only the worker's processes import it. Each observer is a context manager or a log that keeps nothing alive that the
program would have freed, says in its docstring what it cannot see, and steps aside when it fails.
"""

from components.capture.environment import environment
from components.capture.failures import RunInterrupted, failure_of
from components.capture.memory import measure_program
from components.capture.run import capture_program, capture_with_names
from components.capture.stopping import interrupt_soon
from components.capture.vocabulary import installed_names
from components.capture.warm_up import warm_up
from components.trace import Caps

__all__ = [
    "Caps",
    "RunInterrupted",
    "capture_program",
    "capture_with_names",
    "environment",
    "failure_of",
    "installed_names",
    "interrupt_soon",
    "measure_program",
    "warm_up",
]
