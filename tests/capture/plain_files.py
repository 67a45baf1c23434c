"""The oracle for how programs end: each is a file that ``python program.py`` runs, with nothing to read."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_LAST_LINE = re.compile(r"^(\w+)(?:: (.*))?$", re.DOTALL)


@dataclass(frozen=True)
class PlainRun:
    """What a program wrote, and the type and message of what ended it; a traceback is no part of ``stderr``."""

    stdout: str
    stderr: str
    error: tuple[str, str] | None


def plain_files(programs: Mapping[str, str]) -> dict[str, PlainRun]:
    """Run all programs, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(programs, pool.map(_run, programs.values()), strict=True))


def _run(source: str) -> PlainRun:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(source, encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-X", "utf8", "program.py"]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, encoding="utf-8"
        )
    stderr, _, trace = done.stderr.partition("Traceback (most recent call last):")
    found = _LAST_LINE.match(trace.strip().splitlines()[-1]) if trace else None
    return PlainRun(done.stdout, stderr, (found[1], found[2] or "") if found else None)
