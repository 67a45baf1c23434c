"""What this server may use: the limits of its container where there are some, not the host's processors and memory.

A container of two processors on a host of 64 sees all 64; what it may use of them stands in its control group.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from .. import settings

MIB = 1 << 20
# What is not for programs: the pages' process with its traces, and the process that programs are forked from.
KEPT_MB = 1_024
# Address space of a program that costs no memory of its own: libraries, and what it shares with where it was forked.
SHARED_MB = 900
_LEAST_MB = 300
# With so much for each of three, two short runs go on at once: in one place, each waits for another's second.
_ENOUGH_MB = 500
_MOST_MB = 2_048
# What a second zygote takes that is kept ready, and the least memory with which one is.
_SPARE_MB = 300
_SPARE_FROM_MB = 4_096


@dataclass(frozen=True)
class Machine:
    """How many processors may be used at once (half ones count), and how many MiB of memory."""

    processors: float
    memory_mb: int


@dataclass(frozen=True)
class Shape:
    """How a machine is shared: the places for short and for long runs, and the MiB of address space of one run.

    ``long`` 0: there is one kind of place, and a run keeps it. ``standing_mb`` is what runs that wait for a place for
    long runs may hold together. ``spare_child``: a process waits ahead for the next program; ``spare_zygote``: another
    one for the end of the process that makes these.
    """

    short: int
    long: int = 0
    memory_mb: int = _MOST_MB
    standing_mb: int = 256
    spare_child: bool = False
    spare_zygote: bool = False


def this_machine(root: Path = Path("/")) -> Machine:
    """Read the limits of this process's control groups, version 1 and 2, and what the system has."""
    processors = [float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)]
    memory = [_system_memory(root)]
    for folder in _groups(root):
        processors += _processors(folder)
        memory += [
            int(text) // MIB
            for name in ("memory.max", "memory.limit_in_bytes")
            if (text := _read(folder / name)).isdigit()
        ]
    return Machine(min(processors), min(memory))


def shape_of(machine: Machine, spare_zygote: bool | None = None) -> Shape:
    """Return how many runs of each kind fit on a machine at once, each with all the memory that it may take.

    ``spare_zygote`` says whether a second zygote is kept ready; ``None``: where there is memory for one.
    """
    spare = machine.memory_mb >= _SPARE_FROM_MB if spare_zygote is None else spare_zygote
    room = max(0, machine.memory_mb - KEPT_MB - spare * _SPARE_MB)
    cores = max(1, round(machine.processors))
    fit = max(3 if room >= 3 * _ENOUGH_MB else 2, room // (_MOST_MB - SHARED_MB))
    short = min(max(2, cores), fit - 1)
    long = min(cores, fit - short)
    each = min(_MOST_MB - SHARED_MB, max(_LEAST_MB, room // (short + long)))
    standing = max(256, room - each * (short + long))
    return Shape(short, long, each + SHARED_MB, standing, spare_child=True, spare_zygote=spare)


def shape_of_settings(machine: Machine, environment: Mapping[str, str] = os.environ) -> Shape:
    """Return how a machine is shared, as far as the settings do not say otherwise."""
    found = shape_of(machine, settings.SPARE_ZYGOTE.value(environment))
    places = settings.PLACES.value(environment)
    return found if places is None else replace(found, short=places[0], long=places[1])


def _groups(root: Path) -> Iterator[Path]:
    """Yield the folders of this process's control groups, and those above them: the strictest of them holds.

    Inside a container the path may be the host's, of which only the top is there: that is the container's own.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        tops = [controllers, *controllers.split(",")] if controllers else ["", "unified"]
        inside = Path(path.lstrip("/"))
        for top in tops:
            base = root / "sys/fs/cgroup" / top
            yield from (base / above for above in (inside, *inside.parents))


def _processors(folder: Path) -> Iterator[float]:
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if quota.isdigit() and period.isdigit() and int(quota) and int(period):
        yield int(quota) / int(period)


def _system_memory(root: Path) -> int:
    for line in _read(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1_024
    with suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    return 4 * _MOST_MB


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
