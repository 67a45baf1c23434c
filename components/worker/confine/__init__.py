"""The walls around a child, each of which stands alone and is tested alone.

``WALLS`` lists them in the order in which they must be put up: the filter of system calls last, because it forbids
what setting up the others needs. Sessions, environment and descriptors are no walls of choice: every child gives them
up (``components.worker.child``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.worker.confine.gpu import GPU_ADDRESS_MB, GPU_OPEN_FILES, readable
from components.worker.confine.landlock import deny_files
from components.worker.confine.libc import IS_LINUX
from components.worker.confine.process import die_with_parent, drop_capabilities, no_new_privileges, not_dumpable
from components.worker.confine.rlimits import OPEN_FILES, limit_memory, limit_resources
from components.worker.confine.seccomp import filter_system_calls

__all__ = ["WALLS", "Confinement", "WallSpec", "names"]


@dataclass(frozen=True)
class Confinement:
    """What the walls need to know of a run; sizes in MiB and seconds.

    A run on a ``gpu`` needs openings in four of them: the driver takes more address space and descriptors than there
    is memory to protect, is spoken to through ioctl, and loads parts of itself and of PyTorch when they are first used.
    """

    parent: int
    memory_mb: int
    cpu_seconds: int
    gpu: bool = False


@dataclass(frozen=True)
class WallSpec:
    """A wall's name, what it does in a few words, whether only Linux has it, and how to put it up."""

    name: str
    detail: str
    linux_only: bool
    put_up: Callable[[Confinement], object]

    def missing_here(self) -> str | None:
        """Say why this platform cannot have the wall, or ``None``."""
        return "only Linux has it" if self.linux_only and not IS_LINUX else None


def _limit_resources(confinement: Confinement) -> None:
    limit_resources(confinement.cpu_seconds, GPU_OPEN_FILES if confinement.gpu else OPEN_FILES)


WALLS = (
    WallSpec("die-with-parent", "no program outlives the worker", True, lambda c: die_with_parent(c.parent)),
    WallSpec("not-dumpable", "no core dumps, no tracing", True, lambda c: not_dumpable()),
    WallSpec("no-new-privileges", "privileges can only be lost", True, lambda c: no_new_privileges()),
    WallSpec("capabilities", "root is a plain user", True, lambda c: drop_capabilities()),
    WallSpec("landlock", "no file can be opened", True, lambda c: deny_files(readable() if c.gpu else ())),
    WallSpec(
        "memory-limit", "bounded address space", False, lambda c: limit_memory(GPU_ADDRESS_MB if c.gpu else c.memory_mb)
    ),
    WallSpec("rlimits", "bounded processor time, no new files", False, _limit_resources),
    WallSpec("seccomp", "an allow-list of system calls", True, lambda c: filter_system_calls(c.gpu)),
)


def names() -> tuple[str, ...]:
    """Return the names of all walls in order."""
    return tuple(wall.name for wall in WALLS)
