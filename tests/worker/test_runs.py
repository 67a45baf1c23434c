"""Runs as the pages see them: output, progress, Stop, queues."""

from __future__ import annotations

from components.trace import Program
from components.worker import Owner, Pool
from components.worker.failures import CLOSED, STOPPED, STOPPED_IN_QUEUE
from tests.worker.helpers import STUBBORN, MakePool, begun, failure_of, printed, run, until

A, B = Owner("a"), Owner("b")


def test_a_program_runs_and_prints(walled: Pool) -> None:
    trace = run(walled, "print(1)\nprint('é', 2 + 3)")
    assert (trace.stdout, trace.failure, trace.program.source) == ("1\né 5\n", None, "print(1)\nprint('é', 2 + 3)")


def test_children_share_nothing(walled: Pool) -> None:
    run(walled, "import os; os.left_behind = 1")
    assert printed(walled, "import os; print(hasattr(os, 'left_behind'))") == "False"


def test_equal_programs_hash_alike_in_every_zygote(walled: Pool, own_pool: MakePool) -> None:
    assert printed(walled, "print(hash('weight'))") == printed(own_pool(size=1), "print(hash('weight'))")


# Stop.


def test_stop_ends_a_loop(walled: Pool) -> None:
    endless = begun(walled)
    endless.stop()
    trace = endless.wait(20)
    assert trace is not None
    assert trace.stdout == "on\n"
    assert failure_of(trace).message == STOPPED


def test_stop_ends_a_stubborn_program(walled: Pool) -> None:
    stubborn = begun(walled, STUBBORN, stop_seconds=0.2)
    stubborn.stop()
    stubborn.stop()
    assert stubborn.progress().state in {"ending", "done"}
    assert failure_of(stubborn.wait(20)).message == STOPPED


def test_stop_after_the_end_changes_nothing(walled: Pool) -> None:
    finished = walled.submit(Program(source="print(1)"))
    trace = finished.wait(20)
    finished.stop()
    assert finished.wait(0) is trace
    assert trace is not None
    assert trace.failure is None


def test_a_program_that_is_over_is_not_said_to_run_while_its_trace_is_put_together(walled: Pool) -> None:
    endless = begun(walled)
    assert not endless.is_over()
    endless.is_over = lambda: True  # what the child says after the last line
    assert endless.progress().state == "ending"
    endless.stop()
    assert endless.wait(20) is not None
    assert endless.progress().state == "done"


def test_progress_tells_line_output_and_time(walled: Pool) -> None:
    endless = begun(walled)
    until(lambda: endless.progress().line == 2, endless)
    progress = endless.progress()
    assert (progress.state, progress.stdout, progress.ahead) == ("running", "on\n", 0)
    assert progress.seconds > 0
    endless.stop()
    assert endless.wait(20) is not None
    assert endless.progress().state == "done"
    assert endless.progress().seconds == endless.progress().seconds


# Queues.


def test_two_runs_at_once_do_not_disturb_each_other(walled: Pool) -> None:
    endless = begun(walled, owner=A)
    assert printed(walled, "print(1)") == "1"
    assert not endless.done
    endless.stop()
    endless.wait(20)


def test_a_full_queue_is_a_failure(own_pool: MakePool) -> None:
    pool = own_pool(size=1, queue=2, queue_per_owner=1)
    running = begun(pool, owner=A)
    waiting = [pool.submit(Program(source="print(1)"), owner=owner) for owner in (A, B)]
    assert [one.progress().state for one in waiting] == ["queued", "queued"]
    assert [one.progress().ahead for one in waiting] == [0, 1]
    assert "1 of your programs" in failure_of(pool.submit(Program(source=""), owner=A).wait(0)).message
    assert "2 programs are waiting" in failure_of(pool.submit(Program(source=""), owner=Owner("c")).wait(0)).message
    running.stop()
    assert [trace.stdout for one in waiting if (trace := one.wait(20))] == ["1\n", "1\n"]


def test_stop_in_the_queue(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool)
    waiting = pool.submit(Program(source="print(1)"))
    waiting.stop()
    assert failure_of(waiting.wait(0)).message == STOPPED_IN_QUEUE
    running.stop()
    assert failure_of(running.wait(20)).message == STOPPED


def test_twenty_programs_of_one_student_do_not_hold_up_another(own_pool: MakePool) -> None:
    pool = own_pool(size=1, queue_per_owner=20)
    running = begun(pool, owner=A)
    many = [pool.submit(Program(source="print(1)"), owner=A) for _ in range(19)]
    other = pool.submit(Program(source="print(1)"), owner=B)
    assert other.progress().ahead == 1
    assert many[-1].progress().ahead == 19  # 18 of its own and the other's
    running.stop()
    assert all(one.wait(20) for one in [*many, other])


def test_closing_ends_everything(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool)
    waiting = pool.submit(Program(source="print(1)"))
    pool.close()
    assert failure_of(waiting.wait(0)).message == CLOSED
    assert failure_of(running.wait(20)).kind == "crashed"
    assert failure_of(pool.run(Program(source="print(1)"))).message == CLOSED
    pool.close()
