"""Programs that run to their end and do something else than was meant: each kind has one small function here.

A kind speaks only where the trace shows what happened; what it says is true also of a program that means it so. It
offers an edit only where the edited program computes what was meant. Pure text and records, linear in the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import UNSET

from ...trace import Trace
from . import broadcasts, calls, frozen, losses, numbers, reach, training, unregistered
from .run import Remark, Run

__all__ = ["Remark", "remarks"]

_KINDS: tuple[Callable[[Run], Iterator[Remark]], ...] = (
    *calls.kinds,
    *broadcasts.kinds,
    *losses.kinds,
    *numbers.kinds,
    *reach.kinds,
    *frozen.kinds,
    *training.kinds,
    *unregistered.kinds,
)
_LARGEST = 20_000
_MOST = 8


def remarks(trace: Trace) -> tuple[Remark, ...]:
    """Return what is surprising in a run that reached its end, in order of lines; nothing for one that failed, nor
    for one step of a recorded training: what the others do is not known.

    At most one remark for each line. A trace of very many records, or a very long program, gets none.
    """
    size = len(trace.steps) + len(trace.tensors) + len(trace.nodes) + len(trace.program.source) // 8
    if trace.failure is not None or size > _LARGEST or trace.training_step is not UNSET:
        return ()
    run = Run(trace)
    found: dict[int, Remark] = {}
    for kind in _KINDS:
        for remark in kind(run):
            found.setdefault(remark.line, remark)
    return tuple(found[line] for line in sorted(found))[:_MOST]
