"""What one run may use, as data: the pages, the command line and the tests set the same numbers.

The parent checks time and sizes, the child's kernel checks memory and processor time, the compiler checks the source.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from ..source import SourceLimits
from ..trace import Caps

MIB = 1 << 20
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds on one run.

    ``wall_seconds`` is the program's own time. Past it, or after Stop, the program is interrupted; if it does not end
    within ``stop_seconds`` its process is killed. What has observed the program then has ``finish_seconds`` to hand
    over the trace. ``cpu_seconds`` is the kernel's own limit, by default just above the sum of the three.
    ``memory_mb`` counts address space in MiB, of which PyTorch and matplotlib take some 900. The run's private folder
    may hold ``folder_mb`` MiB in ``files`` files and folders, each of ``file_mb``; ``threads`` may run at once.
    ``trace_values`` bounds what the parent builds from ``trace_bytes`` of JSON: it counts commas and opening brackets.
    """

    wall_seconds: Seconds = 10.0
    stop_seconds: Seconds = 1.0
    finish_seconds: Seconds = 10.0
    cpu_seconds: Count | None = None
    memory_mb: Count = 2048
    folder_mb: Count = 128
    file_mb: Count = 64
    files: Count = 2_000
    threads: Count = 64
    stdout_chars: Count = 65_536
    trace_bytes: Count = 128 * MIB
    trace_values: Count = 12_000_000
    source: SourceLimits = SourceLimits()
    caps: Caps = Caps()

    def processor_seconds(self) -> int:
        """Return the whole seconds of processor time after which the kernel ends the process."""
        if self.cpu_seconds is not None:
            return self.cpu_seconds
        return math.ceil(self.wall_seconds + self.stop_seconds + self.finish_seconds) + 1

    def capture_caps(self) -> Caps:
        """Return ``caps`` with this object's own limit on printed output."""
        return msgspec.structs.replace(self.caps, stdout_chars=self.stdout_chars)
