"""Memory on a real GPU, in this process. Nothing here is known to hold until it has run on one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from components.capture import capture_program
from components.capture.memory.cuda import prepare, program_frames_only
from components.trace import Memory, Program, Trace
from tests.capture.memory_reading import measured

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")

STEP = """\
import torch
model = torch.nn.Linear(1000, 1000, device="cuda")
optimizer = torch.optim.Adam(model.parameters())
for _ in range(3):
    optimizer.zero_grad()
    model(torch.ones(5, 1000, device="cuda")).sum().backward()
    optimizer.step()
torch.cuda.synchronize()
"""


@pytest.fixture(scope="module")
def traced() -> Trace:
    prepare()
    trace = capture_program(Program(source=STEP, device="cuda"))
    assert trace.failure is None
    return measured(trace)


def memory_of(trace: Trace) -> Memory:
    assert trace.memory is not None
    return trace.memory


@needs_gpu
def test_the_peak_is_what_the_allocator_says(traced: Trace) -> None:
    memory = memory_of(traced)
    assert memory.device == "cuda"
    assert memory.cuda
    # The allocator tells of almost every release; measured differences were up to three blocks of 512 bytes.
    assert abs(memory.peak_bytes - max(sample.peak_bytes for sample in memory.cuda)) <= 3 * 512
    assert all(sample.reserved_bytes >= sample.allocated_bytes for sample in memory.cuda)


@needs_gpu
def test_the_work_spaces_are_not_the_programs(traced: Trace) -> None:
    memory = memory_of(traced)
    # cuBLAS takes 32 MiB for itself; the program's largest tensor has 4 MB.
    assert memory.baseline_bytes >= 0
    assert max(block.bytes for block in memory.allocations) < 8_000_000


@needs_gpu
def test_the_state_of_adam_is_twice_the_parameters_in_blocks_of_512_bytes(traced: Trace) -> None:
    state = sum(block.bytes for block in memory_of(traced).allocations if block.category == "optimizer")
    weight, bias = 4_000_256, 4_096  # 4,000,000 and 4,000, rounded up to multiples of 512
    assert state >= 2 * (weight + bias)
    assert state <= 2 * (weight + bias) + 2 * 512


@needs_gpu
def test_the_snapshot_is_what_pytorchs_viewer_reads(traced: Trace) -> None:
    snapshot = memory_of(traced).cuda_snapshot
    assert snapshot is not None
    assert {"segments", "device_traces"} <= json.loads(snapshot).keys()


@needs_gpu
def test_out_of_memory_says_the_sizes() -> None:
    prepare()
    source = 'import torch\nx = torch.empty(1 << 50, dtype=torch.uint8, device="cuda")\n'
    failure = capture_program(Program(source=source, device="cuda")).failure
    assert failure is not None
    assert (failure.kind, failure.line) == ("out_of_memory", 2)
    assert "GiB" in failure.message


def test_a_snapshot_tells_nothing_of_the_servers_files() -> None:
    ours = {"filename": "<program>", "line": 3, "name": "<module>"}
    theirs = {"filename": "/srv/torch/nn/modules/linear.py", "line": 125, "name": "forward"}
    snapshot: dict[str, Any] = {
        "segments": [{"address": 1, "frames": [theirs], "blocks": [{"size": 512, "frames": [theirs, ours]}]}],
        "device_traces": [[{"action": "alloc", "frames": [ours, theirs]}]],
        "allocator_settings": {"expandable_segments": False},
    }
    assert program_frames_only(snapshot) == {
        "segments": [{"address": 1, "frames": [], "blocks": [{"size": 512, "frames": [ours]}]}],
        "device_traces": [[{"action": "alloc", "frames": [ours]}]],
        "allocator_settings": {"expandable_segments": False},
    }
