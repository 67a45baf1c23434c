"""What is surprising in a program that ran to its end."""

from __future__ import annotations

from dataclasses import dataclass

from ..trace import Trace


@dataclass(frozen=True)
class Remark:
    """What there is to say of a line, and an edit that ``apply_hint`` can make, if one is known."""

    line: int
    explanation: str
    hint: str | None = None


def remarks(trace: Trace) -> tuple[Remark, ...]:
    """Return what there is to say of a program that ran to its end."""
    return ()
