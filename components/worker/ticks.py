"""A clock of the watch's own, and signals that programs do not use: the alarm, SIGTERM and SIGUSR1 are theirs.

On Linux a timer of the kernel's sends a real-time signal; elsewhere there is only the alarm.
"""

from __future__ import annotations

import ctypes
import platform
import signal
import struct
from collections.abc import Callable

from .confine.libc import IS_LINUX, syscall

# Far from those that the C library keeps and from the first ones, which programs take.
TICK: int = signal.SIGRTMAX - 2 if IS_LINUX else signal.SIGALRM
LOOK: int = signal.SIGRTMAX - 3 if IS_LINUX else signal.SIGUSR1
STOP: int = signal.SIGRTMAX - 4 if IS_LINUX else signal.SIGTERM
# timer_create, timer_settime
_NUMBERS = {"x86_64": (222, 223), "aarch64": (107, 110)}
_MONOTONIC = 1


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
