"""The memory of a program, byte for byte, measured in a run that nothing but the profiler watches.

Observers allocate and keep things alive, so what they see of memory is not the program's. The program is therefore run
once more, bare, in a process of its own: no trace function, no hooks on nodes, no values read. ``torch.profiler``
records every allocation and release of PyTorch's allocator; ``notes`` say between the lines what lies where;
afterwards each block is tied to the line, the node and the variable that the observed run knows.

Known limitations: memory that is not PyTorch's allocator's (NumPy arrays, the work space of oneDNN) is not seen.
A program that does not take the same way twice (it looks at the clock) can be tied to wrong lines; the note says so
where nodes, lines or the end differ.
"""

from __future__ import annotations

import gc
import time
import warnings
from contextlib import ExitStack

from msgspec.structs import replace

from ...source import SourceLimits
from ...source.compiler import Compiled, compile_program
from ...trace import Caps, MeasuredRun, Memory, ObservedRun, Program, Truncation
from ..failures import RunInterrupted, failure_of, forget_to_stop
from ..main_module import MainModule, as_python_collects, seed
from ..names import weak_names
from ..torch_nodes import next_node_number
from .blocks import ProfilerRecord, Ties, memory_record
from .call_stacks import CallStacks
from .cuda import CudaMemory
from .notes import Notes, TookTooLong
from .profiler import Profiler

# How much of the processor this run may take with the reading of its record, if the observed run was not longer.
_LEAST_SECONDS = 4.0
_SLOWER_WITH_CALLS = 3
_LATER = "later allocations and releases; peak and final bytes are those of the whole run"
_CUT = "The second run, in which memory is measured, took too long or was stopped: what came later is not in here."
_NO_ROOM = "Memory is measured in a second run of the program; no memory was left for its record."
_DIFFERENT = (
    "The program did not do the same in the second run, in which its memory was measured: lines, nodes and names of "
    "blocks may be wrong. Bytes are those of that second run."
)


def measure_program(program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
    """Run a program that was observed before, and return its memory; the program's own mistakes are no errors here."""
    try:
        return _SecondRun(program, observed, compile_program(program.source, source_limits, marked=True)).run(caps)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "bad_alloc" not in str(error):
            raise
        return MeasuredRun(memory=None, note=_NO_ROOM)


class _SecondRun:
    """One bare run."""

    def __init__(self, program: Program, observed: ObservedRun, compiled: Compiled) -> None:
        self._program = program
        self._observed = observed
        self._compiled = compiled
        most_seconds = max(_LEAST_SECONDS, 1.5 * observed.seconds) * (_SLOWER_WITH_CALLS if observed.stacks else 1)
        self._notes = Notes(observed.steps, weak_names(compiled.tree), most_seconds)

    def run(self, caps: Caps) -> MeasuredRun:
        notes, device = self._notes, self._program.device
        with ExitStack() as active:
            gc.collect()
            gc.freeze()  # Python's collector never looks at what was there before
            active.callback(gc.unfreeze)
            active.enter_context(as_python_collects())
            active.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            cuda = active.enter_context(CudaMemory()) if device == "cuda" else None
            if cuda is not None:
                notes.on_step = cuda.sample
            active.enter_context(notes)
            stacks = CallStacks(caps.memory_frames) if self._observed.stacks else None
            record = ProfilerRecord(notes.intervals, device, cuda.baseline if cuda is not None else 0, stacks)
            profiler = Profiler(record.read, self._observed.stacks)
            notes.is_long, notes.between_lines = profiler.is_long, profiler.between_lines
            main = MainModule(self._compiled.text, _unseen, _unseen, {"display": _unseen, **notes.calls})
            names = active.enter_context(main)
            seed(self._program.seed)
            first_number = next_node_number()
            error: BaseException | None = None
            with profiler:
                notes.begin()
                started = time.perf_counter_ns()
                error = main.run(self._compiled.code)
                duration = time.perf_counter_ns() - started - profiler.reading_ns
                notes.end(names)
        forget_to_stop()
        made = next_node_number() - first_number
        memory = memory_record(record, Ties(self._observed, record.makers, first_number), device, caps.memory_events)
        memory = replace(memory, duration_ns=duration)
        if cuda is not None:
            memory = replace(memory, cuda=cuda.samples, cuda_snapshot=cuda.snapshot)
        return self._result(memory, len(record.changes) > caps.memory_events, made, error, caps)

    def _result(self, memory: Memory, capped: bool, made: int, error: BaseException | None, caps: Caps) -> MeasuredRun:
        cut = Truncation(observer="memory", cap=caps.memory_events, missing=_LATER) if capped else None
        if isinstance(error, RunInterrupted | TookTooLong):
            return MeasuredRun(memory=memory, note=_CUT, truncation=cut)
        failure = failure_of(error) if error is not None else None
        ended = (failure.kind, failure.line) if failure is not None else None
        followed = self._observed.cut or not self._notes.unmatched
        same = followed and made == self._observed.numbered and ended == self._observed.ended
        return MeasuredRun(memory=memory, note=None if same else _DIFFERENT, truncation=cut)


def _unseen(*values: object, **options: object) -> None:
    """Where everything goes that the program prints or shows."""
