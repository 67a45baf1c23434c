"""Runs a program, then answers what was asked of it beyond its trace.

The trace is that of the program alone. What is asked of it (derivatives of its function, whether it solves an exercise)
is worked out afterwards, on what its global names stand for, in the same confined process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import UNSET
from msgspec.structs import replace

from .. import capture
from ..capture import RunInterrupted, capture_program, capture_with_names
from ..capture.memory.cuda import prepare
from ..capture.warm_up import SOURCE
from ..source import SourceLimits
from ..trace import (
    Caps,
    Draw,
    MeasuredRun,
    MeasureModules,
    ObservedRun,
    Program,
    Trace,
    empty_trace,
)

# SymPy, and what works out answers with it, is imported when it is first needed: without it the first picture after a
# start comes sooner.
__all__ = ["ProgramAnswerer"]


class ProgramAnswerer:
    """What the worker's children call with their programs: its ``Answerer``, on the processor or on a GPU.

    A process that has started the driver cannot be forked, nor, to be safe, one that has started the profiler of a
    PyTorch with CUDA. So nothing of both happens before the fork, and each child starts them before its walls go up.
    """

    observers = (capture.__name__,)
    answerers = tuple(f"{__name__}.{part}" for part in ("derivatives", "exercises", "symbolic"))
    interrupted = RunInterrupted

    def __init__(self, gpu: bool = False) -> None:
        self._gpu = gpu

    def interrupt_soon(self, error: RunInterrupted) -> None:
        """Raise ``error`` where the observers' records are whole."""
        capture.interrupt_soon(error)

    def warming(self) -> Iterator[None]:
        """Load all that programs need; for a GPU what runs on the processor, without memory and its profiler."""
        if self._gpu:
            capture_with_names(Program(source=SOURCE))
            return
        yield from capture.warming()
        from .warm_up import warming

        yield from warming()
        from . import asked as asked  # last: it notes what everything is

    def prepare(self) -> None:
        """Start the driver, where there is one; raises ``RuntimeError`` if it does not answer."""
        if self._gpu:
            prepare()

    def answer(
        self,
        program: Program,
        caps: Caps,
        on_output: Callable[[str], None],
        source_limits: SourceLimits,
        log: Callable[[str], None],
    ) -> Trace:
        """Run the program and return its trace, with the answer to its question if it has one."""
        if program.question is UNSET:
            return capture_program(program, caps, on_output, source_limits, log)
        if isinstance(program.question, MeasureModules):
            return capture.measure_modules(program, caps, source_limits)
        if isinstance(program.question, Draw):
            fewer = replace(caps, values=0, grids=0)
            return _only_drawn(capture_program(program, fewer, on_output, source_limits, log), program.question)
        from .asked import answered

        return answered(program, caps, on_output, source_limits, log)

    def measure(self, program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
        """Run a program that was observed before, and return its memory."""
        return capture.measure_program(program, observed, caps, source_limits)

    def names(self) -> tuple[str, ...]:
        """Return the names that the installed modules have, for an editor."""
        return capture.installed_names()


def _only_drawn(trace: Trace, asked: Draw) -> Trace:
    """Return what is asked for: the rest of the trace is known, and where it is large takes long to be sent again."""
    drawn = trace.torchviz[asked.number : asked.number + 1]
    failure = None if drawn or trace.failure is None else replace(trace.failure, node=None, backward=None)
    notes = [note for note in trace.notes if note.observer == "torchviz"]
    nothing = empty_trace(trace.program, trace.environment)
    return replace(nothing, failure=failure, torchviz=drawn, duration_ns=trace.duration_ns, notes=notes)
