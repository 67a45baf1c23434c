"""What a running child has used so far, as the system counts it from outside; nothing where the system does not say."""

from __future__ import annotations

import os
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """Threads at this moment, seconds of processor time of all of them, MiB of memory that no file on a disk has.

    Right after a fork the memory is what the child shares with its parent: what it takes is how much that grows.
    ``waited_seconds`` is for how long the first thread could have gone on, had a processor been free.
    """

    threads: int = 0
    processor_seconds: float = 0.0
    memory_mb: int = 0
    waited_seconds: float = 0.0


def use_of(pid: int) -> Use:
    """Return what a process has used; zeros if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()  # the third of its values is the first of these
        with open(f"/proc/{pid}/status", "rb") as file:
            # Shared memory is a file's to Linux, of one that is kept in memory only.
            kept_kb = sum(int(line.split()[1]) for line in file if line.startswith((b"RssAnon:", b"RssShmem:")))
    except (OSError, ValueError, IndexError):
        return Use()
    seconds = (int(words[11]) + int(words[12])) / _TICKS
    return Use(int(words[17]), seconds, kept_kb >> 10, _waited(pid))


def _waited(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):  # a kernel may be built without it
        return 0.0
