"""The memory of a program, byte for byte, measured in a second run that nothing but the profiler watches.

Observers allocate and keep things alive, so what they see of memory is not the program's. The program is therefore run
once more, bare: no trace function, no hooks on nodes, no values read. ``torch.profiler`` records every allocation and
release of PyTorch's allocator; ``memory_moments`` notes between the lines what lies where; afterwards each block is
tied to the line, the node and the variable that the observed run knows.

Known limitations: memory that is not PyTorch's allocator's (NumPy arrays, the work space of oneDNN) is not seen.
A program that does not take the same way twice (it looks at the clock) can be tied to wrong lines; the note says so
where nodes, lines or the end differ.
"""

from __future__ import annotations

import gc
import time
import types
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from msgspec.structs import replace

from components.capture.cuda import CudaMemory
from components.capture.failures import RunInterrupted
from components.capture.marks import next_node_number
from components.capture.memory_blocks import Record
from components.capture.memory_lines import TookTooLong
from components.capture.memory_moments import Moments
from components.capture.memory_profiler import Profiler
from components.capture.memory_ties import Observed, Ties, memory_record
from components.capture.stopping import forget_to_stop
from components.capture.switches import switches_kept
from components.language.runtime import program_globals
from components.trace import Memory, Program

# How long this run may take with the reading of its record, if the observed run was not longer.
_LEAST_SECONDS = 4.0


@dataclass(frozen=True)
class Measured:
    """The memory, whether it has more events than are kept, how many nodes this run made,
    how many of its statements were not observed before, what exception ended it.

    ``cut`` says that it took too long, or was stopped.
    """

    memory: Memory
    capped: bool
    nodes: int
    unmatched: int
    error: BaseException | None
    cut: bool


def measure(program: Program, code: types.CodeType, observed: Observed, most_events: int) -> Measured:
    """Run ``code``, the marked code of a program that was observed before, and return its memory.

    Raises:
        MemoryError: no memory is left for the record.
    """
    names = program_globals(lambda text: None)
    moments = Moments(observed.steps, frozenset(names), max(_LEAST_SECONDS, 1.5 * observed.seconds))
    names.update(moments.calls)
    with ExitStack() as active:
        active.enter_context(_as_python_collects())
        active.enter_context(switches_kept())
        active.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        cuda = active.enter_context(CudaMemory()) if program.device == "cuda" else None
        if cuda is not None:
            moments.on_step = cuda.sample
        active.enter_context(moments)
        record = Record(moments.list, program.device, cuda.baseline if cuda is not None else 0)
        profiler = Profiler(record.read)
        moments.is_long, moments.between_lines = profiler.is_long, profiler.between_lines
        torch.manual_seed(program.seed)
        first_number = next_node_number()
        with profiler:
            moments.begin()
            started = time.perf_counter_ns()
            error = _run(code, names)
            duration = time.perf_counter_ns() - started - profiler.reading_ns
            moments.end(names)
    forget_to_stop()
    cut = isinstance(error, RunInterrupted | TookTooLong)
    made = next_node_number() - first_number
    memory = memory_record(record, Ties(observed, record.makers, first_number), program.device, most_events)
    memory = replace(memory, duration_ns=duration)
    if cuda is not None:
        memory = replace(memory, cuda=cuda.samples, cuda_snapshot=cuda.snapshot)
    return Measured(memory, len(record.changes) > most_events, made, moments.unmatched, None if cut else error, cut)


def _run(code: types.CodeType, names: dict[str, Any]) -> BaseException | None:
    try:
        exec(code, names)
    except BaseException as error:
        return error
    return None


@contextmanager
def _as_python_collects() -> Iterator[None]:
    """Collect garbage as often as plain Python does, but never what was there before."""
    gc.collect()
    gc.freeze()
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
