"""How tests of the worker talk to a pool whose children run Python that nobody observes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest

from components.trace import Failure, Program, Trace
from components.worker import Limits, Owner, Pool, Run, ZygoteOptions
from components.worker.confine import NAMESPACES, names
from components.worker.run import ANYBODY
from components.worker.supervisor import ZygoteProcess

NOBODY = 65_534
FOREVER = "print('on')\nwhile True: pass"
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
ORDINARY = NOBODY if IS_ROOT else None

# Catches whatever it meets, for ever.
STUBBORN = """
def swallow():
    while True:
        try:
            a = 1
            b = 2
        except BaseException:
            a = 3
print('on')
while True:
    try:
        swallow()
    except BaseException:
        pass
"""

# What programs may try, and the error with which resource limits answer; {folder} is a folder of the test's own,
# outside of every run's.
FILES = {
    "read": "open('{folder}/file').close()",
    "write": "open('{folder}/new', 'w').close()",
    "list": "os.listdir('{folder}')",
    "remove": "os.unlink('{folder}/file')",
    "make a directory": "os.mkdir('{folder}/directory')",
    "remove a directory": "os.rmdir('{folder}/empty')",
}
LIMITED = {
    "many descriptors": ("[os.dup(1) for _ in range(200)]", "EMFILE"),
    "a large file": ("os.pwrite(os.open('large', os.O_CREAT | os.O_RDWR), b'x', 1 << 30)", "EFBIG"),
    "raise the limits": ("resource.setrlimit(resource.RLIMIT_NOFILE, (4_096, 4_096))", "ValueError"),
    "locked memory": ("locked()", "EPERM"),
}
# What no program does, whichever wall refuses it first.
OUTSIDE = (
    "socket.socket()",
    "socket.socketpair()",
    "os.fork() or os._exit(0)",
    "os.execv('/bin/true', ['true'])",
    "subprocess.run(['true'])",
    "os.posix_spawn('/bin/true', ['true'], {{}})",
    "os.memfd_create('x')",
    "os.kill(os.getppid(), 9)",
    "os.setsid()",
    "os.nice(-1)",
)

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has this wall")
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root has capabilities to lose")

# All walls but the one that not every system grants.
NEEDED = tuple(name for name in names() if name != NAMESPACES)

MakePool = Callable[..., Pool]


def options(
    walls: tuple[str, ...] | None = None, answer: str = "run_anything", user: int | None = None
) -> ZygoteOptions:
    """Return options for a zygote that runs probes."""
    return ZygoteOptions(("tests.worker.probes", answer), walls=walls, user=user)


def run(pool: Pool, source: str, **limits: object) -> Trace:
    """Run a program and return its trace."""
    return pool.run(Program(source=source), Limits(**limits))  # type: ignore[arg-type]


def printed(pool: Pool, source: str) -> str:
    """Run a program that must reach its end, and return what it printed without the last line end."""
    trace = run(pool, source)
    assert trace.failure is None, trace.failure
    return trace.stdout.rstrip("\n")


def until(condition: Callable[[], object], run: Run) -> None:
    """Wait for something that is bound to happen while a run goes on."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {run.progress()}"
        assert run.wait(0.005) is None, f"the run is over: {run.wait(0)}"


def attempt(pool: Pool, statement: str) -> str:
    """Try something in a child: ``done``, or the name of the error number with which the system refused."""
    return printed(
        pool,
        f"""
import ctypes, errno, mmap, os, resource, signal, socket, subprocess, threading
def locked():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(2):  # all that comes
        raise OSError(ctypes.get_errno(), "mlockall")
try:
    {statement}
except OSError as error:
    print(errno.errorcode[error.errno])
except (RuntimeError, ValueError) as error:
    print(type(error).__name__)
else:
    print("done")
""",
    )


def failure_of(trace: Trace | None) -> Failure:
    """Return why a run failed; it must have."""
    assert trace is not None
    assert trace.failure is not None
    return trace.failure


def begun(pool: Pool, source: str = FOREVER, owner: Owner = ANYBODY, **limits: object) -> Run:
    """Submit a program that prints first, and return once it runs."""
    submitted = pool.submit(Program(source=source), Limits(**limits), owner)  # type: ignore[arg-type]
    until(lambda: submitted.progress().stdout, submitted)
    return submitted


def only(shared: MakePool, wall: str, user: int | None = None) -> Pool:
    """Return a pool with one wall, after making sure that it stands."""
    pool = shared(walls=(wall,), user=user)
    assert {found.name: found.standing for found in pool.walls()}[wall]
    return pool


def bare(shared: MakePool, user: int | None = None) -> Pool:
    """Return a pool with no wall at all."""
    return shared(walls=(), user=user)


def zygote_of(pool: Pool) -> ZygoteProcess:
    """Return the process that a pool forks from, once it is ready."""
    pool.walls()
    zygote = pool._zygote
    assert zygote is not None
    return zygote


def children_of(pool: Pool) -> list[int]:
    """Return the process ids of the programs that run now; what a program itself sees may be another number."""
    return [child.pid for child in zygote_of(pool)._children.values()]


def nothing_left(pool: Pool) -> None:
    """Make sure that no run's folder is there any more; the last ones go just after their traces are handed over."""
    folder = zygote_of(pool).folder
    with pool._changed:
        assert pool._changed.wait_for(lambda: not +pool._places.running, timeout=30)
    assert os.listdir(folder) == []
