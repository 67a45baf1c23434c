"""What a child has sent as its trace: bytes, which are read, checked and explained where somebody looks at them.

The process of the pages keeps them as they came; what is large is read in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ..explanations import explain
from ..trace import (
    DamagedTrace,
    Failure,
    FailureKind,
    MeasuredRun,
    Packed,
    Program,
    Trace,
    decode_measured,
    decode_trace,
    oversized,
    with_measured,
)
from ..trace.codec import collector_paused
from . import failures
from .limits import Limits
from .stream import too_large_message


@dataclass(frozen=True, eq=False)
class Sent:
    """The bytes, the program that ran, which is not for its process to say, and what it was allowed.

    ``stdout`` is what it had printed, and ``stdout_truncated`` whether all of that; ``seconds`` is how long it took,
    ``late`` whether that was more than it was allowed.
    """

    packed: Packed
    program: Program
    limits: Limits
    stdout: str = ""
    stdout_truncated: bool = False
    seconds: float = 0.0
    late: bool = False

    @property
    def size(self) -> int:
        """How many bytes of JSON it is."""
        return self.packed.size

    @property
    def bytes(self) -> int:
        """How many bytes it takes as it is."""
        return len(self.packed.data)

    def read(self) -> Trace:
        """Return the trace, explained; if the bytes are none, or too many, one that says so."""
        limit = self.limits.trace_values
        if self.packed.values > limit:
            return self._failed(too_large_message(self.packed.size, limit), "too_large")
        try:
            with collector_paused():
                trace = decode_trace(self.packed.unpacked())
            # A child that was taken over may say more than an honest one ever does.
            problem = oversized(trace, self.limits.capture_caps())
            if problem is not None:
                raise DamagedTrace(problem)
        except DamagedTrace as error:
            return self._failed(f"The program's process sent a damaged trace. {error}")
        return explain(msgspec.structs.replace(trace, program=self.program))

    def _failed(self, message: str, kind: FailureKind = "crashed") -> Trace:
        trace = failures.failed_trace(
            self.program,
            failures.crashed(message, kind=kind),
            stdout=self.stdout,
            stdout_truncated=self.stdout_truncated,
            duration_ns=int(self.seconds * 1e9),
        )
        return explain(trace)


@dataclass(frozen=True, eq=False)
class SentMemory:
    """What a program's second run has sent, its memory, which belongs to the trace of its first; or why there is none.

    It printed nothing that anybody wants to see.
    """

    packed: Packed | None
    limits: Limits
    note: str = ""
    stdout: str = ""

    def read(self, of: Trace) -> Trace:
        """Return the trace with its memory, or with the reason why there is none."""
        if self.packed is None:
            return with_measured(of, MeasuredRun(memory=None, note=self.note))
        limit = self.limits.trace_values
        if self.packed.values > limit:
            return _not_measured(of, failures.crashed(too_large_message(self.packed.size, limit), kind="too_large"))
        try:
            with collector_paused():
                trace = with_measured(of, decode_measured(self.packed.unpacked(), of))
            problem = oversized(trace, self.limits.capture_caps())
            if problem is not None:
                raise DamagedTrace(problem)
        except DamagedTrace as error:
            return _not_measured(of, failures.crashed(f"The program's process sent a damaged trace. {error}"))
        return trace


def _not_measured(of: Trace, failure: Failure) -> Trace:
    return with_measured(of, MeasuredRun(memory=None, note=failures.not_measured(failure)))


def read(result: Trace | Sent) -> Trace:
    """Return the trace of what a run gave."""
    return result.read() if isinstance(result, Sent) else result
