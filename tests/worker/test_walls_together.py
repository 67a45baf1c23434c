"""What every child gives up, and all walls at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.worker import Pool
from components.worker.confine import names
from tests.worker.helpers import (
    FILES,
    IS_ROOT,
    LIMITED,
    NOBODY,
    ORDINARY,
    MakePool,
    attempt,
    bare,
    needs_linux,
    needs_root,
    printed,
    run,
)


def test_every_child_gives_up_environment_descriptors_and_session(shared: MakePool) -> None:
    source = """
import ctypes, os
print(dict(os.environ), ctypes.CDLL(None).getenv(b"PATH"), os.getsid(0) == os.getpid(), os.getcwd())
print(sorted(os.listdir("/dev/fd"))[:-1], [os.readlink(f"/dev/fd/{n}") for n in range(3)] == ["/dev/null"] * 3)
"""
    expected = "{} 0 True /\n['0', '1', '2', '3'] True"
    assert printed(bare(shared), source) == expected


def test_the_zygote_was_given_next_to_no_environment(shared: MakePool) -> None:
    source = "import os; print(open(f'/proc/{os.getppid()}/environ').read())"
    if not IS_ROOT:
        pytest.skip("only root may read it: the zygote is not dumpable")
    text = printed(bare(shared), source)
    assert "OMP_NUM_THREADS=1" in text
    assert "HOME=" not in text


@needs_root
def test_the_server_can_run_programs_as_another_user(shared: MakePool) -> None:
    source = "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
    assert printed(bare(shared, NOBODY), source) == f"{(NOBODY,) * 3} {(NOBODY,) * 3} []"


def test_a_pool_with_no_wall_says_so(shared: MakePool) -> None:
    (wall,) = bare(shared).walls()
    assert (wall.name, wall.standing) == ("trial program", False)
    assert wall.detail == "it could open a file, make a socket, start a process"


@needs_linux
@pytest.mark.parametrize("user", dict.fromkeys([None, ORDINARY]))
def test_all_walls_stand_here(shared: MakePool, user: int | None) -> None:
    walls = shared(user=user).walls()
    assert [wall.name for wall in walls] == [*names(), "trial program"]
    assert [wall.name for wall in walls if not wall.standing] == []


@needs_linux
@pytest.mark.parametrize("statement", [*FILES.values(), *(call for call, _ in LIMITED.values())])
def test_all_walls_together_hold(walled: Pool, folder: Path, statement: str) -> None:
    assert attempt(walled, statement.format(folder=folder)) != "done"


def test_a_child_that_cannot_be_confined_runs_nothing(walled: Pool) -> None:
    # A limit that no kernel takes: 2**45 MiB are 2**65 bytes.
    trace = run(walled, "print(1)", memory_mb=1 << 45)
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"
    assert "could not be confined" in trace.failure.message
    assert trace.stdout == ""
