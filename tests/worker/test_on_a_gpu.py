"""Programs for a GPU: their own walls, tried here without one, and whole runs, where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pairs import PAIRS
from components.facts import TraceIndex
from components.facts.compare.drift import drifts
from components.source.variants import elsewhere
from components.trace import Program
from components.worker import Limits, Pool, ZygoteOptions, pool_of_this_machine
from components.worker.confine import KNOCKS
from components.worker.confine.gpu import GPU_OPEN_FILES, has_gpu, readable
from components.worker.failures import NO_CUDA
from components.worker.trial import try_walls
from tests.worker.helpers import NEEDED, failure_of, needs_linux

needs_gpu = pytest.mark.skipif(not has_gpu(), reason="no GPU here")


@pytest.fixture(scope="module")
def gpu() -> Iterator[Pool]:
    pool = pool_of_this_machine(gpu=True)
    yield pool
    pool.close()


def test_what_may_be_read_are_libraries() -> None:
    found = readable()
    assert any(path.endswith("torch") for path in found)
    assert not [path for path in found if path in ("/", "/etc", "/home", "/root", "/proc", "/dev")]
    assert GPU_OPEN_FILES < 1024


@needs_linux
def test_behind_the_walls_of_a_gpu_a_program_reaches_no_file_no_network_and_no_process(tmp_path: Path) -> None:
    walls = {wall.name: wall for wall in try_walls(NEEDED, Limits(), str(tmp_path / "trial"), gpu=True)}
    assert all(wall.standing for wall in walls.values()), walls
    assert walls[KNOCKS].detail == "it reached no file, no network and no process"


@needs_linux
def test_an_ordinary_program_runs_behind_the_walls_of_a_gpu_too() -> None:
    pool = Pool(size=1, options=ZygoteOptions(("tests.worker.probes", "on_the_processor"), gpu=True))
    try:
        trace = pool.run(
            Program(source="import torch\nx = torch.ones(3, requires_grad=True)\nx.sin().sum().backward()\n"),
            memory=True,
        )
        assert trace.failure is None
        assert trace.memory is not None
    finally:
        pool.close()


@pytest.mark.skipif(has_gpu(), reason="there is a GPU here")
def test_a_device_that_does_not_answer_is_told_and_the_program_is_not_run() -> None:
    pool = Pool(size=1, options=ZygoteOptions(gpu=True))
    try:
        failure = failure_of(pool.run(Program(source="print(1)", device="cuda")))
        assert failure.kind == "crashed"
        assert failure.message.startswith("The program was not run: the device is not ready (")
    finally:
        pool.close()


@pytest.mark.skipif(has_gpu(), reason="there is a GPU here")
def test_without_a_gpu_a_program_for_it_is_refused_in_words() -> None:
    pool = pool_of_this_machine(gpu=True)
    try:
        assert pool.gpu is None
        failure = failure_of(pool.run(Program(source="print(1)", device="cuda")))
        assert (failure.kind, failure.message) == ("not_allowed", NO_CUDA)
    finally:
        pool.close()


@needs_gpu
def test_a_training_step_runs_behind_its_walls(gpu: Pool) -> None:
    source = (
        'import torch\nw = torch.ones(100, 100, device="cuda", requires_grad=True)\n'
        "(w @ w).sin().sum().backward()\nprint(w.grad.device)\n"
    )
    trace = gpu.run(Program(source=source, device="cuda"), memory=True)
    assert (trace.failure, trace.stdout) == (None, "cuda:0\n")
    assert trace.memory is not None
    assert trace.memory.device == "cuda"


@needs_gpu
def test_starting_the_driver_is_not_the_programs_time(gpu: Pool) -> None:
    trace = gpu.run(
        Program(source="import torch\nprint(torch.cuda.is_available())\n", device="cuda"), Limits(wall_seconds=1)
    )
    assert (trace.failure, trace.stdout) == (None, "True\n")


@needs_gpu
def test_an_endless_program_on_a_gpu_is_stopped(gpu: Pool) -> None:
    source = 'import torch\nx = torch.ones(10, device="cuda")\nwhile True:\n    x = x.sin()\n'
    failure = failure_of(gpu.run(Program(source=source, device="cuda"), Limits(wall_seconds=2)))
    assert failure.kind == "timeout"


@needs_gpu
def test_out_of_memory_is_a_failure_with_the_sizes(gpu: Pool) -> None:
    source = 'import torch\nheld = []\nwhile True:\n    held.append(torch.empty(1 << 32, device="cuda"))\n'
    failure = failure_of(gpu.run(Program(source=source, device="cuda")))
    assert failure.kind == "out_of_memory"
    assert "GiB" in failure.message


@needs_gpu
def test_one_program_on_the_gpu_has_the_numbers_of_the_cpu_up_to_rounding(gpu: Pool) -> None:
    left, _ = PAIRS["autocast: the same in bfloat16"]
    here = TraceIndex(gpu.run(Program(source=left)))
    for variant in elsewhere(left, gpu=True)[1:]:
        there = gpu.run(Program(source=variant.source, device="cuda"))
        assert there.failure is None
        found = drifts(here, TraceIndex(there))
        assert found is not None
        assert found.first is None, found.text
        rows = {row.name: row for row in found.rows}
        assert rows["inputs"].largest == 0
        assert (rows["inputs"].left, rows["inputs"].right) == ("float32 · cpu", "float32 · cuda:0")
        assert rows["loss"].relative
