"""Traces of runs that could not make one themselves: stopped, killed, crashed, refused, never started.

Everything that goes wrong in the worker ends here, so that a page sees a ``Failure`` and never an exception.
"""

from __future__ import annotations

import os
import platform
import signal
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import msgspec

from ..trace import Environment, Failure, FailureKind, Program, Trace, empty_trace

STOPPED = "Stopped."
STOPPED_IN_QUEUE = "Stopped before it began."
CLOSED = "The server is shutting down."
STOPPING = "The server is about to start anew. What you made stays in your browser: run it again in a minute."
NO_CUDA = (
    "Programs run on the CPU here: there is no CUDA device for them. "
    "Choose the CPU, or open a trace that was recorded on a machine with a GPU."
)
_MEANINGS = {
    signal.SIGSEGV: "it used memory that is not its own",
    signal.SIGBUS: "it used memory that is not its own",
    signal.SIGABRT: "PyTorch's native code gave up",
    signal.SIGFPE: "an arithmetic error in native code",
    signal.SIGILL: "an instruction that the processor does not know",
    signal.SIGKILL: "the system ended it, perhaps because the machine ran out of memory",
    signal.SIGSYS: "it made a forbidden system call",
}


@cache
def local_environment() -> Environment:
    """Return what the parent knows of the environment without importing torch."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "not installed"
    return Environment(torch=torch, python=platform.python_version(), device_name=platform.machine())


def failed_trace(
    program: Program,
    failure: Failure,
    *,
    stdout: str = "",
    stdout_truncated: bool = False,
    environment: Environment | None = None,
    duration_ns: int = 0,
) -> Trace:
    """Return a trace that holds what was seen of a run, and why there is no more."""
    return msgspec.structs.replace(
        empty_trace(storable(program), environment or local_environment()),
        stdout=stdout,
        stdout_truncated=stdout_truncated,
        failure=failure,
        duration_ns=duration_ns,
    )


def storable(program: Program) -> Program:
    """Return the program with lone surrogates replaced, which JSON cannot hold."""
    try:
        program.source.encode()
    except UnicodeEncodeError:
        text = program.source.encode("utf-8", "replace").decode()
        return msgspec.structs.replace(program, source=text)
    return program


def not_measured(failure: Failure) -> str:
    """Say why memory was not measured, from how the process that should have done so ended."""
    return f"Memory is measured in a second run of the program, which did not end well: {failure.message}"


def before_running(program: Program, max_chars: int, *, has_gpu: bool = False) -> Failure | None:
    """Return why a program cannot even be sent to a child, or ``None``."""
    if program.device == "cuda" and not has_gpu:
        return Failure(kind="not_allowed", message=NO_CUDA)
    if len(program.source) > max_chars:
        return Failure(
            kind="too_large",
            message=f"The program has {len(program.source):,} characters; the limit is {max_chars:,}.",
        )
    if storable(program) is not program:
        return Failure(kind="syntax", error_type="SyntaxError", message="The program's text is not valid Unicode.")
    return None


def no_place(why: str, seconds: float, line: int | None) -> Failure:
    """Return the failure of a long program for which there is no room, not even to stand until it can go on."""
    message = f"The server is busy: {why}, so this one was stopped. Run it again in {seconds:g} seconds or more."
    return Failure(kind="timeout", message=message, line=line)


def timed_out(seconds: float, line: int | None) -> Failure:
    """Return the failure of a program that was ended at its limit of wall-clock time."""
    return Failure(kind="timeout", message=timeout_message(seconds), line=line)


def timeout_message(seconds: float) -> str:
    """Say that the program's time is over."""
    return f"The program ran longer than {seconds:g} seconds and was stopped."


def from_status(status: int | None, cpu_seconds: int, line: int | None) -> Failure:
    """Explain the death of a child that we did not kill, from its wait status; ``None`` if that was lost."""
    if status is None:
        return crashed("The process that runs programs ended unexpectedly. Run this again.", line)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return Failure(
            kind="timeout",
            message=f"The program used more than {cpu_seconds} seconds of processor time and was stopped.",
            line=line,
        )
    if code < 0:
        name = _signal_name(-code)
        meaning = next((f" ({text})" for number, text in _MEANINGS.items() if number == -code), "")
        return crashed(f"The program's process was ended by {name}{meaning}.", line)
    return crashed(f"The program's process ended with status {code} before it gave a result.", line)


def crashed(message: str, line: int | None = None, kind: FailureKind = "crashed") -> Failure:
    """Return a failure of the process rather than of the program's own code."""
    return Failure(kind=kind, message=message, line=line)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
