"""The system calls that a confined program may make, as data: name, number on x86-64, number on AArch64.

``ALLOWED``: memory, time, threads and signals of its own, reading and writing what is open already. ``FILES`` opens,
lists, changes and removes files: only behind Landlock, which says which ones; the kernel's list of what Landlock does
not look at (permissions, times, owners, attributes, ``truncate`` by path) is not on it, and some of that is answered as
if it had been done, or as a file system without it answers (``ANSWERED``). Nothing connects, starts a process, traces,
or asks about other processes. ``mmap`` with PROT_EXEC stays: oneDNN compiles kernels (LSTM) at run time.
Numbers are from the kernel's ``unistd.h`` tables; ``None`` where an architecture has no such call.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final

Table = tuple[tuple[str, int | None, int | None], ...]

ALLOWED: Final[Table] = (
    ("read", 0, 63),
    ("write", 1, 64),
    ("readv", 19, 65),
    ("writev", 20, 66),
    ("close", 3, 57),
    ("fstat", 5, 80),
    ("lseek", 8, 62),
    ("dup", 32, 23),
    ("dup2", 33, None),
    ("dup3", 292, 24),
    ("pipe", 22, None),
    ("pipe2", 293, 59),
    ("poll", 7, None),
    ("ppoll", 271, 73),
    ("epoll_create1", 291, 20),
    ("epoll_ctl", 233, 21),
    ("epoll_wait", 232, None),
    ("epoll_pwait", 281, 22),
    ("eventfd2", 290, 19),
    ("select", 23, None),
    ("pselect6", 270, 72),
    ("mmap", 9, 222),
    ("mprotect", 10, 226),
    ("munmap", 11, 215),
    ("mremap", 25, 216),
    ("msync", 26, 227),
    ("mincore", 27, 232),
    ("madvise", 28, 233),
    ("brk", 12, 214),
    ("membarrier", 324, 283),
    ("rt_sigaction", 13, 134),
    ("rt_sigprocmask", 14, 135),
    ("rt_sigreturn", 15, 139),
    ("rt_sigpending", 127, 136),
    ("rt_sigtimedwait", 128, 137),
    ("rt_sigsuspend", 130, 133),
    ("sigaltstack", 131, 132),
    ("pause", 34, None),
    ("alarm", 37, None),
    ("getitimer", 36, 102),
    ("setitimer", 38, 103),
    ("timer_settime", 223, 110),
    ("restart_syscall", 219, 128),
    ("sched_yield", 24, 124),
    ("sched_getaffinity", 204, 123),
    ("getcpu", 309, 168),
    ("nanosleep", 35, 101),
    ("clock_nanosleep", 230, 115),
    ("clock_gettime", 228, 113),
    ("clock_getres", 229, 114),
    ("gettimeofday", 96, 169),
    ("time", 201, None),
    ("times", 100, 153),
    ("getpid", 39, 172),
    ("getppid", 110, 173),
    ("gettid", 186, 178),
    ("getuid", 102, 174),
    ("geteuid", 107, 175),
    ("getgid", 104, 176),
    ("getegid", 108, 177),
    ("getpgrp", 111, None),
    ("getpgid", 121, 155),
    ("getsid", 124, 156),
    ("getpriority", 140, 141),
    ("getgroups", 115, 158),
    ("getresuid", 118, 148),
    ("getresgid", 120, 150),
    ("getrusage", 98, 165),
    ("getrlimit", 97, 163),
    ("getrandom", 318, 278),
    ("uname", 63, 160),
    ("sysinfo", 99, 179),
    ("futex", 202, 98),
    ("set_robust_list", 273, 99),
    ("rseq", 334, 293),
    ("exit", 60, 93),
    ("exit_group", 231, 94),
)

FILES: Final[Table] = (
    ("open", 2, None),
    ("openat", 257, 56),
    ("creat", 85, None),
    ("stat", 4, None),
    ("lstat", 6, None),
    ("newfstatat", 262, 79),
    ("statx", 332, 291),
    ("statfs", 137, 43),
    ("fstatfs", 138, 44),
    ("access", 21, None),
    ("faccessat", 269, 48),
    ("faccessat2", 439, 439),
    ("readlink", 89, None),
    ("readlinkat", 267, 78),
    ("pread64", 17, 67),
    ("pwrite64", 18, 68),
    ("preadv", 295, 69),
    ("pwritev", 296, 70),
    ("getdents64", 217, 61),
    ("getcwd", 79, 17),
    ("chdir", 80, 49),
    ("fchdir", 81, 50),
    ("rmdir", 84, None),
    ("unlink", 87, None),
    ("unlinkat", 263, 35),
    ("rename", 82, None),
    ("renameat", 264, 38),
    ("renameat2", 316, 276),
    ("ftruncate", 77, 46),
    ("symlink", 88, None),
    ("symlinkat", 266, 36),
    ("flock", 73, 32),
    ("fsync", 74, 82),
    ("fdatasync", 75, 83),
    ("fadvise64", 221, 223),
    ("sendfile", 40, 71),
    ("copy_file_range", 326, 285),
)

_DONE, _NOT_SUPPORTED, _NOT_KNOWN = 0, errno.EOPNOTSUPP, errno.ENOSYS
# Calls that are not made, and what is answered in their place: an error number, or 0 for success.
ANSWERED: Final[tuple[tuple[int, Table], ...]] = (
    (
        _DONE,  # permissions, owners and times mean nothing in a folder that is the program's alone
        (
            ("chmod", 90, None),
            ("fchmod", 91, 52),
            ("fchmodat", 268, 53),
            ("fchmodat2", 452, 452),
            ("chown", 92, None),
            ("fchown", 93, 55),
            ("lchown", 94, None),
            ("fchownat", 260, 54),
            ("utime", 132, None),
            ("utimes", 235, None),
            ("futimesat", 261, None),
            ("utimensat", 280, 88),
        ),
    ),
    (
        _NOT_SUPPORTED,
        (
            ("listxattr", 194, 11),
            ("llistxattr", 195, 12),
            ("flistxattr", 196, 13),
            ("getxattr", 191, 8),
            ("lgetxattr", 192, 9),
            ("fgetxattr", 193, 10),
        ),
    ),
    # The C library then starts threads with clone, whose flags can be looked at.
    (_NOT_KNOWN, (("clone3", 435, 435),)),
)


@dataclass(frozen=True)
class Commands:
    """A call of which argument ``argument`` decides: those listed pass, or (not ``only_these``) all but those.

    Of the argument only the bits of ``mask`` are looked at.
    """

    number: int
    commands: tuple[int, ...]
    only_these: bool = True
    argument: int = 1
    mask: int = 0xFFFF_FFFF


# A thread, in no namespace of its own (CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET).
_CLONE_THREAD, _CLONE_NEW = 0x0001_0000, 0x7E02_0000
_PR_SET_NAME = 15
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_DUPFD_CLOEXEC: nothing that makes the
# kernel signal other processes.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
# TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX, FIONCLEX: what is a terminal, how wide, what can be read.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5451, 0x5450)
# FIOASYNC, FIOSETOWN, SIOCSPGRP would signal others; TIOCSTI types into a terminal. The GPU's own commands pass.
_NOT_ON_A_GPU = (0x5452, 0x8901, 0x8902, 0x5412)


# What the owner may do with a folder. One that its owner cannot list would hide what is in it from whoever counts it.
_OWNERS = 0o700


def commands(machine: str, own_pid: int, *, files: bool = True, gpu: bool = False) -> tuple[Commands, ...]:
    """Return the calls that are allowed with some arguments only: signals to itself, its own limits, threads."""
    on_x86 = machine == "x86_64"
    clone, fcntl, ioctl, prctl, prlimit, kill, tgkill, umask = (
        (56, 72, 16, 157, 302, 62, 234, 95) if on_x86 else (220, 25, 29, 167, 261, 129, 131, 166)
    )
    return (
        Commands(clone, (_CLONE_THREAD,), argument=0, mask=_CLONE_THREAD | _CLONE_NEW),
        Commands(fcntl, _FCNTL),
        Commands(ioctl, _NOT_ON_A_GPU, only_these=False) if gpu else Commands(ioctl, _IOCTL),
        Commands(prctl, (_PR_SET_NAME,), argument=0),
        Commands(prlimit, (0, own_pid), argument=0),
        Commands(kill, (own_pid,), argument=0),
        Commands(tgkill, (own_pid,), argument=0),
        Commands(umask, (0,), argument=0, mask=_OWNERS),
        *(_file_commands(on_x86) if files else ()),
    )


def _file_commands(on_x86: bool) -> tuple[Commands, ...]:
    mkdirat, fallocate = (258, 285) if on_x86 else (34, 47)
    return (
        *([Commands(83, (_OWNERS,), mask=_OWNERS)] if on_x86 else []),  # mkdir
        Commands(mkdirat, (_OWNERS,), argument=2, mask=_OWNERS),
        # With its flags a file takes room past its size, which no limit of a file's size knows of.
        Commands(fallocate, (0,)),
    )


# What no program needs that reads one text and writes another. It is started with the filter on, so it may be started,
# and may start threads.
REFUSED_TO_TOOLS: Final[Table] = (
    ("socket", 41, 198),
    ("socketpair", 53, 199),
    ("kill", 62, 129),
    ("tkill", 200, 130),
    ("tgkill", 234, 131),
    ("rt_sigqueueinfo", 129, 138),
    ("rt_tgsigqueueinfo", 297, 240),
    ("pidfd_open", 434, 434),
    ("pidfd_send_signal", 424, 424),
    ("pidfd_getfd", 438, 438),
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("mount", 165, 40),
    ("unshare", 272, 97),
    ("setns", 308, 268),
    ("bpf", 321, 280),
    ("perf_event_open", 298, 241),
    ("userfaultfd", 323, 282),
    ("io_uring_setup", 425, 425),
    ("keyctl", 250, 219),
    ("add_key", 248, 217),
    ("request_key", 249, 218),
    ("memfd_create", 319, 279),
)


def refused_to_tools(machine: str) -> tuple[int, ...]:
    """Return the numbers that programs of our own are refused."""
    return _numbers(machine, REFUSED_TO_TOOLS)


def _numbers(machine: str, table: Table) -> tuple[int, ...]:
    found = (on_x86 if machine == "x86_64" else on_arm for _, on_x86, on_arm in table)
    return tuple(sorted(number for number in found if number is not None))


def allowed_numbers(machine: str, *, files: bool = True) -> tuple[int, ...]:
    """Return the allowed numbers in ascending order; raises ``OSError`` for an unknown architecture."""
    if machine not in ("x86_64", "aarch64"):
        raise OSError(f"no system call table for {machine}")
    return _numbers(machine, (*ALLOWED, *(FILES if files else ())))


def answered_numbers(machine: str, *, files: bool = True) -> tuple[tuple[int, int], ...]:
    """Return the numbers of calls that are answered without being made, each with its answer."""
    tables = ANSWERED if files else [(answer, table) for answer, table in ANSWERED if answer == _NOT_KNOWN]
    return tuple((number, answer) for answer, table in tables for number in _numbers(machine, table))
