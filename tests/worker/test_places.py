"""Programs that take long do not keep short ones waiting, and lose nothing when they stand aside.

What is long is set to little here, so that no test works for seconds.
"""

from __future__ import annotations

import mmap
import os
import threading

import pytest

from components.trace import Program
from components.worker import Limits, Owner, Pool, Run, places, stint
from components.worker.allowance import Allowance
from components.worker.fair_queue import QueueFull
from components.worker.machine import Shape
from components.worker.places import Places, Turn
from components.worker.process_use import use_of
from tests.worker.helpers import (
    FOREVER,
    STUBBORN,
    MakePool,
    begun,
    children_of,
    failure_of,
    needs_linux,
    options,
    printed,
    until,
    zygote_of,
)

OWNERS = [Owner(f"192.0.2.{number}", "tab") for number in range(5)]
LONG = Limits(wall_seconds=600)
TWO_AND_ONE = Shape(short=2, long=1)
# Whoever looks every tenth of a second sees it, however busy the machine is.
COUNTS = "import time\nprint('on')\nwhile time.process_time() < 1: pass\nprint('end')"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a run long that has worked for a twentieth of a second; let it wait for a processor as long as it must."""
    monkeypatch.setattr(places, "SHORT_PROCESSOR_SECONDS", 0.05)
    monkeypatch.setattr(stint, "_MOST_WAITING", 1e6)


@pytest.fixture
def shaped(own_pool: MakePool, impatient: None) -> Pool:
    """A pool with two places for short runs and one for long ones."""
    return own_pool(shape=TWO_AND_ONE)


def endless(pool: Pool, owner: Owner, source: str = FOREVER) -> Run:
    """Begin a program that does not end."""
    return begun(pool, source, owner, wall_seconds=600)


def stand(runs: list[Run], number: int) -> list[Run]:
    """Wait until so many of these stand, and return them."""

    def standing() -> list[Run]:
        return [run for run in runs if run.progress().state == "standing"]

    until(lambda: len(standing()) == number, runs[0])
    return standing()


# The places by themselves.


def counted(shape: Shape) -> tuple[Places, list[int]]:
    """Return places, and how often one became free."""
    freed: list[int] = []
    return Places(shape, threading.Condition(), lambda: freed.append(1)), freed


def begin(held: Places, *owners: Owner) -> list[Turn]:
    """Begin runs and let them go on until none is in a place for short ones."""
    turns = []
    for owner in owners:
        assert held.free
        turns.append(held.begin(owner))
        turns[-1].move_on(10)
    return turns


def test_however_many_are_long_the_short_places_are_free() -> None:
    held, freed = counted(TWO_AND_ONE)
    turns = begin(held, *OWNERS, *OWNERS)
    assert [turn.place for turn in turns] == ["long"] + ["standing"] * 9
    assert held.free
    assert len(freed) == 10


def test_those_that_stand_go_on_in_turn() -> None:
    held, _ = counted(TWO_AND_ONE)
    a, b = OWNERS[:2]
    first, second, third, other = begin(held, a, a, a, b)
    assert [turn.ahead() for turn in (second, third, other)] == [0, 2, 1]
    first.end()
    assert [turn.place for turn in (second, third, other)] == ["long", "standing", "standing"]
    second.end()
    assert [turn.place for turn in (third, other)] == ["standing", "long"]
    third.end()
    other.end()
    assert not +held.running
    assert begin(held, a)[0].place == "long"


def test_who_stands_holds_a_bounded_amount_of_memory() -> None:
    held, _ = counted(Shape(short=2, long=1, standing_mb=100))
    begin(held, OWNERS[0])
    turn = held.begin(OWNERS[1])
    turn.move_on(90)
    with pytest.raises(QueueFull, match="1 other long programs are waiting"):
        held.begin(OWNERS[2]).move_on(11)
    turn.end()
    held.begin(OWNERS[2]).move_on(100)


def test_what_is_long() -> None:
    turn = counted(TWO_AND_ONE)[0].begin(OWNERS[0])
    assert [turn.is_over(*used) for used in ((0.9, 2.9), (1.0, 1.0), (0.0, 3.0))] == [False, True, True]
    turn.move_on(0)
    assert not turn.is_over(100, 100)
    assert not counted(Shape(short=1))[0].begin(OWNERS[0]).is_over(100, 100)


# And with programs in them.


@needs_linux
def test_five_endless_loops_keep_nobody_waiting(shaped: Pool) -> None:
    loops = [endless(shaped, owner) for owner in OWNERS]
    stand(loops, 4)
    for number in range(10):
        assert printed(shaped, f"print({number})") == str(number)
    assert not any(run.done for run in loops)
    assert len(stand(loops, 4)) == 4
    for run in loops:
        run.stop()
    assert {failure_of(run.wait(20)).message for run in loops} == {"Stopped."}
    assert {trace.stdout for run in loops if (trace := run.wait(0))} == {"on\n"}


@needs_linux
def test_a_long_program_yields_to_short_ones(shaped: Pool) -> None:
    run = endless(shaped, OWNERS[0], f"import os\n{FOREVER}")
    (child,) = children_of(shaped)
    until(lambda: os.getpriority(os.PRIO_PROCESS, child) == max(5, os.getpriority(os.PRIO_PROCESS, 0)), run)
    assert os.getpriority(os.PRIO_PROCESS, zygote_of(shaped).pid) == os.getpriority(os.PRIO_PROCESS, 0)
    run.stop()


@needs_linux
def test_who_stands_does_nothing_and_then_goes_on(shaped: Pool) -> None:
    """The one that stood was given as much time as the others, and printed all that it prints."""
    first = endless(shaped, OWNERS[0])
    until(lambda: shaped._places._long, first)
    second = begun(shaped, COUNTS, OWNERS[1], wall_seconds=600)
    stand([first, second], 1)
    assert second.progress().ahead == 0
    child = max(children_of(shaped))
    until(lambda: state_of(child) == "T", first)
    first.stop()
    trace = second.wait(300)
    assert trace is not None
    assert (trace.stdout, trace.failure) == ("on\nend\n", None)


@needs_linux
def test_standing_is_not_a_programs_time(shaped: Pool) -> None:
    """It stands for longer than it may run."""
    first = endless(shaped, OWNERS[0])
    until(lambda: shaped._places._long, first)
    second = begun(shaped, COUNTS, OWNERS[1], wall_seconds=3.0)
    stand([first, second], 1)
    passed = threading.Event()
    while second.progress().seconds < 4.5:
        assert not passed.wait(0.05)
        assert second.progress().state == "standing"
    first.stop()
    trace = second.wait(300)
    assert trace is not None
    assert (trace.stdout, trace.failure) == ("on\nend\n", None)


@needs_linux
@pytest.mark.parametrize("source", [FOREVER, STUBBORN], ids=["endless", "stubborn"])
def test_what_stands_can_be_stopped(shaped: Pool, source: str) -> None:
    first = endless(shaped, OWNERS[0])
    until(lambda: shaped._places._long, first)
    second = begun(shaped, source, OWNERS[1], wall_seconds=600, stop_seconds=0.2)
    stand([first, second], 1)
    second.stop()
    assert failure_of(second.wait(20)).message == "Stopped."
    first.stop()
    assert failure_of(first.wait(20)).message == "Stopped."
    assert printed(shaped, "print(1)") == "1"


@needs_linux
def test_a_long_program_for_which_there_is_no_room_is_told_so(own_pool: MakePool, impatient: None) -> None:
    pool = own_pool(shape=Shape(short=2, long=1, standing_mb=-1))
    first = endless(pool, OWNERS[0])
    until(lambda: pool._places._long, first)
    failure = failure_of(pool.submit(Program(source=FOREVER), LONG, OWNERS[1]).wait(20))
    assert failure.kind == "timeout"
    assert failure.message.startswith("The server is busy: 0 other long programs are waiting, so this one was stopped.")
    first.stop()


@needs_linux
def test_a_zygote_that_dies_takes_those_along_that_stand(shaped: Pool) -> None:
    loops = [begun(shaped, FOREVER, owner, wall_seconds=600, stop_seconds=20) for owner in OWNERS[:3]]
    stand(loops, 2)
    os.kill(zygote_of(shaped).pid, 9)
    said = {failure_of(run.wait(60)).message for run in loops}
    assert said == {"The process that runs programs ended unexpectedly. Run this again."}
    assert printed(shaped, "print(1)") == "1"


def state_of(pid: int) -> str:
    """Return the letter with which the system describes what a process does."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


# What one person may use.


def test_a_person_has_so_many_runs_at_once(own_pool: MakePool) -> None:
    pool = own_pool(size=3, allowance=Allowance(runs=2))
    running = [endless(pool, OWNERS[0]) for _ in range(2)]
    third = pool.submit(Program(source="print(3)"), owner=OWNERS[0])
    other = pool.submit(Program(source="print(4)"), owner=OWNERS[1]).wait(20)
    assert other is not None
    assert other.stdout == "4\n"
    assert third.progress().state == "queued"
    running[0].stop()
    trace = third.wait(20)
    assert trace is not None
    assert trace.stdout == "3\n"


def test_who_has_used_too_much_is_told_how_long_to_wait(own_pool: MakePool) -> None:
    pool = own_pool(size=2, allowance=Allowance(seconds=0.000_001))
    assert pool.submit(Program(source="print(1)"), owner=OWNERS[0]).wait(20)
    with pool._changed:
        assert pool._changed.wait_for(lambda: not +pool._places.running, timeout=30)
    failure = failure_of(pool.submit(Program(source="print(1)"), owner=OWNERS[0]).wait(0))
    assert failure.kind == "timeout"
    assert "Your programs have used" in failure.message
    assert "Run this again in" in failure.message
    other = pool.submit(Program(source="print(2)"), owner=OWNERS[1]).wait(20)
    assert other is not None
    assert other.stdout == "2\n"


# Whether programs can be run at all.


def test_a_pool_says_that_it_is_well(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    assert pool.healthy(30) is None
    with pool._changed:
        assert pool._changed.wait_for(lambda: pool._well > 0, timeout=30)
    pool._queue.put(Owner(), Run(Program(source=""), Limits()))  # nobody will run it
    assert pool.healthy(0) is None
    pool.close()
    assert pool.healthy() == "The server is shutting down."


def test_a_pool_that_cannot_run_anything_says_why() -> None:
    broken = options()
    pool = Pool(size=1, options=type(broken)(("no_such_module",)))
    assert "could not start" in (pool.healthy(30) or "")
    pool.close()


def test_a_pool_whose_places_are_all_taken_is_not_well(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = endless(pool, OWNERS[0])
    assert pool.healthy(0.01) == "No program could be run within 0.01 seconds."
    running.stop()


def test_more_waiting_are_asked_for_less_often(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = endless(pool, OWNERS[0])
    paces = [pool.pace()]
    for number in range(40):
        pool.submit(Program(source=""), owner=Owner(str(number)))
        paces.append(pool.pace())
    assert paces == sorted(paces)
    assert (paces[0], paces[-1]) == (0.4, 2.0)
    running.stop()


@needs_linux
@pytest.mark.parametrize("kind", ["MAP_PRIVATE", "MAP_SHARED"])
def test_all_memory_of_a_process_that_is_on_no_disk_is_counted(kind: str) -> None:
    """Runs that stand may hold so much together: shared pages belong to no other process than the program's."""
    pages = mmap.mmap(-1, 64 << 20, flags=getattr(mmap, kind) | mmap.MAP_ANONYMOUS)
    before = use_of(os.getpid()).memory_mb
    pages.write(b"x" * (64 << 20))
    grown = use_of(os.getpid()).memory_mb - before
    pages.close()
    assert 60 <= grown <= 70
