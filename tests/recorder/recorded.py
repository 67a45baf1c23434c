"""The scripts of ``scripts``, recorded unchanged: each of them once for all tests of a process that only look."""

from __future__ import annotations

import contextlib
import io
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from components.recorder.script import main

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
NAMES = [script.stem for script in SCRIPTS]


@dataclass(frozen=True)
class Recorded:
    """What a script printed, its recording, and the page of its last recorded step."""

    printed: str
    file: bytes
    page: str


def recorded(script: Path, folder: Path, *options: str) -> Recorded:
    """Record a script, every third step of it. Small models compute with one thread, whatever else the machine does."""
    target, page = folder / "step.trace", folder / "step.html"
    heard, threads = io.StringIO(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(io.StringIO()):
            words = ["run", "--every", "3", "-o", str(target), "--html", str(page), *options, str(script)]
            assert main(words, "test") == 0
    finally:
        torch.set_num_threads(threads)
    return Recorded(heard.getvalue(), target.read_bytes(), page.read_text(encoding="utf-8"))


@cache
def once(name: str) -> Recorded:
    """Return what a script gave when it was recorded first."""
    with tempfile.TemporaryDirectory() as folder:
        return recorded(SCRIPTS[NAMES.index(name)], Path(folder))
