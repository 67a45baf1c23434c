"""The judge of hostile programs is not blind: without walls, it notices what they do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.hostile.outside.processes import ENVIRONMENT_VARIABLE
from tests.hostile.outside.world import World, claims, outside_world
from tests.hostile.programs.everything import PROGRAMS
from tests.worker.helpers import needs_linux

# Only programs that touch nothing but what was set up for them.
NOTICED = {
    "environment": "the secret of the environment was told",
    "secret_file_in_python": "the secret of the secret file was told",
    "overwrite": "victim.txt changed",
    "change_mode": "victim.txt changed: mode",
    "change_times": "victim.txt changed: mtime",
    "tcp": "at the TCP listener",
    "unix_abstract": "at the abstract unix socket listener",
}


def without_walls(world: World, name: str, folder: Path) -> str:
    """Run a harmless program as an ordinary process and return what it prints."""
    assert PROGRAMS[name].harmless
    (folder / "program.py").write_text(world.fill(PROGRAMS[name].source))
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder)}
    environment[ENVIRONMENT_VARIABLE] = os.environ[ENVIRONMENT_VARIABLE]
    # Into a file and not a pipe: what lives on would hold the pipe open.
    with tempfile.TemporaryFile() as output:
        subprocess.run(
            [sys.executable, "program.py"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            timeout=60,
            check=False,
        )
        output.seek(0)
        return output.read().decode("utf-8", "replace")


@needs_linux
@pytest.mark.parametrize(("name", "notice"), NOTICED.items())
def test_what_is_done_without_walls_is_noticed(tmp_path: Path, name: str, notice: str) -> None:
    for folder in ("outside", "run", "app"):
        (tmp_path / folder).mkdir()
    with outside_world(tmp_path / "outside", app=tmp_path / "app") as world:
        assert world.check() == []
        output = without_walls(world, name, tmp_path / "run")
        changes = world.check([output])
        assert any(notice in change for change in changes), (changes, output)
        assert claims(output) != []


@needs_linux
def test_a_program_is_never_told_a_secret(tmp_path: Path) -> None:
    with (
        outside_world(tmp_path, app=tmp_path) as world,
        pytest.raises(ValueError, match="a hostile program is never told a secret"),
    ):
        world.fill("print('{token}')")
