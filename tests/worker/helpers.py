"""How tests of the worker talk to a pool whose children run unrestricted Python."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.trace import Program, Trace
from components.worker import Limits, Pool, Run, ZygoteOptions

HERE = str(Path(__file__).parent)
NOBODY = 65_534
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has this wall")
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root has capabilities to lose")

MakePool = Callable[..., Pool]


def options(
    walls: tuple[str, ...] | None = None, entry: str = "run_anything", user: int | None = None
) -> ZygoteOptions:
    """Return options for a zygote that runs probes."""
    return ZygoteOptions(entry=f"probes:{entry}", walls=walls, path=(HERE,), user=user)


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
