"""A run that is over, as it is counted and logged: how it ended and what it took, nothing of its program."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET

from components.worker import Run

Kind = Literal["program", "question", "memory"]
# What a program's own failures are called in traces: it ran, and its trace is there.
_ITS_OWN = {None, "raised", "syntax"}


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """``outcome`` is *finished* also where the program raised an exception, *refused* where it never began.

    Else it is *stopped*, which is by its person, *timeout*, *out_of_memory*, *crashed*, *too_large* or *not_allowed*.
    ``waited`` are the seconds in the queue, ``seconds`` those from its beginning, ``None`` where it never began.
    """

    kind: Kind
    outcome: str
    waited: float
    seconds: float | None


def ended(run: Run) -> Ended:
    """Return how a run ended."""
    waited, seconds = run.times
    return Ended(
        kind="memory" if run.measures else "program" if run.program.question is UNSET else "question",
        outcome=_outcome(run),
        waited=round(waited, 3),
        seconds=None if seconds is None else round(seconds, 3),
    )


def _outcome(run: Run) -> str:
    if run.stopped_at is not None:
        return "stopped"
    if run.failure in _ITS_OWN:
        return "finished"
    return "refused" if run.times[1] is None else str(run.failure)
