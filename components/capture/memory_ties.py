"""From the profiler's blocks to the record: each tied to the line, the nodes and the engine run of the observed run."""

from __future__ import annotations

from collections.abc import Mapping

from ..trace import Allocation, Device, Memory, MemoryEvent, ObservedRun
from .cuda import SOURCE as CUDA_SOURCE
from .memory_blocks import Block, Change, Operation, Record

CPU_SOURCE = "PyTorch's CPU allocator, seen by torch.profiler"


class Ties:
    """From what the profiler tells of an operation to the observed node and engine run."""

    def __init__(self, observed: ObservedRun, makers: Mapping[int, Operation], first_number: int) -> None:
        self._observed = observed
        self._makers = makers
        self._ids = {first_number + number: node for number, node, _ in observed.nodes}
        self._names = {node: name for _, node, name in observed.nodes}

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
        if run is None or order is None or run >= len(runs) or order >= len(runs[run]):
            return None
        node = runs[run][order]
        matches = operation.name.rpartition("::")[2].rpartition(": ")[2] == self._names.get(node, "AccumulateGrad")
        return node if matches else None

    def backward(self, change: Change) -> str | None:
        """Return the engine run in which the change happened."""
        run = change.moment.run
        return f"b{run}" if run is not None and run < len(self._observed.runs) else None


def memory_record(record: Record, ties: Ties, device: Device, most_events: int) -> Memory:
    """Return the record, with the first ``most_events`` events; the peak and the final bytes are those of all."""
    changes = record.changes
    peak = max(range(len(changes)), key=lambda index: changes[index].total, default=None)
    if peak is not None and changes[peak].total <= record.baseline:
        peak = None
    kept = changes[:most_events]
    places = {id(change): index for index, change in enumerate(kept)}
    blocks = [change.block for change in kept if change.delta > 0]
    indices = {id(block): index for index, block in enumerate(blocks)}
    return Memory(
        source=CUDA_SOURCE if device == "cuda" else CPU_SOURCE,
        device=device,
        baseline_bytes=record.baseline,
        peak_bytes=changes[peak].total if peak is not None else record.baseline,
        peak_line=changes[peak].moment.line if peak is not None else None,
        peak_event=peak if peak is not None and peak < len(kept) else None,
        final_bytes=changes[-1].total if changes else record.baseline,
        duration_ns=0,
        events=[_event(change, indices[id(change.block)], ties, record.began_ns) for change in kept],
        allocations=[_allocation(block, ties, places) for block in blocks],
        cuda=None,
    )


def _event(change: Change, allocation: int, ties: Ties, began_ns: int) -> MemoryEvent:
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


def _allocation(block: Block, ties: Ties, places: dict[int, int]) -> Allocation:
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
