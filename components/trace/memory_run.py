"""The memory of a program, measured in a run of its own: what that run is told, and what it answers.

The bare run knows bytes and addresses, the observed one lines, nodes and names. What the second needs of the first is
taken from its trace, so that they need not happen in the same process, nor at the same time.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from .base import Record
from .codec import DamagedTrace, memory_problems
from .records import Allocation, FailureKind, Memory, Trace, Truncation

# The profiler's record of a backward pass cannot be read in portions: some 20 kB for each node.
MOST_NODES = 20_000
_NOT_RUN = "The program did not run, so it used no memory."
_STOPPED = "The run was stopped; memory is measured in a second run, which was not begun."
_TOO_LARGE = (
    f"Memory is measured in a second run of the program, for graphs of up to {MOST_NODES:,} nodes in one backward pass."
)


class ObservedRun(Record, frozen=True, kw_only=True):
    """What an observed run knows of a program.

    ``steps`` are the line and function of each, ``nodes`` PyTorch's number, id and name of each that has a number,
    ``runs`` the ids of the nodes that each run of the engine executed. ``numbered`` is how many nodes PyTorch counted,
    ``seconds`` how long it took, ``ended`` the kind and line of its failure, ``cut`` whether lines are missing.
    ``stacks`` asks for the Python calls at each allocation.
    """

    steps: list[tuple[int, str | None]]
    nodes: list[tuple[int, str, str]]
    runs: list[list[str]]
    numbered: int
    seconds: float
    ended: tuple[FailureKind, int | None] | None
    cut: bool
    stacks: bool = False


class MeasuredRun(Record, frozen=True, kw_only=True):
    """The memory that was measured, a note on what is missing or why there is none, and whether events were cut."""

    memory: Memory | None
    note: str | None = None
    truncation: Truncation | None = None


def why_not_measured(trace: Trace) -> str | None:
    """Say why the memory of a trace's program is not to be measured, ``None`` where it is."""
    kind = trace.failure.kind if trace.failure is not None else None
    if kind in ("syntax", "too_large", "not_allowed"):
        return _NOT_RUN
    if kind in ("timeout", "crashed"):
        return _STOPPED
    if any(len(run.steps) > MOST_NODES for run in trace.backwards):
        return _TOO_LARGE
    return None


def observed_run(trace: Trace, stacks: bool = False) -> ObservedRun:
    """Return what the second run of the trace's program is told; ``stacks`` asks for the calls that allocated."""
    failure = trace.failure
    return ObservedRun(
        steps=[(step.line, step.function) for step in trace.steps],
        nodes=[(node.number, node.id, node.name) for node in trace.nodes if node.number is not None],
        runs=[[step.node for step in run.steps] for run in trace.backwards],
        numbered=trace.numbered,
        seconds=trace.duration_ns / 1e9,
        ended=(failure.kind, failure.line) if failure is not None else None,
        cut=trace.steps_truncated,
        stacks=stacks,
    )


_decoder = msgspec.json.Decoder(MeasuredRun)


def decode_measured(data: bytes, trace: Trace) -> MeasuredRun:
    """Read what the process that measured has sent; raises ``DamagedTrace``, also where it does not fit the trace."""
    try:
        measured = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedTrace(f"The memory is damaged: {error}.") from None
    if measured.memory is not None:
        problem = next(memory_problems(measured.memory, len(trace.steps)), None) or _foreign(measured.memory, trace)
        if problem is not None:
            raise DamagedTrace(f"The memory is damaged: {problem}.")
    return measured


def _foreign(memory: Memory, trace: Trace) -> str | None:
    nodes = {node.id for node in trace.nodes} | {None}
    runs = {run.id for run in trace.backwards} | {None}
    if any(event.node not in nodes or event.backward not in runs for event in memory.events):
        return "an event is of a node or a run of the engine that the trace does not hold"
    if any(not nodes.issuperset(block.saved_by) for block in memory.allocations):
        return "a block was saved by a node that the trace does not hold"
    return None


def with_measured(trace: Trace, measured: MeasuredRun) -> Trace:
    """Return the trace with its program's memory, or with the reason why there is none.

    What was measured before stays: of another measurement it takes the Python calls, as far as both did the same.
    """
    note = measured.note if measured.note is not None else msgspec.UNSET
    before, now = trace.memory, measured.memory
    if before is not None:
        return replace(trace, memory_note=note) if now is None else replace(trace, memory=_with_calls(before, now))
    truncations = trace.truncations
    if measured.truncation is not None:
        truncations = [*truncations, measured.truncation]
    return replace(trace, memory=now, memory_note=note, truncations=truncations)


def _with_calls(memory: Memory, other: Memory) -> Memory:
    """The memory with the calls of another run of the same program, up to where that run took another way."""
    blocks: list[Allocation] = []
    for one, again in zip(memory.allocations, other.allocations, strict=False):
        if (one.bytes, one.operation) != (again.bytes, again.operation):
            break
        blocks.append(replace(one, frame=again.frame))
    return replace(memory, allocations=[*blocks, *memory.allocations[len(blocks) :]], frames=other.frames)
