"""The system calls that a confined program may make, as data: name, number on x86-64, number on AArch64.

Memory, time, signals of its own, and reading and writing what is open already. Nothing that opens, connects, starts,
traces, or asks about other processes. ``mmap`` with PROT_EXEC stays: oneDNN compiles kernels (LSTM) at run time.
Numbers are from the kernel's ``unistd.h`` tables; ``None`` where an architecture has no such call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALLOWED: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("read", 0, 63),
    ("write", 1, 64),
    ("writev", 20, 66),
    ("close", 3, 57),
    ("fstat", 5, 80),
    ("lseek", 8, 62),
    ("dup", 32, 23),
    ("mmap", 9, 222),
    ("mprotect", 10, 226),
    ("munmap", 11, 215),
    ("mremap", 25, 216),
    ("mincore", 27, 232),
    ("madvise", 28, 233),
    ("brk", 12, 214),
    ("membarrier", 324, 283),
    ("rt_sigaction", 13, 134),
    ("rt_sigprocmask", 14, 135),
    ("rt_sigreturn", 15, 139),
    ("sigaltstack", 131, 132),
    ("setitimer", 38, 103),
    ("sched_yield", 24, 124),
    ("sched_getaffinity", 204, 123),
    ("getcpu", 309, 168),
    ("nanosleep", 35, 101),
    ("clock_nanosleep", 230, 115),
    ("clock_gettime", 228, 113),
    ("clock_getres", 229, 114),
    ("gettimeofday", 96, 169),
    ("time", 201, None),
    ("getpid", 39, 172),
    ("getppid", 110, 173),
    ("gettid", 186, 178),
    ("getrusage", 98, 165),
    ("getrlimit", 97, 163),
    ("getrandom", 318, 278),
    ("futex", 202, 98),
    ("rseq", 334, 293),
    ("exit", 60, 93),
    ("exit_group", 231, 94),
)


# For a GPU, besides ``commands_on_a_gpu``: to read libraries when they are first used. Landlock says which.
ALLOWED_ON_A_GPU: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("openat", 257, 56),
    ("newfstatat", 262, 79),
    ("statx", 332, 291),
    ("access", 21, None),
    ("faccessat", 269, 48),
    ("readlink", 89, None),
    ("readlinkat", 267, 78),
    ("pread64", 17, 67),
    ("getdents64", 217, 61),
    ("poll", 7, None),
    ("ppoll", 271, 73),
    ("sysinfo", 99, 179),
    ("uname", 63, 160),
)


@dataclass(frozen=True)
class Commands:
    """A call that takes a command, and the commands that pass: ``only_these``, or all but these."""

    number: int
    commands: tuple[int, ...]
    only_these: bool


# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: nothing that makes the kernel send signals to other processes.
_FCNTL = (0, 1, 2, 3, 1030)
# FIOASYNC, FIOSETOWN, SIOCSPGRP would do that too; TIOCSTI types into a terminal. The driver's own commands pass.
_IOCTL = (0x5452, 0x8901, 0x8902, 0x5412)


def commands_on_a_gpu(machine: str) -> tuple[Commands, Commands]:
    """Return which commands of ``fcntl`` and ``ioctl`` a run on a GPU may give."""
    fcntl, ioctl = (72, 16) if machine == "x86_64" else (25, 29)
    return Commands(fcntl, _FCNTL, only_these=True), Commands(ioctl, _IOCTL, only_these=False)


def allowed_numbers(machine: str, gpu: bool = False) -> tuple[int, ...]:
    """Return the allowed numbers in ascending order; raises ``OSError`` for an unknown architecture."""
    if machine not in ("x86_64", "aarch64"):
        raise OSError(f"no system call table for {machine}")
    numbers = (
        on_x86_64 if machine == "x86_64" else on_aarch64
        for _, on_x86_64, on_aarch64 in (*ALLOWED, *(ALLOWED_ON_A_GPU if gpu else ()))
    )
    return tuple(sorted(number for number in numbers if number is not None))
