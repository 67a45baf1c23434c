"""What every child gives up, and all walls at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.worker import Pool, Wall, summary
from components.worker.confine import KNOCKS, NAMESPACES, names
from components.worker.confine.process import PLOT_BACKEND
from components.worker.limits import Limits
from components.worker.trial import standing_here, try_walls
from tests.worker.helpers import (
    FILES,
    IS_ROOT,
    LIMITED,
    NEEDED,
    NOBODY,
    ORDINARY,
    OUTSIDE,
    MakePool,
    attempt,
    bare,
    needs_linux,
    needs_root,
    options,
    printed,
    run,
    zygote_of,
)


def test_every_child_gives_up_descriptors_and_session(shared: MakePool) -> None:
    source = """
import os
print(os.getsid(0) == os.getpid())
print(sorted(os.listdir("/dev/fd"))[:-1], [os.readlink(f"/dev/fd/{n}") for n in range(3)] == ["/dev/null"] * 3)
"""
    assert printed(bare(shared), source) == "True\n['0', '1', '2', '3'] True"


def test_a_childs_environment_is_harmless_and_its_folder_is_home(
    monkeypatch: pytest.MonkeyPatch, own_pool: MakePool
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_SERVER", "x")
    monkeypatch.setenv("TZ", "UTC")
    pool = own_pool(size=1)
    source = """
import ctypes, os, tempfile
here = os.getcwd()
native = ctypes.CDLL(None).getenv
native.restype = ctypes.c_char_p
print(os.path.basename(here).startswith("run-"), os.listdir())
print(sorted(name for name, value in os.environ.items() if value == here), tempfile.gettempdir() == here)
print({name: value for name, value in sorted(os.environ.items()) if value != here})
print(native(b"HOME").decode() == here, native(b"A_SECRET_OF_THE_SERVER"))
"""
    kept = {"LANG": os.environ.get("LANG", "C.UTF-8"), "LOGNAME": "lab", "MPLBACKEND": PLOT_BACKEND}
    kept |= {"PATH": os.defpath, "TZ": "UTC", "USER": "lab"}
    kept |= {"LC_ALL": os.environ["LC_ALL"]} if "LC_ALL" in os.environ else {}
    assert printed(pool, source).splitlines() == [
        "True ['program.py']",
        "['HOME', 'MPLCONFIGDIR', 'PWD', 'TEMP', 'TMP', 'TMPDIR', 'TORCHINDUCTOR_CACHE_DIR'] True",
        str(dict(sorted(kept.items()))),
        "True None",
    ]


def test_the_program_lies_in_its_folder_as_it_was_typed(walled: Pool) -> None:
    assert printed(walled, "print(open('program.py').read())  # é") == "print(open('program.py').read())  # é"


def test_the_zygote_was_given_next_to_no_environment(monkeypatch: pytest.MonkeyPatch, own_pool: MakePool) -> None:
    if not IS_ROOT:
        pytest.skip("only root may read it: the zygote is not dumpable")
    monkeypatch.setenv("A_SECRET_OF_THE_SERVER", "x")
    text = Path(f"/proc/{zygote_of(own_pool(size=1)).pid}/environ").read_text()
    assert "OMP_NUM_THREADS=1" in text
    assert "A_SECRET_OF_THE_SERVER" not in text


@needs_root
def test_the_server_can_run_programs_as_another_user(shared: MakePool) -> None:
    source = "import os; print(os.getresuid(), os.getresgid(), os.getgroups(), os.stat('.').st_uid)"
    assert printed(bare(shared, NOBODY), source) == f"{(NOBODY,) * 3} {(NOBODY,) * 3} [] {NOBODY}"


def test_a_pool_with_no_wall_says_so(shared: MakePool) -> None:
    (wall,) = bare(shared).walls()
    assert (wall.name, wall.standing) == (KNOCKS, False)
    assert wall.detail == "it could open a file, make a socket, start a process, write elsewhere"


@needs_linux
@pytest.mark.parametrize("user", dict.fromkeys([None, ORDINARY]))
def test_all_walls_stand_here(shared: MakePool, user: int | None) -> None:
    walls = shared(user=user).walls()
    assert [wall.name for wall in walls] == [*names(), KNOCKS]
    assert [wall.name for wall in walls if not wall.standing and not wall.optional] == []
    assert [wall.name for wall in walls if wall.optional] == [NAMESPACES]


@needs_linux
def test_all_walls_but_namespaces_stand_without_torch_too() -> None:
    assert standing_here() == {*NEEDED, KNOCKS}


@needs_linux
def test_namespaces_that_are_not_granted_are_not_needed(tmp_path: Path) -> None:
    # This process has not entered any, as one that may not.
    walls = try_walls(names(), Limits(), str(tmp_path / "trial"))
    line = summary(walls)
    assert "Not granted here, nor needed: namespaces (the system does not grant them)." in line
    assert "WARNING" not in line
    assert not (tmp_path / "trial").exists()


def test_a_wall_that_is_needed_and_missing_is_a_warning() -> None:
    walls = [Wall(name="landlock", standing=False, detail="no"), Wall(name="rlimits", standing=True, detail="yes")]
    assert summary(walls) == (
        "Programs run in their own processes. Walls that stand: rlimits. "
        "WARNING, for trusted use only: these do not stand: landlock (no)."
    )


STATEMENTS = [*FILES.values(), *(call for call, _ in LIMITED.values()), *OUTSIDE]


@needs_linux
@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("walls", [None, NEEDED], ids=["all", "without namespaces"])
def test_all_walls_together_hold(shared: MakePool, folder: Path, statement: str, walls: tuple[str, ...] | None) -> None:
    assert attempt(shared(walls), statement.format(folder=folder)) not in ("done", "NameError", "TypeError")


def test_a_child_that_cannot_be_confined_runs_nothing(walled: Pool) -> None:
    # A limit that no kernel takes: 2**45 MiB are 2**65 bytes.
    trace = run(walled, "print(1)", memory_mb=1 << 45)
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"
    assert "could not be confined" in trace.failure.message
    assert trace.stdout == ""


def test_the_zygote_is_told_its_folder(tmp_path: Path) -> None:
    command = options(NEEDED, user=NOBODY).command(7, str(tmp_path))
    assert command[command.index("--folder") + 1] == str(tmp_path)
    assert command[command.index("--walls") + 1] == ",".join(NEEDED)
    assert command[command.index("--user") + 1] == str(NOBODY)
