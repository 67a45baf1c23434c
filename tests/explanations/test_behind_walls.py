"""What only the walls answer, through the real pool: each error is told as written, and its hint mends the program."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
from msgspec.structs import replace

from components.explanations import apply_hint
from components.trace import Program, Trace
from components.worker import Limits, Pool
from tests.explanations.catalogue import NONE, Entry, read, told, write

FILE = Path(__file__).with_name("behind_walls.txt")
# What is another each time: a run's folder, the name of shared memory, how a resolver says that nobody answers.
CHANGING = (
    (re.compile(r"/\S*autograd-lab-\w+/run-\d+"), "(folder)"),
    (re.compile(r"</torch_\w+>"), "</torch_0>"),
    (re.compile(r"\[Errno -\d+\] [A-Z][\w ]+"), "[Errno -3] Temporary failure in name resolution"),
)
NEEDED = {"landlock", "seccomp", "rlimits"}

pytestmark = pytest.mark.skipif(
    not (version("torch").startswith("2.13") and sys.version_info[:2] == (3, 11) and sys.platform == "linux"),
    reason=f"messages are of PyTorch 2.13 on Python 3.11 and Linux; here are {version('torch')}, {platform.platform()}",
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """A pool with all walls and no folder of data."""
    pool = Pool(size=2)
    missing = NEEDED - {wall.name for wall in pool.walls() if wall.standing}
    if missing:
        pytest.skip(f"the kernel has no {', '.join(sorted(missing))}")
    yield pool
    pool.close()


def run(pool: Pool, source: str) -> Trace:
    return pool.run(Program(source=source), Limits(wall_seconds=60, memory_mb=4096))


def seen(pool: Pool, entry: Entry) -> Entry:
    failure = run(pool, entry.source).failure
    assert failure is not None, entry.source
    message = failure.message
    for pattern, always in CHANGING:
        message = pattern.sub(always, message)
    return told(entry, replace(failure, message=message))


def test_each_error_is_told_as_written_and_its_hint_mends_the_program(pool: Pool) -> None:
    entries = read(FILE)
    with ThreadPoolExecutor(2) as threads:
        now = list(threads.map(lambda entry: seen(pool, entry), entries.values()))
        if os.environ.get("RECORD_GOLDENS") == "1":
            write(now, FILE)
            entries = read(FILE)
        assert now == list(entries.values())
        mended = {entry.name: apply_hint(entry.source, entry.hint) for entry in now if entry.hint != NONE}
        assert None not in mended.values()
        after = threads.map(lambda source: run(pool, source or "").failure, mended.values())
        assert {name: failure for name, failure in zip(mended, after, strict=True) if failure is not None} == {}


def test_an_explanation_is_a_few_whole_sentences() -> None:
    entries = read(FILE).values()
    assert len(entries) >= 50
    for entry in entries:
        assert entry.explanation != NONE, entry.name
        assert entry.explanation[-1] in ".?)", entry.name
        assert entry.explanation.count("`") % 2 == 0, entry.name
        assert len(entry.explanation) < 480, entry.name
