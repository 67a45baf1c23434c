"""The small walls: what a process gives up about itself before it runs a stranger's program; limits of resources.

The limits of address space, processor time and files are the one kernel wall that every Unix has.
"""

from __future__ import annotations

import fcntl
import math
import os
import platform
import resource
import signal
import struct
import tempfile

from .libc import IS_LINUX, prctl, syscall

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
OPEN_FILES = 128
# How much a program yields to the pages, as ``nice`` counts.
_YIELDS = 5
# Matplotlib's backend for programs, by the name of its module.
PLOT_BACKEND = f"module://{__name__.rsplit('.', 3)[0]}.capture.plot_backend"


def no_new_privileges() -> None:
    """Never gain privileges again, for instance by running a set-user-id program."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def not_dumpable() -> None:
    """No core dumps, and no other process of this user may trace this one or read its memory."""
    prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Be killed when the process ``parent`` ends; raises ``OSError`` if it has ended already."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in (parent, 0):  # 0: it is in another namespace of process ids
        raise ProcessLookupError("the parent process is gone")


def drop_capabilities() -> None:
    """Give up root's capabilities: in a container or on a server that runs as root, root is then a plain user."""
    if platform.machine() not in _CAPSET:
        raise OSError(f"no system call table for {platform.machine()}")
    for number in range(_LAST_CAPABILITY + 1):
        try:
            prctl(_PR_CAPBSET_DROP, number)
        except OSError:
            break  # past the kernel's last one, or not root: then there is nothing to drop
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    syscall(_CAPSET[platform.machine()], struct.pack("Ii", _CAPABILITY_VERSION_3, 0), struct.pack("6I", *[0] * 6))


def own_session() -> None:
    """Leave the terminal and the process group, so that signals to either side stay there."""
    os.setsid()


def own_environment(folder: str) -> None:
    """Forget all environment variables, and set the harmless ones that programs look for; ``folder`` is home."""
    kept = {name: os.environ[name] for name in ("TZ", "LANG", "LC_ALL") if name in os.environ}
    os.environ.clear()
    home = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "PWD", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR"), folder)
    os.environ.update({"LANG": "C.UTF-8", "PATH": os.defpath, "USER": "lab", "LOGNAME": "lab", **home, **kept})
    os.environ["MPLBACKEND"] = PLOT_BACKEND
    tempfile.tempdir = None  # what the parent found is not for this process


def keep_only(*descriptors: int, at: int = 3) -> None:
    """Move these file descriptors to ``at`` and what follows, put the null device below, and close all others."""
    null = os.open(os.devnull, os.O_RDWR)
    end = at + len(descriptors)
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD, end) for one in (*[null] * at, *descriptors)]
    for number, descriptor in enumerate(kept):
        os.dup2(descriptor, number)
    os.closerange(end, 1 << 16)  # the zygote has some ten; the system's own maximum can be a thousand million


def drop_user(user: int) -> None:
    """Become this user id for good, with no groups; only root can."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def first_to_go() -> None:
    """Let the system end this process before others when memory runs out, and give others the processor first."""
    os.nice(max(0, _YIELDS - os.nice(0)))
    if IS_LINUX:
        try:
            with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
                file.write("1000")
        except OSError:
            pass  # a courtesy to the machine, not a wall


def limit_memory(memory_mb: int) -> None:
    """Bound the address space, in MiB: past it allocations fail. Raises ``OSError`` (macOS refuses such a limit)."""
    _lower(resource.RLIMIT_AS, memory_mb << 20)


def limit_resources(cpu_seconds: int, file_bytes: int, open_files: int = OPEN_FILES) -> None:
    """Lower this process's limits for good; soft and hard limits are the same.

    ``cpu_seconds`` are counted from now on. At the processor's limit the kernel sends SIGXCPU, one second later
    SIGKILL. No file may grow past ``file_bytes``, no core is dumped. Linux counts threads as processes: there the
    filter of system calls refuses processes.

    Raises:
        OSError: the system refused a limit.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_NOFILE, open_files)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_seconds += math.ceil(used.ru_utime + used.ru_stime)
    _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    for name, value in (("MEMLOCK", 0), ("MSGQUEUE", 0), *([] if IS_LINUX else [("NPROC", 0)])):
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            _lower(kind, value)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, keeping a lower one that is there already."""
    ceiling = resource.getrlimit(kind)[1]
    wanted = [soft, soft if hard is None else hard]
    if ceiling != resource.RLIM_INFINITY:
        wanted = [min(value, ceiling) for value in wanted]
    try:
        resource.setrlimit(kind, (wanted[0], wanted[1]))
    except (ValueError, OverflowError) as error:
        raise OSError(f"resource limit {kind}: {error}") from None
