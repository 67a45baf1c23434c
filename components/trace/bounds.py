"""How large a trace from a stranger may be: a file that somebody opens, or the word of a process that was taken over.

Looked at before anything is parsed (bytes, and how many values those could become) and again before a view relies on
it, against the same caps that honest observers keep to.
"""

from __future__ import annotations

from collections.abc import Iterator

from .caps import Caps
from .codec import DamagedTrace, decode_trace
from .records import Trace

MOST_UPLOADED_BYTES = 8 << 20
MOST_UPLOADED_VALUES = 3_000_000
_LONGEST_MESSAGE = 20_000
_CAPS = Caps()
_MOST_NOTES = 200
_MOST_EDGES_PER_NODE = 100


def count_values(data: bytes) -> int:
    """Return how many values a JSON text can hold at most: it has a comma or an opening bracket before each."""
    return sum(map(data.count, (b",", b"[", b"{")))


def decode_uploaded(data: bytes, most_source_chars: int, caps: Caps = _CAPS) -> Trace:
    """Read a trace from a file that somebody opens; raises ``DamagedTrace``, also where it is too large."""
    if len(data) > MOST_UPLOADED_BYTES:
        size, most = len(data) / 2**20, MOST_UPLOADED_BYTES >> 20
        raise DamagedTrace(f"This file has {size:.1f} MiB; traces of up to {most} MiB can be opened.")
    if count_values(data) > MOST_UPLOADED_VALUES:
        raise DamagedTrace(
            f"This file holds more than {MOST_UPLOADED_VALUES:,} values, which is too much to be opened."
        )
    trace = decode_trace(data)
    if len(trace.program.source) > most_source_chars:
        raise DamagedTrace(f"Its program has more than the {most_source_chars:,} characters that a program may have.")
    problem = oversized(trace, caps)
    if problem is not None:
        raise DamagedTrace(problem)
    return trace


def oversized(trace: Trace, caps: Caps) -> str | None:
    """Say what in a trace is more than observers record, ``None`` if nothing is."""
    found = next((name for name, count, most in _sizes(trace, caps) if count > most), None)
    return None if found is None else f"It holds more than a trace may: {found}."


def _sizes(trace: Trace, caps: Caps) -> Iterator[tuple[str, int, int]]:
    yield "printed text", len(trace.stdout), caps.stdout_chars
    yield "steps", len(trace.steps), caps.steps
    yield "variables", max((len(step.variables) for step in trace.steps), default=0), caps.variables_per_step
    yield "tensors", len(trace.tensors), caps.tensors
    yield "nodes", len(trace.nodes), caps.nodes
    yield "edges", len(trace.edges), caps.nodes + _MOST_EDGES_PER_NODE * len(trace.nodes)
    yield "backward passes", len(trace.backwards), caps.backwards
    yield "steps of backward passes", sum(len(run.steps) for run in trace.backwards), caps.engine_steps
    yield "gradients", len(trace.gradients), caps.gradients
    # Each drawing comes with and without attributes and saved tensors.
    yield "drawings", len(trace.torchviz), 4 * caps.drawings
    yield "drawings", sum(len(drawing.dot or "") for drawing in trace.torchviz), 2 * caps.drawing_chars
    yield "warnings", len(trace.warnings), caps.warnings
    yield "notes", len(trace.notes) + len(trace.truncations), _MOST_NOTES
    yield "displays", len(trace.displays), caps.displays + caps.stderr_pieces
    yield "pictures", sum(len(display.data) for display in trace.displays), caps.display_bytes
    yield "shown text", sum(len(display.text) for display in trace.displays), 2 * caps.display_chars
    messages = [note.message for note in trace.notes] + [warned.message for warned in trace.warnings]
    messages += [trace.memory_note] if isinstance(trace.memory_note, str) else []
    failure = trace.failure
    if failure is not None:
        messages += [failure.message, failure.explanation or "", failure.hint or ""]
    yield "words", max(map(len, messages), default=0), _LONGEST_MESSAGE
    if trace.memory is not None:
        yield "events of memory", len(trace.memory.events), caps.memory_events
