"""Programs for a GPU: their own walls, tried here without one, and whole runs, where there is one."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.trace import Program
from components.worker import Limits, Pool, ZygoteOptions, pool_of_this_machine
from components.worker.confine import names, syscalls
from components.worker.confine.gpu import GPU_OPEN_FILES, has_gpu, readable
from components.worker.confine.landlock import deny_files
from components.worker.confine.seccomp import ALLOW, ARCHITECTURES, REFUSE, assemble
from components.worker.entry import CAPTURE_ON_A_GPU
from components.worker.failures import NO_CUDA
from components.worker.trial import KNOCKS, try_walls
from tests.worker.helpers import failure_of, needs_linux
from tests.worker.test_seccomp_filter import answer

needs_gpu = pytest.mark.skipif(not has_gpu(), reason="no GPU here")


@pytest.fixture(scope="module")
def gpu() -> Iterator[Pool]:
    pool = pool_of_this_machine(gpu=True)
    yield pool
    pool.close()


def in_a_process(work: str, readable: tuple[str, ...]) -> str:
    """Run a statement behind Landlock in a forked process and return ``done`` or the name of the error."""
    import errno

    read, write = os.pipe()
    if os.fork() == 0:
        try:
            deny_files(readable)
            exec(work, {"os": os})
            os.write(write, b"done")
        except OSError as error:
            os.write(write, errno.errorcode[error.errno or 0].encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.wait()
    return answer


@needs_linux
def test_landlock_lets_read_what_it_was_told_and_nothing_else(tmp_path: Path) -> None:
    for name in ("let", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("text")
    let, kept = tmp_path / "let", tmp_path / "kept"
    rules = (str(let),)
    assert in_a_process(f"os.open({str(let / 'file')!r}, os.O_RDONLY); os.listdir({str(let)!r})", rules) == "done"
    assert in_a_process(f"os.open({str(let / 'file')!r}, os.O_RDWR)", rules) == "EACCES"
    assert in_a_process(f"os.unlink({str(let / 'file')!r})", rules) == "EACCES"
    assert in_a_process(f"os.open({str(let / 'new')!r}, os.O_CREAT | os.O_WRONLY)", rules) == "EACCES"
    assert in_a_process(f"os.open({str(kept / 'file')!r}, os.O_RDONLY)", rules) == "EACCES"
    assert in_a_process(f"os.open({str(let / '..' / 'kept' / 'file')!r}, os.O_RDONLY)", rules) == "EACCES"
    assert in_a_process("os.open('/etc/passwd', os.O_RDONLY)", rules) == "EACCES"


def test_what_may_be_read_are_libraries() -> None:
    found = readable()
    assert any(path.endswith("torch") for path in found)
    assert not [path for path in found if path in ("/", "/etc", "/home", "/root", "/proc", "/dev")]


def test_the_filter_of_a_gpu_adds_reading_and_nothing_that_makes_or_connects() -> None:
    ordinary, wider = set(syscalls.allowed_numbers("x86_64")), set(syscalls.allowed_numbers("x86_64", gpu=True))
    assert ordinary < wider
    # socket, connect, clone, fork, vfork, execve, ptrace, unlink, rename, kill, bpf, io_uring_setup, process_vm_readv
    assert not wider & {41, 42, 56, 57, 58, 59, 101, 87, 82, 62, 321, 425, 310}
    assert GPU_OPEN_FILES < 1024


@pytest.mark.parametrize(
    ("number", "command", "expected"),
    [
        (16, 0x4620, ALLOW),  # ioctl: one of the driver's
        (16, 0x5412, REFUSE),  # TIOCSTI
        (16, 0x8901, REFUSE),  # FIOSETOWN
        (16, (1 << 32) | 0x8901, REFUSE),  # the kernel looks at the low half too
        (72, 1, ALLOW),  # fcntl: F_GETFD
        (72, 4, REFUSE),  # F_SETFL: O_ASYNC
        (72, 8, REFUSE),  # F_SETOWN
        (72, 10, REFUSE),  # F_SETSIG
        (0, 4, ALLOW),  # read
        (41, 1, REFUSE),  # socket
    ],
)
def test_commands_that_would_reach_other_processes_are_refused(number: int, command: int, expected: int) -> None:
    numbers, commands = syscalls.allowed_numbers("x86_64", gpu=True), syscalls.commands_on_a_gpu("x86_64")
    data = struct.pack("<IIQQQ", number, ARCHITECTURES["x86_64"], 0, 3, command)
    assert answer(assemble("x86_64", numbers, commands), data) == expected


@needs_linux
def test_behind_the_walls_of_a_gpu_a_program_reaches_no_file_no_network_and_no_process() -> None:
    walls = {wall.name: wall for wall in try_walls(names(), Limits(), gpu=True)}
    assert all(wall.standing for wall in walls.values()), walls
    assert walls[KNOCKS].detail == "it reached no file, no network and no process"


@needs_linux
def test_an_ordinary_program_runs_behind_the_walls_of_a_gpu_too() -> None:
    pool = Pool(size=1, options=ZygoteOptions(gpu=True))
    try:
        trace = pool.run(
            Program(source="import torch\nx = torch.ones(3, requires_grad=True)\nx.sin().sum().backward()\n")
        )
        assert trace.failure is None
        assert trace.memory is not None
    finally:
        pool.close()


@pytest.mark.skipif(has_gpu(), reason="there is a GPU here")
def test_a_device_that_does_not_answer_is_told_and_the_program_is_not_run() -> None:
    pool = Pool(size=1, options=ZygoteOptions(CAPTURE_ON_A_GPU, gpu=True))
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
    trace = gpu.run(Program(source=source, device="cuda"))
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
