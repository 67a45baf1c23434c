"""Whether and how a trace gets its memory: the second run, and what is said where there is none."""

from __future__ import annotations

from msgspec.structs import replace

from components.capture.failures import failure_of
from components.capture.memory import measure
from components.capture.memory_ties import Observed
from components.capture.stopping import program_is_over
from components.language import SourceLimits
from components.language.compiler import compile_program
from components.trace import Caps, Trace, Truncation

# The profiler's record of a backward pass cannot be read in portions: some 20 kB for each node.
MOST_NODES = 20_000
_LATER = "later allocations and releases; peak and final bytes are those of the whole run"
_STOPPED = "The run was stopped; memory is measured in a second run, which was not begun."
_CUT = "The second run, in which memory is measured, took too long or was stopped: what came later is not in here."
_TOO_LARGE = (
    f"Memory is measured in a second run of the program, for graphs of up to {MOST_NODES:,} nodes in one backward pass."
)
_TOO_LONG = "Memory is measured in a second run, for programs that run {:g} seconds at most."
_NO_ROOM = "Memory is measured in a second run of the program; no memory was left for its record."
_DIFFERENT = (
    "The program did not do the same in the second run, in which its memory was measured: lines, nodes and names of "
    "blocks may be wrong. Bytes are those of that second run."
)


def with_memory(trace: Trace, caps: Caps, source_limits: SourceLimits, observed: Observed) -> Trace:
    """Return the trace with the memory of its program, or with the reason why there is none."""
    failure = trace.failure
    if failure is not None and not trace.steps:
        return trace  # refused before its first line
    if failure is not None and failure.kind == "timeout":
        return replace(trace, memory_note=_STOPPED)
    if any(len(run.steps) > MOST_NODES for run in observed.runs):
        return replace(trace, memory_note=_TOO_LARGE)
    if observed.seconds > caps.memory_seconds:
        return replace(trace, memory_note=_TOO_LONG.format(caps.memory_seconds))
    program_is_over()
    try:
        code = compile_program(trace.program.source, source_limits, marked=True)
        measured = measure(trace.program, code, observed, caps.memory_events)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "bad_alloc" not in str(error):
            raise
        return replace(trace, memory_note=_NO_ROOM)
    if measured.capped:
        cut = Truncation(observer="memory", cap=caps.memory_events, missing=_LATER)
        trace = replace(trace, truncations=[*trace.truncations, cut])
    trace = replace(trace, memory=measured.memory)
    if measured.cut:
        return replace(trace, memory_note=_CUT)
    ended = failure_of(measured.error) if measured.error is not None else None
    followed = trace.steps_truncated or not measured.unmatched
    same = (
        followed
        and measured.nodes == observed.made
        and (ended and (ended.kind, ended.line)) == (failure and (failure.kind, failure.line))
    )
    return trace if same else replace(trace, memory_note=_DIFFERENT)
