"""Stand-ins for what answers programs: run Python inside a child without anybody watching, to knock at its walls.

The pool of a test starts ``python -m tests.worker.probes`` in place of ``components.zygote_main``, followed by the name
of a function below, or by ``on_the_processor`` for the real thing. Without torch it starts in a moment.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any

import msgspec

from components.source import PROGRAM_FILENAME, SourceLimits
from components.trace import Caps, Failure, FailureKind, MeasuredRun, ObservedRun, Program, Trace
from components.worker.answerer import Answerer
from components.worker.failures import failed_trace, local_environment
from components.worker.zygote import main

# Behind a filter without Landlock nothing can be imported any more: what probes use must be here already.
LOADED = (ctypes, errno, mmap, resource, signal, socket, subprocess, threading)
local_environment()


class RunInterrupted(BaseException):
    """What the watch raises in a program."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


Log = Callable[[str], None]


def run_anything(
    program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits, log: Log
) -> Trace:
    """Execute the source; ``print`` is what a program's print is."""
    printed: list[str] = []

    def write(*values: object, end: str = "\n") -> None:
        text = " ".join(map(str, values)) + end
        printed.append(text)
        on_output(text)

    failure: Failure | None = None
    try:
        exec(compile(program.source, PROGRAM_FILENAME, "exec"), {"print": write, "__name__": "__main__"})
    except RunInterrupted as interruption:
        failure = Failure(kind=interruption.kind, message=interruption.message)
    except MemoryError:
        raise
    except BaseException as error:
        failure = Failure(kind="raised", error_type=type(error).__name__, message=str(error)[:500])
    text = "".join(printed)[: caps.stdout_chars]
    trace = failed_trace(program, failure or Failure(kind="raised", message=""), stdout=text)
    return msgspec.structs.replace(trace, failure=failure)


def fails(
    program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits, log: Log
) -> Trace:
    """Break the promise that nothing is raised."""
    raise KeyError("a bug")


def lingers(
    program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits, log: Log
) -> Trace:
    """Take until the end of time after the program has run."""
    trace = run_anything(program, caps, on_output, source_limits, log)
    while True:
        len(trace.stdout)


def logs_much(
    program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits, log: Log
) -> Trace:
    """Say of every observer, again and again and at length, that it stepped aside."""
    for number in range(1_000):
        log(f"fault {number} \ud800\u00e9" * 10_000)
    return run_anything(program, caps, on_output, source_limits, log)


@dataclass
class StandIn:
    """Answers programs with one of the functions above."""

    answer: Callable[[Program, Caps, Callable[[str], None], SourceLimits, Log], Trace] = run_anything
    observers: tuple[str, ...] = (__name__,)
    answerers: tuple[str, ...] = ()
    interrupted: type[Any] = RunInterrupted
    steps: Iterable[None] = ()

    def interrupt_soon(self, error: RunInterrupted) -> None:
        """Nobody observes."""

    def warming(self) -> Iterator[None]:
        """Nothing is loaded."""
        return iter(self.steps)

    def prepare(self) -> None:
        """No device is started."""

    def names(self) -> tuple[str, ...]:
        """Return no names."""
        return ()

    def measure(self, program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
        """Run the program once more and hand back what it printed."""
        os.environ["MEASURING"] = "1"
        printed: list[str] = []
        run_anything(program, caps, printed.append, source_limits, printed.append)
        return MeasuredRun(memory=None, note="measured: " + "".join(printed))


def _make(gpu: bool) -> Answerer:
    if sys.argv[1] in ("on_the_processor", "cold_on_the_processor"):
        from components.answers import ProgramAnswerer

        class Cold(ProgramAnswerer):
            """Does the first step, and no other."""

            def warming(self) -> Iterator[None]:
                yield from islice(super().warming(), 1)
                yield from repeat(None)

        return ProgramAnswerer() if sys.argv[1] == "on_the_processor" else Cold()
    if sys.argv[1] == "never_warm":
        return StandIn(steps=repeat(None))
    return StandIn({answer.__name__: answer for answer in (run_anything, fails, lingers, logs_much)}[sys.argv[1]])


if __name__ == "__main__":
    main(_make, sys.argv[2:])
