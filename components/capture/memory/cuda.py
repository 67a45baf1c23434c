"""A GPU made ready for one program, and what its allocator says while that runs.

Making ready is not the program's: the context, the libraries' handles and work spaces (cuBLAS takes 32 MiB of the
allocator's own memory at the first matrix product) and the profiler's first start come before it, and what they hold
is the baseline. ``backward`` runs on the program's own thread, as it does on the CPU: PyTorch numbers the nodes of each
thread by itself, and two nodes with one number cannot be told apart.
"""

from __future__ import annotations

import gc
import json
from typing import Any

import torch

from ...source import PROGRAM_FILENAME
from ...trace import CudaSample
from .profiler import Profiler

SOURCE = "PyTorch's CUDA caching allocator, seen by torch.profiler and torch.cuda.memory_stats()"
_MOST_SAMPLES = 5_000
_MOST_SNAPSHOT_BYTES = 4_000_000
_MOST_HISTORY = 20_000


def prepare() -> None:
    """Start the driver and what programs use first, in a process that will run one program.

    Raises:
        RuntimeError: there is no GPU, or it does not answer.
    """
    torch.cuda.init()  # type: ignore[no-untyped-call]
    torch.autograd.set_multithreading_enabled(False)
    x = torch.ones(8, 8, device="cuda", requires_grad=True)
    y = torch.nn.functional.conv2d((x @ x).reshape(1, 1, 8, 8), torch.ones(1, 1, 3, 3, device="cuda"))
    torch.autograd.backward(y.sum())
    torch.nn.LSTM(2, 2, device="cuda")(torch.ones(1, 1, 2, device="cuda"))
    torch.linalg.inv(torch.eye(2, device="cuda"))
    with Profiler(lambda tree: None):
        torch.autograd.backward((x @ x).sum())
    torch.cuda.synchronize()


class CudaMemory:
    """Asks the allocator at the end of steps, and keeps its history for PyTorch's own viewer, while it is entered.

    ``baseline`` is what was allocated before, in bytes; ``samples`` are by step; ``snapshot`` is JSON, ``None``
    where it is too large to be handed over.
    """

    def __init__(self) -> None:
        self.baseline = 0
        self.snapshot: str | None = None
        self._samples: dict[int, CudaSample] = {}

    @property
    def samples(self) -> list[CudaSample]:
        """What the allocator said, in the order of steps."""
        return [self._samples[step] for step in sorted(self._samples)]

    def __enter__(self) -> CudaMemory:
        gc.collect()
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        self.baseline = torch.cuda.memory_allocated()
        torch.cuda.memory._record_memory_history("all", stacks="python", max_entries=_MOST_HISTORY)
        return self

    def __exit__(self, *error: object) -> None:
        snapshot = json.dumps(program_frames_only(torch.cuda.memory._snapshot()), default=str)
        torch.cuda.memory._record_memory_history(None)
        if len(snapshot) <= _MOST_SNAPSHOT_BYTES:
            self.snapshot = snapshot

    def sample(self, step: int) -> None:
        """Note what the allocator says after a step; the last word of a step counts."""
        if len(self._samples) < _MOST_SAMPLES or step in self._samples:
            said = torch.cuda.memory_stats()
            self._samples[step] = CudaSample(
                step=step,
                allocated_bytes=said["allocated_bytes.all.current"],
                reserved_bytes=said["reserved_bytes.all.current"],
                peak_bytes=said["allocated_bytes.all.peak"],
            )


def program_frames_only(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Leave only the program's own lines in a snapshot's stacks: where the server's files are is nobody's business."""
    pending: list[Any] = [snapshot]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if "frames" in part:
                part["frames"] = [frame for frame in part["frames"] if frame.get("filename") == PROGRAM_FILENAME]
            pending.extend(value for key, value in part.items() if key != "frames")
        elif isinstance(part, list):
            pending.extend(part)
    return snapshot
