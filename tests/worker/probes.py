"""Stand-ins for the language and the observers: run unrestricted Python inside a child, to knock at its walls.

The zygote of a test imports this file in place of ``components.capture``. Without torch it starts in a moment.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Callable

import msgspec

from components.source import PROGRAM_FILENAME, SourceLimits
from components.trace import Caps, Failure, FailureKind, Program, Trace
from components.worker.failures import failed_trace, local_environment

# Behind the walls nothing can be imported any more: what probes use must be here already.
LOADED = (ctypes, errno, mmap, resource, signal, socket, subprocess, threading)
local_environment()


class RunInterrupted(BaseException):
    """What the watch raises in a program."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def run_anything(program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits) -> Trace:
    """Execute the source without any restriction; ``print`` is what a program's print is."""
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


def fails(program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits) -> Trace:
    """Break the promise that nothing is raised."""
    raise KeyError("a bug")


def lingers(program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits) -> Trace:
    """Take until the end of time after the program has run."""
    trace = run_anything(program, caps, on_output, source_limits)
    while True:
        len(trace.stdout)
