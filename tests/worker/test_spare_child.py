"""The child that waits for the next program: it stands behind its walls already, and nothing else about it differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.trace import Program
from components.worker import Limits, Pool
from components.worker.machine import Shape
from tests.worker.helpers import (
    FOREVER,
    NEEDED,
    begun,
    children_of,
    failure_of,
    needs_linux,
    options,
    printed,
    until,
    zygote_of,
)

ONE_WAITS = Shape(short=2, spare_child=True)


@pytest.fixture(params=[None, NEEDED], ids=["all walls", "without namespaces"])
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    """A pool in which a child waits."""
    started = Pool(shape=ONE_WAITS, options=options(request.param))
    yield started
    started.close()


def waiting(pool: Pool) -> int:
    """Return the process id of the child that waits, once it does."""
    zygote = zygote_of(pool)
    zygote.wait_warm(20)
    pool._spare.make(zygote)
    line = pool._spare._line
    assert line is not None
    assert line.child.answered.wait(20)
    return line.child.pid


def test_the_next_program_runs_in_the_child_that_waited_and_another_one_waits_then(pool: Pool) -> None:
    first = waiting(pool)
    assert children_of(pool) == [first]
    running = begun(pool, FOREVER)
    second = waiting(pool)
    assert set(children_of(pool)) == {first, second}
    running.stop()
    assert failure_of(running.wait(20)).message == "Stopped."
    assert printed(pool, "print(1)") == "1"
    assert waiting(pool) not in (first, second)


@needs_linux
def test_it_waits_behind_its_walls(pool: Pool) -> None:
    child = waiting(pool)
    running = begun(pool, FOREVER)  # in that child: now the walls stand for certain
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    running.stop()
    spare = waiting(pool)

    def stands() -> bool:
        return "Seccomp:\t2" in Path(f"/proc/{spare}/status").read_text()

    other = begun(pool, FOREVER, memory_mb=1_500)  # not in the spare one, which has other limits
    until(stands, other)
    assert spare in children_of(pool)
    other.stop()


def test_other_limits_take_a_child_of_their_own(pool: Pool) -> None:
    first = waiting(pool)
    trace = pool.run(Program(source="print('a' * 20)"), Limits(stdout_chars=5))
    assert trace.stdout == "aaaaa"
    assert first in children_of(pool)


def test_a_program_finds_what_it_finds_in_any_child(pool: Pool) -> None:
    waiting(pool)
    source = """
import os
print(sorted(os.listdir("/dev/fd"))[:-1] if os.path.isdir("/dev/fd/") else "")
print(os.path.basename(os.getcwd()).startswith("run-"), os.listdir(), open("program.py").read().startswith("\\nimport"))
print(os.open("program.py", os.O_RDONLY))
"""
    assert printed(pool, source.replace("print(sorted", "#")).splitlines() == ["True ['program.py'] True", "4"]


def test_one_that_was_killed_is_not_taken(pool: Pool) -> None:
    child = waiting(pool)
    line = pool._spare._line
    assert line is not None
    os.kill(child, 9)
    assert line.child.ended.wait(20)
    assert printed(pool, "print(1)") == "1"


def test_a_new_zygote_has_one_of_its_own(pool: Pool) -> None:
    child, zygote = waiting(pool), zygote_of(pool)
    os.kill(zygote.pid, 9)
    assert zygote._dead.wait(20)  # until then its child may begin a program, and die with it
    assert printed(pool, "print(1)") == "1"
    assert waiting(pool) != child


def test_closing_leaves_neither_child_nor_folder(pool: Pool) -> None:
    child, folder = waiting(pool), zygote_of(pool).folder
    line = pool._spare._line
    assert line is not None
    pool.close()
    assert line.child.ended.is_set()
    assert not os.path.exists(folder)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    pool._spare.make(line.zygote)
    assert pool._spare._line is None
