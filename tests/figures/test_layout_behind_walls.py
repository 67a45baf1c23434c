"""What the layout program cannot do, whatever a graph talks it into: tried by a program in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.figures import LayoutProblem, Picture, layout, layout_svg
from components.worker.trial import standing_here
from tests.figures.test_layout import PYTHON

pytestmark = pytest.mark.skipif(
    not {"landlock", "seccomp"} <= standing_here(), reason="this system has no such walls around programs"
)

KNOCKS = {
    "read a file": "open('{folder}/secret').read()",
    "list a folder": "os.listdir('{folder}')",
    "write a file": "open('{folder}/new', 'w')",
    "remove a file": "os.unlink('{folder}/secret')",
    "read the application": "open('{application}').read()",
    "make a socket": "socket.socket()",
    "signal the server": "os.kill(os.getppid(), 0)",
    "start another program": "os.execv('{folder}/program', ['program'])",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of somebody else's."""
    (tmp_path / "secret").write_text("secret")
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    return tmp_path


def said_by(source: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a program in place of the layout program says."""
    program = f"import os, socket, sys\n{source}"
    monkeypatch.setattr(layout, "_command", lambda: [PYTHON, "-c", program])
    problem = layout_svg("digraph {}", 20)
    assert isinstance(problem, LayoutProblem)
    return problem.message


@pytest.mark.parametrize("knock", KNOCKS.values(), ids=KNOCKS)
def test_it_reaches_nothing(knock: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = knock.format(folder=folder, application=layout.__file__)
    source = f"try:\n    {attempt}\nexcept OSError as error:\n    sys.exit(type(error).__name__)\nsys.exit('done')"
    assert said_by(source, monkeypatch) == "The layout program failed: PermissionError."


def test_it_finds_nothing_of_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_SERVER", "x")
    text = said_by("sys.exit(' '.join(sorted(set(os.environ) - {'LD_LIBRARY_PATH', 'LC_CTYPE'})))", monkeypatch)
    assert text == "The layout program failed: LANG PATH RUST_BACKTRACE SERVER_NAME."


def test_the_server_is_not_behind_these_walls(folder: Path) -> None:
    picture = layout_svg("digraph { a -> b }", 20)
    assert isinstance(picture, Picture)
    assert (folder / "secret").read_text() == "secret"
    os.kill(os.getpid(), 0)
