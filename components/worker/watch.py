"""The child's own watch over its program: progress, the end of its time, and Stop.

A timer looks at the stack ten times a second. It reports the line of the innermost frame of the program. When the
parent says that time is over, or that Stop was pressed, it raises ``RunInterrupted`` in the program, or in what works
out an answer for it, so that what was observed so far still becomes a trace. It never raises in the observers' own
frames, which would leave their records half-written: it asks them to stop, and comes back a few milliseconds later. A
program that catches the exception meets it again, until its process is killed.

Limits: Python runs signal handlers between its own instructions, so a long native operation (a large matrix product)
is not interrupted; the parent kills the process then.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Callable
from types import FrameType

from ..source import PROGRAM_FILENAME
from .answerer import Answerer
from .channel import Channel
from .confine.libc import IS_LINUX, syscall
from .failures import STOPPED, timeout_message
from .folder import Bound, usage
from .limits import Limits

# Signals that programs do not use: the alarm, SIGTERM and SIGUSR1 are theirs. On Linux they are real-time signals, far
# from those that the C library keeps and from the first ones, which programs take; elsewhere there is no choice.
TICK: int = signal.SIGRTMAX - 2 if IS_LINUX else signal.SIGALRM
LOOK: int = signal.SIGRTMAX - 3 if IS_LINUX else signal.SIGUSR1
STOP: int = signal.SIGRTMAX - 4 if IS_LINUX else signal.SIGTERM
LATE: int = signal.SIGRTMAX - 5 if IS_LINUX else signal.SIGUSR2
# timer_create, timer_settime
_NUMBERS = {"x86_64": (222, 223), "aarch64": (107, 110)}
_MONOTONIC = 1

_LOOK_SECONDS = 0.1
_RETRY_SECONDS = 0.005


class Watch:
    """Signal handlers and a timer over one run, in the child's main thread. It is made before the walls stand."""

    def __init__(self, channel: Channel, limits: Limits, answerer: Answerer, folder: str) -> None:
        self._folder = folder
        self._limits = limits
        self._channel = channel
        self._answerer = answerer
        self._parent = os.getppid()
        self._why_over: str | None = None
        self._hurrying = False
        self._over = False
        self._line: int | None = None
        self._begun = False
        self._finishing = False
        self._pace = make_timer()

    def start(self) -> None:
        """Put up the handlers and start the timer."""
        signal.signal(TICK, self._look)
        signal.signal(STOP, self._stop)
        signal.signal(LATE, self._late)
        self._pace(_LOOK_SECONDS)

    def finish(self) -> None:
        """Look no more: what follows is not the program."""
        self._over = True
        self._report_finishing()

    def _late(self, number: int, frame: FrameType | None) -> None:
        """The next look, soon, will interrupt the program."""
        self._why_over = self._why_over or timeout_message(self._limits.wall_seconds)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._why_over = STOPPED
        self._look(number, frame)

    def _look(self, number: int, frame: FrameType | None) -> None:
        if os.getppid() != self._parent:
            os._exit(1)  # where the kernel does not see to it
        if self._over or self._channel.busy:
            return
        self._channel.flush()
        working, observers = self._innermost(frame)
        if working is None:
            if self._begun or self._why_over:
                self._report_finishing()
            return
        self._begun = True
        if working.f_code.co_filename == PROGRAM_FILENAME:
            self._report_line(working.f_lineno)
        message, kind = self._why_over, "timeout"
        if message is None:
            message, kind = self._folder_is_full(), "too_large"
        if message is None:
            return
        if observers:
            self._answerer.interrupt_soon(self._answerer.interrupted(kind, message))
            self._hurry()
        else:
            raise self._answerer.interrupted(kind, message)

    def _folder_is_full(self) -> str | None:
        bound = Bound(self._limits.folder_mb << 20, self._limits.files)
        return usage(self._folder, bound).over(bound)

    def _innermost(self, frame: FrameType | None) -> tuple[FrameType | None, bool]:
        """Return the innermost frame of the program or of what answers for it, and whether an observer runs inside."""
        observers = False
        while frame is not None:
            module = frame.f_globals.get("__name__")
            if frame.f_code.co_filename == PROGRAM_FILENAME or _is_in(module, self._answerer.answerers):
                return frame, observers
            observers = observers or _is_in(module, self._answerer.observers)
            frame = frame.f_back
        return None, observers

    def _hurry(self) -> None:
        if not self._hurrying:
            self._hurrying = True
            self._pace(_RETRY_SECONDS)

    def _report_line(self, line: int | None) -> None:
        if line and line != self._line:
            self._line = line
            self._channel.line(line)

    def _report_finishing(self) -> None:
        if not self._finishing:
            self._finishing = True
            self._channel.finishing()


def _is_in(module: str | None, packages: tuple[str, ...]) -> bool:
    return module is not None and any(module == package or module.startswith(f"{package}.") for package in packages)


def make_timer() -> Callable[[float], None]:
    """Return what sends ``TICK`` to this process every so many seconds. Raises ``OSError``.

    The timer is made at once, before the filter of system calls lets none be made.
    """
    numbers = _NUMBERS.get(platform.machine()) if IS_LINUX else None
    if numbers is None:
        return _alarm
    create, settime = numbers
    timer = ctypes.c_int()
    # struct sigevent: a value, the signal, SIGEV_SIGNAL, and room up to 64 bytes.
    event = ctypes.create_string_buffer(struct.pack("Qii", 0, TICK, 0), 64)
    syscall(create, _MONOTONIC, event, ctypes.byref(timer))

    def pace(seconds: float) -> None:
        whole, part = divmod(int(seconds * 1e9), 1_000_000_000)
        syscall(settime, timer.value, 0, struct.pack("4q", whole, part, whole, part), None)

    return pace


def _alarm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
