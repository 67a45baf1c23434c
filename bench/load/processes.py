"""The server that is measured, and what Linux counts for it and for all processes beneath it."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120
_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 2**20


@dataclass(frozen=True)
class Spent:
    """Seconds of processor time so far: the server's own, that of all beneath it, and that of the whole machine."""

    server: float
    beneath: float
    machine: float

    def since(self, before: Spent) -> Spent:
        """Return what was spent since."""
        return Spent(self.server - before.server, self.beneath - before.beneath, self.machine - before.machine)


@dataclass(frozen=True)
class Held:
    """What the server holds: resident MiB of its own and open descriptors."""

    mib: float
    descriptors: int


class Server:
    """A running server, seen through /proc."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def spent(self) -> Spent:
        """Return the processor time so far. What ended processes spent counts for whoever waited for them."""
        own, total = 0.0, 0.0
        for pid in [self.process.pid, *beneath(self.process.pid)]:
            times = _times(pid)
            total += sum(times)
            if pid == self.process.pid:
                own = times[0]
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system = (int(word) for word in file.readline().split()[1:4])
        return Spent(own, total - own, (user + nice + system) / _TICKS)

    def held(self) -> Held:
        """Return the server's own memory and descriptors."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return Held(pages * resource.getpagesize() / _MIB, descriptors)


@dataclass(frozen=True)
class Group:
    """A control group of Linux, which bounds the memory of all processes in it, as a container's does."""

    folder: Path

    def entered_by(self, command: Sequence[str]) -> list[str]:
        """Return a command that first goes into the group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"), *command]

    def most_held(self) -> float:
        """Return the MiB that its processes held together at most, with the files that Linux keeps in memory."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            if (path := self.folder / name).exists():
                return int(path.read_text(encoding="ascii")) / _MIB
        return float("nan")

    def ended(self) -> int:
        """Return how many processes Linux ended because the group had no memory left."""
        for name in ("memory.events", "memory.oom_control"):
            if (path := self.folder / name).exists():
                return int(dict(line.split() for line in path.read_text(encoding="ascii").splitlines())["oom_kill"])
        raise RuntimeError("This Linux does not count what it ends.")


@contextmanager
def limited(mib: int) -> Iterator[Group | None]:
    """Make a control group of so much memory, and remove it; ``None`` where one cannot be made."""
    for top, limit in (("", "memory.max"), ("memory", "memory.limit_in_bytes")):
        folder = Path("/sys/fs/cgroup", top, f"autograd-lab-load-{os.getpid()}")
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / limit).exists():
                (folder / limit).write_text(str(mib * _MIB), encoding="ascii")
                yield Group(folder)
                return
        finally:
            _remove(folder)
    yield None


def _remove(folder: Path) -> None:
    """Remove a control group: it is busy until Linux has taken note of the end of its processes."""
    ends = time.monotonic() + 10
    while True:
        try:
            folder.rmdir()
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def beneath(pid: int) -> list[int]:
    """Return all processes that descend from one."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _fields(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _fields(pid: int) -> list[str]:
    """Return what /proc says of a process after its name: its state first; nothing if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _times(pid: int) -> tuple[float, float]:
    """Return the seconds of a process, and those of its children that it has waited for."""
    fields = _fields(pid)
    if not fields:
        return 0.0, 0.0
    user, system, of_children, system_of_children = (int(word) / _TICKS for word in fields[11:15])
    return user + system, of_children + system_of_children


@contextmanager
def served(
    environment: Mapping[str, str] | None = None,
    descriptors: int | None = None,
    errors: IO[bytes] | None = None,
    group: Group | None = None,
) -> Iterator[Server]:
    """Start the app on a free port of the loopback interface; end it when the block is left.

    ``descriptors`` is the soft limit of open ones with which it starts, ``errors`` a file for its standard error,
    ``group`` the control group in which it and all beneath it are. Raises ``RuntimeError`` if it does not start.
    """

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "--server.address", "127.0.0.1", "--server.port", str(port)]
    if descriptors is not None:
        command = ["sh", "-c", 'ulimit -S -n "$0" && exec "$@"', str(descriptors), *command]
    if group is not None:
        command = group.entered_by(command)
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | dict(environment or {}), stdout=subprocess.DEVNULL, stderr=errors
    )
    try:
        _wait_until_healthy(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str) -> None:
    ends = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The server did not start.")
