"""What lies outside a sandbox and must stay as it is, set up afresh for a test, and what changed in it.

    with outside_world(tmp_path, app=folder_of_the_app) as world:
        pool = ...                      # started in here: the server's environment then holds a secret
        world.expect_present()          # the server's own processes
        output = run(world.fill(program.source))
        assert world.check([output]) == []

Every fact is judged by its effect, seen from outside, not by what a program says of itself (``claims`` reads that):
files by their content and all their times, sockets by what arrived at them, a process by whether it answers and which
signals it was sent, foreign processes by this process's being the one to which all orphans of its children go.

Nothing waits for luck: a listener is asked by a connection of our own, before which all others have arrived; the victim
answers a question, and signals come before it; a process's end is an event. Only the loopback interface is used, what
is left over is removed by its unique name, and only processes that this one started, or that stem from those, are
ended: by a descriptor of the process, so that a reused number hits nobody.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.hostile.outside.files import Files, LeftOver, files_only_looked_at
from tests.hostile.outside.listeners import Listeners
from tests.hostile.outside.processes import ENVIRONMENT_VARIABLE, Processes, Victim

PLACEHOLDERS: Final = ("secret_file", "outside", "port", "unix", "abstract", "victim_pid", "app")
# In innocent programs only: the secret that they keep from the hostile one.
TOKEN_PLACEHOLDER: Final = "{token}"
TOKEN: Final = re.compile(r"hostile-secret-[0-9a-f]{32}")


def claims(output: str) -> list[str]:
    """Return what a program says that it achieved: the lines that begin with ``ESCAPED``."""
    return [line for line in output.splitlines() if line.startswith("ESCAPED")]


@dataclass(frozen=True)
class World:
    """The facts of one test, for its programs and for its judge."""

    facts: dict[str, str]
    tokens: dict[str, str]
    _processes: Processes
    _victim: Victim
    _listeners: Listeners
    _files: Files
    _left_over: LeftOver

    def fill(self, source: str) -> str:
        """Put the facts into a hostile program; raises ``ValueError`` where it asks for a secret."""
        if TOKEN_PLACEHOLDER in source or "{secret}" in source:
            raise ValueError("a hostile program is never told a secret")
        return self._filled(source)

    def fill_neighbour(self, source: str) -> str:
        """Put the facts, and a secret, into a program that runs ``before`` or ``beside`` a hostile one."""
        return self._filled(source).replace(TOKEN_PLACEHOLDER, self.tokens["neighbour"])

    def _filled(self, source: str) -> str:
        for name, value in self.facts.items():
            source = source.replace("{" + name + "}", value)
        return source

    def expect_present(self) -> None:
        """Take all processes that are there now for the server's own: call it when its pool is warm."""
        self._processes.expect_present()

    def expect(self, *pids: int) -> None:
        """Take these processes for the server's own."""
        self._processes.expect(pids)

    def check(self, outputs: Iterable[str] = ()) -> list[str]:
        """Return what changed outside since the beginning, and which secrets are in ``outputs``; empty if all is well.

        To be called when no run goes on. ``outputs`` are all texts that came out of a run: what it printed, its result.
        """
        found = set(TOKEN.findall("\n".join(outputs)))
        told = [f"the secret of the {name} was told" for name, token in self.tokens.items() if token in found]
        parts = (self._files, self._listeners, self._victim, self._left_over, self._processes)
        return [*told, *(change for part in parts for change in part.changes())]


@contextmanager
def outside_world(tmp_path: Path, *, app: Path | None = None, user: int | None = None) -> Iterator[World]:
    """Set up what a hostile program may want to reach; all of it is gone afterwards.

    ``app`` is the application's folder, by default the current one. ``user`` is whom the programs run as if it is not
    whom this process runs as; ``tmp_path`` must then be open to that user. What is set up belongs to that user, so that
    ordinary permissions stop nothing: only the sandbox does.
    """
    tag = f"hostile-{secrets.token_hex(6)}"
    app = (app or Path.cwd()).resolve()
    names = ("secret file", "folder outside", "victim", "environment", "neighbour")
    tokens = {name: f"hostile-secret-{secrets.token_hex(16)}" for name in names}
    with ExitStack() as stack:
        outside, secret_file = _make_folders(tmp_path, tokens, user)
        stack.callback(_remove, outside)
        stack.callback(_remove, secret_file.parent)
        # Paths of Unix sockets are short, and pytest's folders are not.
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="world-", ignore_cleanup_errors=True)))
        sockets.chmod(0o755)
        stack.enter_context(_in_environment(ENVIRONMENT_VARIABLE, tokens["environment"]))
        left_over = LeftOver(tag, app)
        stack.callback(left_over.close)
        listeners = Listeners(sockets, tag)
        stack.callback(listeners.close)
        processes = Processes((tag, str(outside)))
        stack.callback(processes.close)
        victim = Victim(outside, tokens["victim"], user)
        stack.callback(victim.close)
        processes.expect([victim.pid])
        facts = dict(
            zip(
                PLACEHOLDERS,
                map(str, (secret_file, outside, listeners.port, listeners.unix, tag, victim.pid, app)),
                strict=True,
            )
        )
        files = Files((outside, secret_file.parent), files_only_looked_at())
        yield World(facts, tokens, processes, victim, listeners, files, left_over)


def _make_folders(tmp_path: Path, tokens: dict[str, str], user: int | None) -> tuple[Path, Path]:
    outside, elsewhere = tmp_path / "outside", tmp_path / "elsewhere"
    for folder in (outside, elsewhere, outside / "empty", outside / "tree"):
        folder.mkdir(parents=True)
    secret_file = elsewhere / "secret.txt"
    # The same on several lines: whoever is shown one line of it, by whatever error, is told.
    secret_file.write_text(f"{tokens['secret file']}\n" * 4)
    (outside / "victim.txt").write_text(f"{tokens['folder outside']}\n")
    (outside / "tree" / "leaf.txt").write_text("a leaf\n")
    if user is not None:
        everything = (outside, elsewhere, *outside.rglob("*"), secret_file)
        for path in everything:
            os.chown(path, user, user)
        for folder in (tmp_path, *tmp_path.parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                raise ValueError(f"{folder} is closed to the user {user}")
    return outside, secret_file


def _remove(folder: Path) -> None:
    """Remove a folder of ours whatever was done to it; a link in its place is removed, not followed."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    for path, folders, _ in os.walk(folder):
        for name in folders:
            inner = os.path.join(path, name)
            if not os.path.islink(inner):
                os.chmod(inner, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _in_environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
