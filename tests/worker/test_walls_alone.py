"""Each wall by itself: what a program could do without it, and what it answers with it."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from components.trace import Program
from components.worker.confine.landlock import landlock_abi, ruleset
from tests.worker.helpers import (
    FILES,
    LIMITED,
    ORDINARY,
    MakePool,
    attempt,
    bare,
    needs_linux,
    needs_root,
    only,
    printed,
    run,
    until,
)


@needs_linux
@pytest.mark.parametrize("statement", FILES.values(), ids=FILES.keys())
def test_landlock_denies_files(shared: MakePool, folder: Path, statement: str) -> None:
    statement = statement.format(folder=folder)
    assert attempt(only(shared, "landlock"), statement) == "EACCES"
    assert attempt(bare(shared), statement) == "done"


@needs_linux
def test_landlock_denies_running_another_program(shared: MakePool) -> None:
    assert attempt(only(shared, "landlock"), "os.execv('/bin/true', ['true'])") == "EACCES"


@needs_linux
@pytest.mark.parametrize("method", ["bind", "connect"])
def test_landlock_denies_tcp(shared: MakePool, method: str) -> None:
    if landlock_abi() < 4:
        pytest.skip("this kernel's Landlock does not know TCP")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ("127.0.0.1", server.getsockname()[1] if method == "connect" else 0)
        statement = f"socket.socket().{method}({address})"
        assert attempt(bare(shared), statement) == "done"
        assert attempt(only(shared, "landlock"), statement) == "EACCES"


@needs_linux
def test_landlock_denies_signals_to_the_server(shared: MakePool) -> None:
    if landlock_abi() < 6:
        pytest.skip("this kernel's Landlock does not know signals")
    statement = f"os.kill({os.getpid()}, 0)"
    assert attempt(bare(shared), statement) == "done"
    assert attempt(only(shared, "landlock"), statement) == "EPERM"


@pytest.mark.parametrize(("abi", "words"), [(1, 1), (3, 1), (4, 2), (5, 2), (6, 3), (99, 3)])
def test_the_ruleset_fits_the_kernels_version(abi: int, words: int) -> None:
    assert len(ruleset(abi)) == 8 * words


@pytest.mark.parametrize(("statement", "answer"), LIMITED.values(), ids=LIMITED.keys())
def test_rlimits_for_an_ordinary_user(shared: MakePool, folder: Path, statement: str, answer: str) -> None:
    assert attempt(only(shared, "rlimits", ORDINARY), statement.format(folder=folder)) == answer


def test_rlimits_dump_no_core(shared: MakePool) -> None:
    assert printed(only(shared, "rlimits"), "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))") == (
        "(0, 0)"
    )


def test_rlimits_end_a_program_that_uses_up_the_processor(shared: MakePool) -> None:
    # Blocking the timer's signal leaves the kernel's limit alone to end it.
    source = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    trace = run(only(shared, "rlimits"), source, cpu_seconds=1)
    assert trace.failure is not None
    assert trace.failure.kind == "timeout"
    assert "more than 1 seconds of processor time" in trace.failure.message


def test_memory_limit(shared: MakePool) -> None:
    source = "x = bytearray(600 << 20)\nprint(len(x))"
    assert run(bare(shared), source, memory_mb=512).stdout == f"{600 << 20}\n"
    failure = run(only(shared, "memory-limit"), source, memory_mb=512).failure
    assert failure is not None
    assert (failure.kind, failure.message) == ("out_of_memory", "The program used more than its 512 MiB of memory.")


@needs_linux
@needs_root
@pytest.mark.parametrize(
    "statement",
    [
        "os.setuid(65534)",
        "os.setgid(65534)",
        "os.setgroups([])",
        "os.chroot('/')",
        "os.chown('/tmp', 65534, -1) or os.chown('/tmp', 0, -1)",
        "os.nice(-5)",
        "os.mknod('/tmp/autograd-lab-device', 0o20600, os.makedev(1, 3)) or os.unlink('/tmp/autograd-lab-device')",
    ],
)
def test_root_without_capabilities_is_a_plain_user(shared: MakePool, statement: str) -> None:
    if attempt(bare(shared), statement) != "done":
        pytest.skip("root has lost this capability here already")
    assert attempt(only(shared, "capabilities"), statement) == "EPERM"


@needs_linux
@needs_root
def test_no_capability_is_left(shared: MakePool) -> None:
    source = "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')))"
    assert printed(only(shared, "capabilities"), source) == " ".join(["0" * 16] * 5)


@needs_linux
def test_no_new_privileges(shared: MakePool) -> None:
    source = "import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))"  # PR_GET_NO_NEW_PRIVS
    assert [printed(bare(shared), source), printed(only(shared, "no-new-privileges"), source)] == ["0", "1"]


@needs_linux
def test_not_dumpable_closes_its_memory_to_others(shared: MakePool) -> None:
    # For a process that is not dumpable, /proc/self belongs to root, and its memory to nobody.
    pool = only(shared, "not-dumpable", ORDINARY)
    assert attempt(pool, "open('/proc/self/mem', 'rb')") == "EACCES"
    assert printed(pool, "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))") == "0"  # PR_GET_DUMPABLE


@needs_linux
def test_the_zygote_cannot_be_read_by_its_children(shared: MakePool) -> None:
    assert attempt(bare(shared, ORDINARY), "open(f'/proc/{os.getppid()}/mem', 'rb')") == "EACCES"


@needs_linux
def test_a_child_dies_with_the_zygote(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    source = "import os\nprint(os.getpid(), os.getppid())\nwhile True: pass"
    running = pool.submit(Program(source=source))
    until(lambda: running.progress().stdout, running)
    child, zygote = map(int, running.progress().stdout.split())
    watched = os.pidfd_open(child)
    os.kill(zygote, 9)
    assert select.select([watched], [], [], 20)[0], "the child lives on"
    os.close(watched)
    trace = running.wait(20)
    assert trace is not None
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"
