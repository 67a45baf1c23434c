"""The memory of a program, byte for byte, measured in a second run that nothing but the profiler watches.

Observers allocate and keep things alive, so what they see of memory is not the program's. The program is therefore run
once more, bare: no trace function, no hooks on nodes, no values read. ``torch.profiler`` records every allocation and
release of PyTorch's allocator; ``memory_moments`` notes between the lines what lies where; afterwards each block is
tied to the line, the node and the variable that the observed run knows.

Known limitations: memory that is not PyTorch's allocator's (NumPy arrays, the work space of oneDNN) is not seen.
A program that does not do the same twice (it looks at the clock) can be tied to wrong lines; the note says so.
"""

from __future__ import annotations

import gc
import time
import types
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from components.capture.engine_drafts import BackwardDraft
from components.capture.failures import RunInterrupted
from components.capture.marks import next_node_number
from components.capture.memory_blocks import Block, Change, Operation, Record
from components.capture.memory_moments import Moments
from components.capture.memory_profiler import Profiler
from components.capture.nodes import NodeDraft
from components.capture.steps import StepDraft
from components.capture.stopping import forget_to_stop
from components.capture.switches import switches_kept
from components.language.runtime import program_globals
from components.trace import Allocation, Memory, MemoryEvent, Program, Truncation

CPU_SOURCE = "PyTorch's CPU allocator, seen by torch.profiler"


@dataclass(frozen=True)
class Observed:
    """What the observed run of the same program knows: its lines, nodes and engine runs, and the nodes' final ids.

    ``first_number`` is the number that PyTorch would have given to a node when that run began, ``made`` how many it
    gave.
    """

    steps: Sequence[StepDraft]
    nodes: Sequence[NodeDraft]
    runs: Sequence[BackwardDraft]
    node_ids: dict[int, str]
    backward_ids: dict[int, str]
    first_number: int
    made: int


@dataclass(frozen=True)
class Measured:
    """The memory, the cap that it reached, how many nodes this run made, and the exception that ended it.

    ``cut`` says that it took too long and was ended.
    """

    memory: Memory
    truncation: Truncation | None
    nodes: int
    error: BaseException | None
    cut: bool


def measure(program: Program, code: types.CodeType, observed: Observed, most_events: int) -> Measured:
    """Run ``code``, the marked code of a program that was observed before, and return its memory.

    Raises:
        RunInterrupted: the run is to stop; nothing is known of its memory then.
        MemoryError: no memory is left for the record.
    """
    names = program_globals(lambda text: None)
    moments = Moments(observed.steps, frozenset(names))
    names.update(moments.calls)
    record = Record(moments.list, "cpu")
    profiler = Profiler(record.read)
    moments.between_lines = profiler.between_lines
    torch.manual_seed(program.seed)
    first_number = next_node_number()
    with _as_python_collects(), switches_kept(), warnings.catch_warnings(), moments:
        warnings.simplefilter("ignore")
        with profiler:
            moments.begin()
            started = time.perf_counter_ns()
            error = _run(code, names)
            duration = time.perf_counter_ns() - started - profiler.reading_ns
            moments.end(names)
    forget_to_stop()
    if isinstance(error, RunInterrupted):
        raise error
    made = next_node_number() - first_number
    memory, truncation = _memory(record, _Ties(observed, record, first_number), most_events, duration)
    return Measured(memory, truncation, made, None if moments.over else error, moments.over)


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


class _Ties:
    """From what the profiler tells of an operation to the observed node and engine run."""

    def __init__(self, observed: Observed, record: Record, first_number: int) -> None:
        self._observed = observed
        self._makers = record.makers
        shift = observed.first_number - first_number
        by_number = {draft.number: observed.node_ids[draft.index] for draft in observed.nodes if draft.leaf is None}
        self._ids = {number - shift: name for number, name in by_number.items()}

    def saved_by(self, block: Block) -> list[str]:
        """Return the nodes that kept the block."""
        return [self._ids[number] for number in block.saved_by if number in self._ids]

    def node(self, change: Change) -> str | None:
        """Return the node whose forward or backward the change happened in."""
        operation = change.operation
        while operation is not None:
            if operation.order is not None:
                return self._run_by_engine(change.moment.run, operation) or self._ids.get(operation.number)
            if self._makers.get(operation.number) is operation and operation.number in self._ids:
                return self._ids[operation.number]
            operation = operation.outer
        return None

    def _run_by_engine(self, run: int | None, operation: Operation) -> str | None:
        runs, order = self._observed.runs, operation.order
        if run is None or order is None or run >= len(runs) or order >= len(runs[run].steps):
            return None
        node = runs[run].steps[order].node
        matches = operation.name.rpartition("::")[2].rpartition(": ")[2] == node.name
        return self._observed.node_ids[node.index] if matches else None

    def backward(self, change: Change) -> str | None:
        """Return the engine run in which the change happened."""
        run = change.moment.run
        return self._observed.backward_ids.get(run) if run is not None else None


def _memory(record: Record, ties: _Ties, most_events: int, duration: int) -> tuple[Memory, Truncation | None]:
    changes = record.changes
    peak = max(range(len(changes)), key=lambda index: changes[index].total, default=None)
    if peak is not None and changes[peak].total <= 0:
        peak = None
    kept = changes[:most_events]
    places = {id(change): index for index, change in enumerate(kept)}
    blocks = [change.block for change in kept if change.delta > 0]
    indices = {id(block): index for index, block in enumerate(blocks)}
    cut = len(kept) < len(changes)
    memory = Memory(
        source=CPU_SOURCE,
        device="cpu",
        baseline_bytes=0,
        peak_bytes=changes[peak].total if peak is not None else 0,
        peak_line=changes[peak].moment.line if peak is not None else None,
        peak_event=peak if peak is not None and peak < len(kept) else None,
        final_bytes=changes[-1].total if changes else 0,
        duration_ns=duration,
        events=[_event(change, indices[id(change.block)], ties, record.began_ns) for change in kept],
        allocations=[_allocation(block, ties, places) for block in blocks],
        cuda=None,
    )
    missing = "later allocations and releases; peak and final bytes are those of the whole run"
    return memory, Truncation(observer="memory", cap=most_events, missing=missing) if cut else None


def _event(change: Change, allocation: int, ties: _Ties, began_ns: int) -> MemoryEvent:
    return MemoryEvent(
        t_ns=max(0, change.time_ns - began_ns),
        line=change.moment.line,
        node=ties.node(change),
        delta_bytes=change.delta,
        category=change.block.category,
        total_bytes=change.total,
        allocation=allocation,
        step=change.moment.step,
        backward=ties.backward(change),
    )


def _allocation(block: Block, ties: _Ties, places: dict[int, int]) -> Allocation:
    operation = block.allocated.operation
    return Allocation(
        bytes=block.size,
        category=block.category,
        operation=operation.name.rpartition(": ")[2] if operation is not None else None,
        name=block.name,
        saved_by=ties.saved_by(block),
        allocated=places[id(block.allocated)],
        released=places.get(id(block.released)) if block.released is not None else None,
    )
