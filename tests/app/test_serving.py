"""Where nothing confines programs, only this machine reaches the server, unless somebody takes that upon themselves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.cli import main, serve
from components import settings
from components.worker import Wall, what_is_missing


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What Streamlit is started with, in place of starting it."""
    calls: list[list[str]] = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda options, prog_name: calls.append(list(options)))
    monkeypatch.setattr("app.session.engine", lambda: None)
    monkeypatch.setattr("app.operate.start.raise_descriptors", lambda: 0)
    monkeypatch.setattr("app.operate.start.start", lambda engine: None)
    monkeypatch.setattr("app.operate.log.start", lambda form: None)
    for variable in (settings.TRUST.name, "STREAMLIT_SERVER_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)
    return calls


def without_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "walls_stand", lambda: False)


def test_this_machine_has_walls_and_serves_as_asked(started: list[list[str]]) -> None:
    assert serve.walls_stand()
    assert main(["--server.address", "0.0.0.0"]) == 0
    assert started == [["run", "app/main.py", "--server.address", "0.0.0.0"]]


def test_without_walls_only_this_machine_gets_in(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_walls(monkeypatch)
    assert main([]) == 0
    assert started == [["run", "app/main.py", "--server.address", "127.0.0.1"]]
    assert "run with your own rights" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--server.address", "0.0.0.0"], ["--server.address=192.168.1.7"]])
def test_without_walls_another_address_is_refused(
    options: Sequence[str],
    started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without_walls(monkeypatch)
    assert main(options) == 2
    assert started == []
    assert "AUTOGRAD_LAB_TRUST=1" in capsys.readouterr().err


def test_an_address_in_the_environment_is_one_that_was_asked_for(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_walls(monkeypatch)
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert main([]) == 2
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "localhost")
    assert main([]) == 0
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    monkeypatch.setenv(settings.TRUST.name, "1")
    assert main([]) == 0
    assert len(started) == 2


def test_the_pages_say_what_missing_walls_mean() -> None:
    def walls(*standing: str) -> list[Wall]:
        return [Wall(name=name, standing=name in standing, detail="") for name in ("landlock", "seccomp")]

    assert what_is_missing([]) is None  # nobody knows yet
    assert what_is_missing(walls("landlock", "seccomp")) is None
    assert "open no files" in str(what_is_missing(walls("seccomp")))
    assert "rights of whoever started" in str(what_is_missing(walls()))
