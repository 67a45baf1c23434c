"""A program observed and then measured in this process, as the worker does it in two processes."""

from __future__ import annotations

from components.capture import capture_program, measure_program
from components.source import SourceLimits
from components.trace import Caps, Program, Trace, observed_run, with_measured

_CAPS = Caps()


def measured(program: Program, caps: Caps = _CAPS) -> Trace:
    """Return the trace of a program with its memory."""
    trace = capture_program(program, caps)
    return with_measured(trace, measure_program(program, observed_run(trace), caps, SourceLimits()))
