"""The documents: every command in them is run, or done as far as it goes without a network; links lead somewhere.

A command is a line of an indented block or of one marked ``sh``, or a piece of code within a sentence that begins like
one. One that nobody here knows how to run fails.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from streamlit import config

from app.cli import main
from components import settings
from components.recorder.script import main as recorder
from components.worker import Pool

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "app" / "lessons" / "README.md"]
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_WORDS = r"(?:make|python|docker|streamlit|pip|npm|node|git|curl)"
_WITHIN = re.compile(rf"`((?:[A-Z_]+=\S+ )*{_WORDS}(?: [^`]*)?)`")
# Stamps of what is installed: these tests do not install it again.
_INSTALLED = (
    ".venv/.requirements-installed",
    ".venv/.requirements-dev-installed",
    "components/widgets/editor/built/stamp",
)
_OLD = [word for stamp in _INSTALLED for word in ("-o", stamp)]
_PROGRAM = "import torch\n\nx = torch.tensor(2.0, requires_grad=True)\ny = x**3\ny.backward()\n"
_LESSON = '# %% [markdown]\n# # A title\n#\n# One paragraph.\n\n# %%\nprint("one")\n'
# Subcommands of Docker Compose, and the options of each that stand in the documents.
_COMPOSE = {
    "up": {"--build", "--detach", "-d", "--scale"},
    "stop": set[str](),
    "down": {"--volumes"},
    "logs": {"--follow"},
    "build": {"--pull"},
}


@dataclass(frozen=True)
class Command:
    """One command as it stands in a document: variables before it, and its words."""

    text: str
    variables: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def _lines(text: str) -> Iterator[str]:
    """Yield the commands' texts of a document."""
    for language, block in _FENCED.findall(text):
        if language in ("", "sh", "bash", "console"):
            yield from block.splitlines()
    text = _FENCED.sub("", text)
    for paragraph in re.split(r"\n\s*\n", text):
        if all(line.startswith("    ") for line in paragraph.strip("\n").splitlines()):
            yield from paragraph.splitlines()
    for piece in re.sub(r"(?m)^    .*$", "", text).split("\n\n"):
        for code in _WITHIN.findall(piece.replace("\n", " ")):
            yield " ".join(code.split())


def _commands() -> list[Command]:
    found: dict[str, Command] = {}
    for document in DOCUMENTS:
        for line in _lines(document.read_text(encoding="utf-8")):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            count = next((n for n, word in enumerate(words) if not re.fullmatch(r"[A-Z_]+=.*", word)), len(words))
            variables = [(name, value) for name, _, value in (word.partition("=") for word in words[:count])]
            command = Command(shlex.join(words), tuple(variables), tuple(words[count:]))
            found[command.text] = command
    return list(found.values())


COMMANDS = _commands()


def _is_server(command: Command) -> bool:
    match command.words:
        case ("make", *rest):
            return "run" in rest
        case ("python", "-m", "app", *rest):
            return not rest or rest[0].startswith("--server")
        case ("streamlit", "run", "app/main.py", *_):
            return True
    return False


SERVERS = [command for command in COMMANDS if _is_server(command)]
OTHERS = [command for command in COMMANDS if not _is_server(command)]
# The ways to serve that are started for real; what other commands add to them are options and variables.
STARTED = ("make run", "streamlit run app/main.py")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, tuple[str, subprocess.Popen[bytes]]]]:
    """The servers, started at the same time, each on a port of its own, with their addresses."""
    started = {}
    for text in STARTED:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = ["make", *_OLD, f"PORT={port}", "run"]
        if text != "make run":
            words = [sys.executable, "-m", *text.split(), "--server.port", str(port)]
        environment = os.environ | {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, start_new_session=True, stdout=nowhere, stderr=nowhere
        )
        started[text] = f"http://127.0.0.1:{port}/_stcore/health", process
    try:
        yield started
    finally:
        for _address, process in started.values():
            os.killpg(process.pid, signal.SIGTERM)
        for _address, process in started.values():
            process.wait(timeout=30)


@pytest.mark.parametrize("text", STARTED)
def test_the_app_serves(text: str, servers: dict[str, tuple[str, subprocess.Popen[bytes]]]) -> None:
    assert text in {command.text for command in SERVERS}
    address, process = servers[text]
    end = time.monotonic() + 90
    while time.monotonic() < end:
        assert process.poll() is None, "it ended"
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                assert answer.read() == b"ok"
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


@pytest.mark.parametrize("command", SERVERS, ids=lambda command: command.text)
def test_what_is_given_to_a_server_is_known(command: Command) -> None:
    options = config.get_config_options()
    for name, _value in command.variables:
        assert name in {option.env_var for option in options.values()}
    for word in command.words:
        assert not word.startswith("--") or word.removeprefix("--") in options
    if command.words[0] == "make":
        _make(list(command.words[1:]), dict(command.variables))


class _OpenPool:
    """The tests' pool, which a command may not close."""

    def __init__(self, pool: Pool) -> None:
        self.run = pool.run

    def close(self) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool) -> Path:
    """A folder in which the files are that the documents speak of; programs run in the tests' pool."""
    monkeypatch.setattr("app.cli.trace.pool_of_this_machine", lambda **_options: _OpenPool(pool))
    monkeypatch.setattr("app.cli.lessons.Pool", lambda **_options: _OpenPool(pool))
    for name in ("PROGRAM.py", "A.py", "B.py"):
        (tmp_path / name).write_text(_PROGRAM)
    (tmp_path / "train.py").write_text(f"import sys\n\nassert sys.argv[1:] == ['--epochs', '1']\n{_PROGRAM}")
    for name in ("DIR", "FOLDER", "app/lessons/own"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "01_first.py").write_text(_LESSON)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", OTHERS, ids=lambda command: command.text)
def test_a_command_does_what_the_documents_say(command: Command, folder: Path) -> None:
    match command.words:
        case ("make", *targets):
            _make(targets, dict(command.variables))
        case ("python", "-m", "app", *arguments):
            _app(arguments, folder)
        case ("docker", "compose", "--profile", profile, subcommand, *options):
            services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
            assert any(profile in service.get("profiles", ()) for service in services.values())
            _compose(subcommand, options, dict(command.variables))
        case ("docker", "compose", subcommand, *options):
            _compose(subcommand, options, dict(command.variables))
        case ("python", "-m", "autograd_lab", *arguments):  # the package that this folder is when it is installed
            assert recorder(arguments, "autograd_lab") == 0
            assert "train.trace" in {path.name for path in folder.iterdir()}
        case ("pip", "install", *what):  # the package itself is built in tests/recorder
            _pip(what)
        case ("python", script, *arguments) if script.endswith(".py"):
            _script(script, arguments)
        case ("python",):
            pass
        case _:
            pytest.fail(f"this test does not know how to run {command.text!r}")


def _make(targets: list[str], variables: dict[str, str]) -> None:
    """Ask make what it would do: everything that is named exists, and nothing is run."""
    asked = subprocess.run(
        ["make", "-n", *_OLD, *targets],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()


def _app(arguments: list[str], folder: Path) -> None:
    if "TRACE.json" in arguments and arguments[0] == "render":
        assert main(["trace", "PROGRAM.py", "-o", "TRACE.json", "--no-memory"]) == 0
    if "cuda" in arguments:
        arguments = ["cpu" if word == "cuda" else word for word in arguments]
    assert main(arguments) == (2 if arguments == ["health"] else 0)  # nobody serves here
    for option in ("-o", "--out-dir"):
        if option in arguments:
            written = folder / arguments[arguments.index(option) + 1]
            assert written.exists()
            assert written.is_dir() or written.stat().st_size > 100


def _pip(what: list[str]) -> None:
    """What is to be installed is named as pip needs it."""
    if what == ["."]:
        lines = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    else:
        assert what[0] == "-r"
        lines = (ROOT / what[1]).read_text().splitlines()
    for line in lines:
        if line.strip() and not line.startswith("#"):
            Requirement(line.partition(" #")[0])


def _compose(subcommand: str, options: list[str], variables: dict[str, str]) -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    assert subcommand in _COMPOSE
    for option in options:
        assert option.partition("=")[0] in _COMPOSE[subcommand] | set(services), option
    for name in variables:
        assert f"${{{name}" in text, f"compose.yaml knows no {name}"


def _script(script: str, arguments: list[str]) -> None:
    """The script is there, and so are the files that it is given: what it does with them needs npm's packages."""
    assert (ROOT / script).exists()
    assert arguments[0] in ("build", "check")
    for name in arguments[1:]:
        assert (ROOT / name).exists()


def test_there_are_commands_of_every_kind() -> None:
    assert len(SERVERS) >= 3
    kinds = {command.words[:1] for command in OTHERS}
    assert kinds >= {("make",), ("python",), ("docker",), ("pip",)}


@pytest.mark.parametrize("unknown", ["make no-such-target", "docker compose fly", "sudo rm thing"])
def test_a_command_that_cannot_be_run_fails(unknown: str, folder: Path) -> None:
    command = Command(unknown, (), tuple(unknown.split()))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_a_command_does_what_the_documents_say(command, folder)


def test_the_settings_in_the_documents_are_those_that_are_read() -> None:
    serving = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", serving, re.MULTILINE)
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    ours = {name for name in re.findall(r"\$\{([A-Z_]+)", compose) if not name.startswith("AUTOGRAD_LAB_")}
    assert {name for name, _, _ in rows if not name.startswith("AUTOGRAD_LAB_")} == ours
    read = [(setting.name, setting.usual, setting.meaning) for setting in settings.ALL]
    assert [row for row in rows if row[0].startswith("AUTOGRAD_LAB_")] == read
    set_there = set(re.findall(r"AUTOGRAD_LAB_[A-Z_]+", compose + (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    assert set_there <= {setting.name for setting in settings.ALL}


def test_links_between_the_documents_lead_to_what_is_there() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readmes_pictures_are_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(pictures) == 2
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 150_000
