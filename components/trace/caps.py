"""How much one trace may hold: data, so that the page, the command line and the worker agree on it.

Past a cap the observer concerned steps aside, says so in ``Trace.truncations`` and lets the program run on at full
speed. All together they keep a trace of a 100,000-node graph below some 100 MB of JSON. A trace from a stranger (a file
that somebody opens, the word of a process that was taken over) is held against them before anything is parsed and again
before a view relies on it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .codec import DamagedTrace, decode_trace
from .records import Trace

MOST_UPLOADED_BYTES = 8 << 20
MOST_UPLOADED_VALUES = 3_000_000
_LONGEST_MESSAGE = 20_000
_LONGEST_NAME = 200
_MOST_NOTES = 200
_MOST_EDGES_PER_NODE = 100


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds on what is recorded; all are counts, ``stdout_chars`` and ``drawing_chars`` are characters.

    ``drawing_nodes_at_once`` are those of all drawings that are made before anybody has asked for them.

    ``display_bytes`` are those of all pictures together; ``display_chars`` those of all texts, standard error's too.
    """

    stdout_chars: int = 65_536
    steps: int = 5_000
    variables_per_step: int = 100
    tensors: int = 20_000
    values_per_tensor: int = 256
    values: int = 400_000
    summarised_elements: int = 50_000_000
    grids: int = 6_000
    nodes: int = 150_000
    backwards: int = 1_000
    engine_steps: int = 300_000
    gradients: int = 10_000
    watched_leaves: int = 1_000
    drawings: int = 24
    drawing_nodes: int = 10_000
    drawing_nodes_at_once: int = 60
    drawing_chars: int = 4_000_000
    warnings: int = 50
    displays: int = 60
    display_bytes: int = 6_000_000
    display_chars: int = 100_000
    stderr_pieces: int = 1_000
    notes: int = 50
    memory_events: int = 100_000
    calls: int = 2_000
    memory_frames: int = 20_000


_CAPS = Caps()


def count_values(data: bytes | bytearray) -> int:
    """Return how many values a JSON text can hold at most: it has a comma or an opening bracket before each."""
    return sum(map(data.count, (b",", b"[", b"{")))


def decode_uploaded(
    data: bytes,
    most_source_chars: int,
    caps: Caps = _CAPS,
    most_bytes: int = MOST_UPLOADED_BYTES,
    most_values: int = MOST_UPLOADED_VALUES,
) -> Trace:
    """Read a trace from a file that somebody opens; raises ``DamagedTrace``, also where it is too large."""
    if len(data) > most_bytes:
        size, most = len(data) / 2**20, most_bytes >> 20
        raise DamagedTrace(f"This file has {size:.1f} MiB; traces of up to {most} MiB can be opened.")
    if count_values(data) > most_values:
        raise DamagedTrace(f"This file holds more than {most_values:,} values, which is too much to be opened.")
    trace = decode_trace(data)
    if len(trace.program.source) > most_source_chars:
        raise DamagedTrace(f"Its program has more than the {most_source_chars:,} characters that a program may have.")
    problem = oversized(trace, caps)
    if problem is not None:
        raise DamagedTrace(problem)
    return trace


def oversized(trace: Trace, caps: Caps) -> str | None:
    """Say what in a trace is more than observers record, ``None`` if nothing is."""
    problem = next((name for name, count, most in _sizes(trace, caps) if count > most), None)
    return None if problem is None else f"It holds more than a trace may: {problem}."


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
    yield "calls of modules", len(trace.calls or ()), caps.calls
    # Older traces have each drawing with and without attributes and saved tensors.
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
        frames = trace.memory.frames or []
        yield "calls", len(frames), caps.memory_frames
        names = [len(name) for frame in frames for name in (frame.file, frame.function)]
        yield "names of calls", max(names, default=0), _LONGEST_NAME
