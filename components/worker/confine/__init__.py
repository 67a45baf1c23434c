"""The walls around a child, each of which stands alone and is tested alone.

``WALLS`` lists them in the order in which they must be put up: the filter of system calls last, because it forbids
what setting up the others needs. Sessions, environment and descriptors are no walls of choice: every child gives them
up (``child``). A ``Wall`` says whether one stands. Nothing is claimed that was not tried: the zygote sets every wall up
once in a process of its own and reports what the kernel answered (``trial``).
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from . import gpu as of_the_gpu
from .landlock import restrict_files
from .libc import IS_LINUX
from .namespaces import own_folder
from .process import (
    OPEN_FILES,
    die_with_parent,
    drop_capabilities,
    limit_memory,
    limit_resources,
    no_new_privileges,
    not_dumpable,
)
from .readable import data_folder, readable, without_the_application
from .seccomp import filter_system_calls, prepared_code

__all__ = [
    "KNOCKS",
    "LANDLOCK",
    "NAMESPACES",
    "SECCOMP",
    "WALLS",
    "Confinement",
    "Wall",
    "WallSpec",
    "names",
    "prepare",
    "summary",
    "what_is_missing",
]

LANDLOCK, SECCOMP, NAMESPACES, KNOCKS = "landlock", "seccomp", "namespaces", "trial program"


@dataclass(frozen=True)
class Confinement:
    """What the walls need to know of a run; sizes in MiB and seconds.

    ``folder`` is the run's own, with the bounds of what it may hold. ``opens_files`` is whether the system call filter
    lets files be opened, which it does only where Landlock says which.
    A run on a ``gpu`` needs openings in four of them: the driver takes more address space and descriptors than there
    is memory to protect, is spoken to through ioctl, and loads parts of itself and of PyTorch when they are first used.
    """

    parent: int
    memory_mb: int
    cpu_seconds: int
    folder: str
    folder_mb: int
    file_mb: int
    files: int
    opens_files: bool = True
    gpu: bool = False

    def readable(self) -> tuple[str, ...]:
        """Return what may be read."""
        data = data_folder()
        return (*readable(), *([data] if data else []), *(of_the_gpu.readable() if self.gpu else ()))


@dataclass(frozen=True)
class WallSpec:
    """A wall's name, what it does in a few words, whether only Linux has it, and how to put it up.

    ``optional``: one more wall where the system grants it, which the others do not need.
    """

    name: str
    detail: str
    linux_only: bool
    put_up: Callable[[Confinement], object]
    optional: bool = False

    def missing_here(self) -> str | None:
        """Say why this platform cannot have the wall, or ``None``."""
        return "only Linux has it" if self.linux_only and not IS_LINUX else None


def _limit_memory(confinement: Confinement) -> None:
    limit_memory(of_the_gpu.GPU_ADDRESS_MB if confinement.gpu else confinement.memory_mb)


def _limit_resources(confinement: Confinement) -> None:
    open_files = of_the_gpu.GPU_OPEN_FILES if confinement.gpu else OPEN_FILES
    limit_resources(confinement.cpu_seconds, confinement.file_mb << 20, open_files)


WALLS = (
    WallSpec(
        NAMESPACES,
        "no network at all, a file system of its own",
        True,
        lambda c: own_folder(c.folder, c.folder_mb << 20, c.files),
        optional=True,
    ),
    WallSpec("die-with-parent", "no program outlives the worker", True, lambda c: die_with_parent(c.parent)),
    WallSpec("not-dumpable", "no core dumps, no tracing", True, lambda c: not_dumpable()),
    WallSpec("no-new-privileges", "privileges can only be lost", True, lambda c: no_new_privileges()),
    WallSpec("capabilities", "root is a plain user", True, lambda c: drop_capabilities()),
    WallSpec(
        LANDLOCK,
        "only Python's files and one folder can be opened",
        True,
        lambda c: restrict_files(c.readable(), c.folder),
    ),
    WallSpec("memory-limit", "bounded address space", False, _limit_memory),
    WallSpec("rlimits", "bounded processor time, file sizes and descriptors", False, _limit_resources),
    WallSpec(
        SECCOMP,
        "an allow-list of system calls",
        True,
        lambda c: filter_system_calls(files=c.opens_files, gpu=c.gpu),
    ),
)


def prepare(*, gpu: bool = False) -> None:
    """Find out, once and before there are children, what each of them needs for its walls."""
    readable()
    data_folder()
    without_the_application(tuple(sys.path))
    if IS_LINUX:
        with suppress(OSError):  # an architecture without a table: then the wall does not stand
            for files in (True, False):
                prepared_code(platform.machine(), files=files, gpu=gpu)


def names() -> tuple[str, ...]:
    """Return the names of all walls in order."""
    return tuple(wall.name for wall in WALLS)


class Wall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One wall: what it is called, whether it stands, and what it does or why it does not stand.

    One that is ``optional`` stands where the system grants it; the others do not need it.
    """

    name: str
    standing: bool
    detail: str
    optional: bool = False


def what_is_missing(walls: Sequence[Wall]) -> str | None:
    """Say in plain words what the missing walls mean for whoever runs programs here, ``None`` if nothing does."""
    standing = {wall.name for wall in walls if wall.standing}
    through = next((wall.detail for wall in walls if wall.name == KNOCKS and not wall.standing), None)
    if not walls or ({SECCOMP, LANDLOCK} <= standing and through is None):
        return None
    if {SECCOMP, LANDLOCK} <= standing:
        return f"The walls around programs do not hold here: a trial program got through, and {through}."
    if SECCOMP not in standing:
        return (
            "Programs run here with the rights of whoever started this server, as in a notebook: this system has no "
            "walls for them. Run only what you trust."
        )
    return (
        "Programs can open no files here, because this system has no Landlock that says which. What is loaded already "
        "works: torch, numpy, matplotlib and the common modules of Python."
    )


def summary(walls: Sequence[Wall]) -> str:
    """Return one line for the start of the server's log, with a plain warning where a wall is missing."""
    standing = ", ".join(wall.name for wall in walls if wall.standing) or "none"
    line = f"Programs run in their own processes. Walls that stand: {standing}."
    gone = [wall for wall in walls if not wall.standing]
    granted = [f"{wall.name} ({wall.detail})" for wall in gone if wall.optional]
    missing = [f"{wall.name} ({wall.detail})" for wall in gone if not wall.optional]
    if granted:
        line += f" Not granted here, nor needed: {'; '.join(granted)}."
    if missing:
        line += f" WARNING, for trusted use only: these do not stand: {'; '.join(missing)}."
    return line
