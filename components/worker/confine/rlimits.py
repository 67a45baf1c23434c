"""Resource limits: address space, processor time, files. The one kernel wall that every Unix has."""

from __future__ import annotations

import math
import resource

from .libc import IS_LINUX

MIB = 1 << 20
OPEN_FILES = 128


def limit_memory(memory_mb: int) -> None:
    """Bound the address space, in MiB: past it allocations fail. Raises ``OSError`` (macOS refuses such a limit)."""
    _lower(resource.RLIMIT_AS, memory_mb * MIB)


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
