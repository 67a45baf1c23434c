"""From the profiler's record to blocks of memory, each tied to the line, nodes and engine run of the observed run.

A release names no block: it is found by its address, among those that are held at that time. Backward's operations are
matched with the observed run of the engine, node by node, in the order in which both ran them; a forward operation
made the node whose number it carries, unless a later operation carries it too (PyTorch tells an operation the next free
number, whether it uses it or not).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import torch
from msgspec import UNSET, Struct, UnsetType

from ...trace import Allocation, Category, Device, Memory, MemoryEvent, ObservedRun
from ..quiet import no_collector
from .addresses import Role
from .call_stacks import CALLS, Call, CallStacks
from .cuda import SOURCE as CUDA_SOURCE
from .notes import MARKER, Interval

_CPU_SOURCE = "PyTorch's CPU allocator, seen by torch.profiler"
_MEMORY = "[memory]"
_ENGINE = "autograd::engine::evaluate_function: "
_PRIORITY: tuple[Category, ...] = ("leaf", "gradient", "optimizer", "saved")


class Operation(Struct, eq=False):
    """An operation of PyTorch's; ``number`` is the node's that it made or runs, negative for none.

    ``order`` is set for a node that the engine runs: its index among those of the engine's run. ``engine`` marks what
    the engine does around it.
    """

    name: str
    number: int
    outer: Operation | None
    order: int | None = None
    engine: bool = False


class BlockChange(Struct, eq=False):
    """An allocation (positive) or release of a block; ``total`` is what the allocator holds after it."""

    time_ns: int
    delta: int
    block: Block
    interval: Interval
    operation: Operation | None
    total: int = 0


@dataclass(slots=True, eq=False)
class Block:
    """One block of memory, and what was seen to lie in it.

    ``part_of`` is a gradient's leaf or a state's parameter, ``part`` what it is of it. ``frame`` is the call that
    allocated it.
    """

    size: int
    allocated: BlockChange = field(init=False)
    released: BlockChange | None = None
    names: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    saved_by: dict[int, None] = field(default_factory=dict)
    part_of: Block | None = None
    part: str = ""
    frame: int | UnsetType = UNSET

    @property
    def name(self) -> str | None:
        """The variable, or what it is of another block that has a name."""
        if self.part_of is not None and self.part_of.names:
            owner = self.part_of.names[0]
            return f"{owner}.grad" if self.part == ".grad" else f"{self.part} of {owner}"
        return self.names[0] if self.names else None

    @property
    def category(self) -> Category:
        """What the block was for."""
        for role in _PRIORITY:
            if role in self.roles:
                return role
        if self.released is not None and _at_once(self.allocated.interval, self.released.interval):
            return "temporary"
        return "other"


def _at_once(born: Interval, released: Interval) -> bool:
    """Whether two intervals are of one step, or of one run of the engine."""
    same_step = born.step is not None and born.step == released.step
    return born is released or same_step or (born.run is not None and born.run == released.run)


class ProfilerRecord:
    """What the profiler saw, in order: ``changes``, and which operation made which node.

    ``began_ns`` is the profiler's time of the first marker. Only blocks of ``device`` (``"cpu"`` or ``"cuda"``) count.
    A GPU's allocator does not tell of every release: where it holds less than was told, the missing one is put in.
    ``stacks`` takes the calls that allocated, if they are asked for.
    """

    def __init__(
        self, intervals: Sequence[Interval], device: str, baseline: int = 0, stacks: CallStacks | None = None
    ) -> None:
        self.changes: list[BlockChange] = []
        self.makers: dict[int, Operation] = {}
        self.began_ns = 0
        self._intervals = intervals
        self._device = device
        self.stacks = stacks
        self._interval = intervals[0]
        # Where there is no GPU every event is of the CPU, and need not be asked.
        self._one_device = not torch.cuda.is_available()
        self.baseline = self._total = baseline
        self._held: dict[int, Block] = {}
        self._index = 0
        self._orders: dict[int | None, int] = {}

    def read(self, tree: Sequence[Any]) -> None:
        """Take what the profiler saw since the last time: ``experimental_event_tree()``."""
        self._interval = self._now()
        with no_collector():
            for time_ns, event, operation, call in sorted(_events(tree, self.stacks is not None), key=itemgetter(0)):
                if isinstance(event, Operation):
                    self._operation(time_ns, event)
                else:
                    self._memory(time_ns, event, operation, call)

    def _now(self) -> Interval:
        return self._intervals[min(self._index, len(self._intervals) - 1)]

    def _operation(self, time_ns: int, operation: Operation) -> None:
        if operation.name == MARKER:
            self.began_ns = self.began_ns or time_ns
            for note in self._interval.notes:
                self._note(*note)
            self._index += 1
            self._interval = self._now()
        elif operation.order is not None:
            run = self._interval.run
            operation.order = self._orders.get(run, 0)
            self._orders[run] = operation.order + 1
            if operation.outer is not None:
                operation.outer.order = operation.order
        elif operation.number >= 0:
            self.makers[operation.number] = operation

    def _memory(self, time_ns: int, event: Any, operation: Operation | None, call: Call | None) -> None:
        fields = event.extra_fields
        size = fields.alloc_size
        if not size or not (self._one_device or fields.device.type == self._device):
            return
        address = fields.ptr
        before = self._held.pop(address, None)
        if before is not None:
            self._release(time_ns, before, operation)
        if size > 0:
            block = self._held[address] = Block(size)
            block.allocated = self._change(time_ns, block.size, block, operation)
            block.frame = self.stacks.at(call, self._interval.line) if self.stacks is not None else UNSET
        if self._device != "cpu" and self._total > fields.total_allocated:
            self._release_unreported(time_ns, self._total - fields.total_allocated, operation)

    def _release(self, time_ns: int, block: Block, operation: Operation | None) -> None:
        block.released = self._change(time_ns, -block.size, block, operation)

    def _release_unreported(self, time_ns: int, size: int, operation: Operation | None) -> None:
        """The allocator holds less than was told: the newest block of that size without a name is the one."""
        for address, block in reversed(self._held.items()):
            if block.size == size and not block.roles:
                del self._held[address]
                self._release(time_ns, block, operation)
                return

    def _change(self, time_ns: int, delta: int, block: Block, operation: Operation | None) -> BlockChange:
        self._total += delta
        change = BlockChange(time_ns, delta, block, self._interval, operation, self._total)
        self.changes.append(change)
        return change

    def _note(self, address: int, role: Role, what: Any) -> None:
        block = self._held.get(address)
        if block is None:
            return
        if role == "saved":
            if what is not None:
                block.saved_by[what] = None
        elif role == "gradient" or role == "optimizer":
            block.part, owner = (".grad", what) if role == "gradient" else what
            block.part_of = block.part_of or self._held.get(owner)
        elif what is not None and what not in block.names:
            block.names.append(what)
        if role != "variable":
            block.roles.add(role)


def _events(tree: Sequence[Any], calls: bool) -> list[tuple[int, Any, Operation | None, Call | None]]:
    """Return the time of each event, an operation or the profiler's event of an allocation, and what it is inside of:
    the operation, and the Python call if the record has ``calls``.

    Each question to an event crosses into C++, and there are a hundred thousand of them: none is asked twice.
    """
    events: list[tuple[int, Any, Operation | None, Call | None]] = []
    pending: list[tuple[Any, Operation | None, Call | None]] = [(event, None, None) for event in reversed(tree)]
    while pending:
        event, outer, call = pending.pop()
        if calls and event.tag in CALLS:
            below = event.children
            if below:
                pending.extend([(each, outer, (event, call)) for each in reversed(below)])
            continue
        name = event.name
        if name == _MEMORY:
            events.append((event.start_time_ns, event, outer, call))
            continue
        engine = name.startswith(_ENGINE)
        inside = Operation(name, -1 if engine else getattr(event.extra_fields, "sequence_number", -1), outer)
        if outer is not None and outer.engine:
            inside.order = 0
        inside.engine = engine
        events.append((event.start_time_ns, inside, outer, call))
        below = event.children
        if below:
            pending.extend([(each, inside, call) for each in reversed(below)])
    return events


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

    def node(self, change: BlockChange) -> str | None:
        """Return the node whose forward or backward the change happened in."""
        operation = change.operation
        while operation is not None:
            if operation.order is not None:
                return self._run_by_engine(change.interval.run, operation) or self._ids.get(operation.number)
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

    def backward(self, change: BlockChange) -> str | None:
        """Return the engine run in which the change happened."""
        run = change.interval.run
        return f"b{run}" if run is not None and run < len(self._observed.runs) else None


def memory_record(record: ProfilerRecord, ties: Ties, device: Device, most_events: int) -> Memory:
    """Return the record, with the first ``most_events`` events; the peak and the final bytes are those of all."""
    changes = record.changes
    peak = max(range(len(changes)), key=lambda index: changes[index].total, default=None)
    if peak is not None and changes[peak].total <= record.baseline:
        peak = None
    kept = changes[:most_events]
    events = {id(change): index for index, change in enumerate(kept)}
    blocks = [change.block for change in kept if change.delta > 0]
    indices = {id(block): index for index, block in enumerate(blocks)}
    return Memory(
        source=CUDA_SOURCE if device == "cuda" else _CPU_SOURCE,
        device=device,
        baseline_bytes=record.baseline,
        peak_bytes=changes[peak].total if peak is not None else record.baseline,
        peak_line=changes[peak].interval.line if peak is not None else None,
        peak_event=peak if peak is not None and peak < len(kept) else None,
        final_bytes=changes[-1].total if changes else record.baseline,
        duration_ns=0,
        events=[_event(change, indices[id(change.block)], ties, record.began_ns) for change in kept],
        allocations=[_allocation(block, ties, events) for block in blocks],
        cuda=None,
        frames=record.stacks.frames if record.stacks is not None else UNSET,
    )


def _event(change: BlockChange, allocation: int, ties: Ties, began_ns: int) -> MemoryEvent:
    return MemoryEvent(
        t_ns=max(0, change.time_ns - began_ns),
        line=change.interval.line,
        node=ties.node(change),
        delta_bytes=change.delta,
        category=change.block.category,
        total_bytes=change.total,
        allocation=allocation,
        step=change.interval.step,
        backward=ties.backward(change),
    )


def _allocation(block: Block, ties: Ties, events: dict[int, int]) -> Allocation:
    operation = block.allocated.operation
    return Allocation(
        bytes=block.size,
        category=block.category,
        operation=operation.name.rpartition(": ")[2] if operation is not None else None,
        name=block.name,
        saved_by=ties.saved_by(block),
        allocated=events[id(block.allocated)],
        released=events.get(id(block.released)) if block.released is not None else None,
        frame=block.frame,
    )
