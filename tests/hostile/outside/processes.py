"""Processes outside a sandbox: a victim that tells what is done to it, and whoever should not be there."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENT_VARIABLE: Final = "HOSTILE_SECRET_TOKEN"
# How long something that is bound to happen may take on a busy machine; the usual case takes no time.
PATIENCE_SECONDS = 20.0
# How long a process may take to be gone when the run that it belonged to is over.
_DYING_SECONDS = 2.0
_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37
_libc = ctypes.CDLL(None, use_errno=True)

_VICTIM = r"""
import ctypes, json, os, resource, signal, sys

if len(sys.argv) > 1:  # only now: another user may not be able to run this Python
    user = int(sys.argv[1])
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as readable to this user as any process is
seen = []
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda number, frame: seen.append(int(number)))
expected = os.environ[NAME] * 1000
memory = bytearray(expected.encode())
print("ready", flush=True)
for _ in sys.stdin:
    print(json.dumps({
        "signals": sorted(seen),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "policy": os.sched_getscheduler(0),
        "processors": sorted(os.sched_getaffinity(0)),
        "limits": [resource.getrlimit(kind) for kind in range(16)],
        "memory": memory.decode("utf-8", "replace") == expected,
        "folder": os.getcwd(),
        "oom": open("/proc/self/oom_score_adj").read(),
        "tracer": [line for line in open("/proc/self/status") if line.startswith("TracerPid")],
    }), flush=True)
"""


@dataclass(frozen=True)
class Process:
    """A process at one moment. Its number and when it started together name it for good."""

    pid: int
    parent: int
    started: int
    command: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Look at a process; ``None`` where there is none or it has ended."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            return None
        state, parent, *rest = text.rpartition(")")[2].split()
        if state in "ZX":
            return None
        return cls(pid, int(parent), int(rest[17]), command.strip())

    def lives(self) -> bool:
        """Whether this very process is still there."""
        now = Process.of(self.pid)
        return now is not None and now.started == self.started

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end, for at most so long."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return True
        try:
            return not self.lives() or bool(select.select([descriptor], [], [], seconds)[0])
        finally:
            os.close(descriptor)

    def end(self) -> None:
        """End it, and nobody else who may have its number by then."""
        with suppress(OSError):
            descriptor = os.pidfd_open(self.pid)
            try:
                if self.lives():
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    select.select([descriptor], [], [], PATIENCE_SECONDS)
                    if self.parent == os.getpid():
                        os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)
            finally:
                os.close(descriptor)


def _everybody() -> dict[int, Process]:
    """Return every process that can be seen, by number, without those that have ended."""
    found = (Process.of(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {process.pid: process for process in found if process is not None}


class Processes:
    """Who stems from this process. Orphans of its children become its own, so nobody gets lost by forking twice."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        self._tags = tags
        before = ctypes.c_int()
        _libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
        self._subreaper_before = before.value
        if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "this process cannot take in orphans")
        self._expected: set[tuple[int, int]] = set()
        self.expect_present()

    def expect_present(self) -> None:
        """All that are there now are meant to be."""
        self._expected |= {(process.pid, process.started) for process in _everybody().values()}

    def expect(self, pids: Iterable[int]) -> None:
        """These are meant to be."""
        found = map(Process.of, pids)
        self._expected |= {(process.pid, process.started) for process in found if process is not None}

    def strangers(self) -> list[Process]:
        """Return those that stem from this process, or carry its tag, and are not meant to be."""
        everybody = _everybody()
        descendants = {os.getpid()}
        size = 0
        while size != len(descendants):
            size = len(descendants)
            descendants |= {process.pid for process in everybody.values() if process.parent in descendants}
        return [
            process
            for process in everybody.values()
            if process.pid != os.getpid()
            and (process.pid, process.started) not in self._expected
            and (process.pid in descendants or any(tag in process.command for tag in self._tags))
        ]

    def changes(self) -> list[str]:
        """Say who lives on. Who is just dying is given a moment."""
        return [
            f"process {process.pid}, child of {process.parent}, lives: {process.command[:200]}"
            for process in self.strangers()
            if not process.ended_within(_DYING_SECONDS)
        ]

    def close(self) -> None:
        """End whoever is not meant to be, and be no home for orphans any more."""
        for process in self.strangers():
            process.end()
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, self._subreaper_before, 0, 0, 0)


class Victim:
    """A process of the same user that minds its own business, and tells of every signal that it was sent."""

    def __init__(self, folder: Path, token: str, user: int | None) -> None:
        # Python's own name for the secret would show in its command line: it is in the environment instead.
        source = _VICTIM.replace("NAME", repr(ENVIRONMENT_VARIABLE))
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", source, *([] if user is None else [str(user)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={ENVIRONMENT_VARIABLE: token},
            cwd=folder,
            start_new_session=True,
        )
        try:
            if self._line() != "ready":
                raise RuntimeError("the victim did not start")
            self._before = self._ask()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def _line(self) -> str | None:
        output = self._process.stdout
        assert output is not None
        pieces = b""
        end = time.monotonic() + PATIENCE_SECONDS
        while not pieces.endswith(b"\n"):
            if not select.select([output], [], [], max(end - time.monotonic(), 0))[0]:
                return None
            piece = os.read(output.fileno(), 65_536)
            if not piece:
                return None
            pieces += piece
        return pieces.decode().strip()

    def _ask(self) -> dict[str, object] | None:
        entrance = self._process.stdin
        assert entrance is not None
        try:
            os.write(entrance.fileno(), b"\n")
        except OSError:
            return None
        line = self._line()
        if line is None:
            return None
        answer: dict[str, object] = json.loads(line)
        return answer

    def changes(self) -> list[str]:
        """Say whether it ended, stands still, was sent a signal, or finds itself changed."""
        status = self._process.poll()
        if status is not None:
            return [f"the victim ended with status {status}"]
        now = self._ask()
        before = self._before
        if now is None or before is None:
            return [f"the victim does not answer; its status is {self._process.poll()}"]
        return [f"the victim's {key}: {before[key]} became {now[key]}" for key in now if now[key] != before[key]]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
