"""When the process that programs are forked from dies, another one is ready: nobody waits until a new one is warm."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from components.trace import Program
from components.worker import Pool
from components.worker import pool as pools
from components.worker.machine import Shape
from components.worker.supervisor import ZygoteProcess
from tests.worker.helpers import begun, failure_of, options, printed, until, zygote_of


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A pool whose second zygote is started at once."""
    monkeypatch.setattr(pools, "_FOLLOWING_SECONDS", 0)
    started = Pool(shape=Shape(short=2, spare_child=True, spare_zygote=True), options=options())
    yield started
    started.close()


def following(pool: Pool) -> ZygoteProcess:
    """Return the zygote that will be next, once it is ready."""
    zygote_of(pool)
    running = begun(pool)
    until(lambda: pool._following is not None and pool._following.ready, running)
    running.stop()
    assert running.wait(20)
    found = pool._following
    assert found is not None
    return found


def kill(zygote: ZygoteProcess) -> None:
    """End a zygote from outside; the system takes a moment for it."""
    os.kill(zygote.pid, 9)
    assert zygote._dead.wait(20)


def test_the_next_one_takes_over(pool: Pool) -> None:
    for _ in range(2):
        first, second = zygote_of(pool), following(pool)
        assert first is not second
        kill(first)
        assert printed(pool, "print(1)") == "1"
        assert zygote_of(pool) is second


def test_a_run_in_progress_says_that_its_process_ended(pool: Pool) -> None:
    second = following(pool)
    running = begun(pool)
    kill(zygote_of(pool))
    assert failure_of(running.wait(20)).kind == "crashed"
    assert printed(pool, "print(1)") == "1"
    assert zygote_of(pool) is second


def test_one_that_died_while_it_waited_is_not_taken(pool: Pool) -> None:
    first, second = zygote_of(pool), following(pool)
    kill(second)
    kill(first)
    assert pool.run(Program(source="print(1)")).stdout == "1\n"
    assert zygote_of(pool) not in (first, second)


def test_its_start_yields_to_the_runs(pool: Pool) -> None:
    usual = os.getpriority(os.PRIO_PROCESS, zygote_of(pool).pid)
    assert os.getpriority(os.PRIO_PROCESS, following(pool).pid) == min(19, usual + 10)


def test_closing_ends_both(pool: Pool) -> None:
    zygotes = zygote_of(pool), following(pool)
    pool.close()
    assert not any(one.alive or os.path.exists(one.folder) for one in zygotes)
    pool._start_following()
    assert pool._following is zygotes[1]
