"""Runs as the pages see them. The children run unrestricted Python, so that they can be as hostile as can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from components.trace import Failure, Program, Trace
from components.worker import Limits, Pool, Run, ZygoteOptions
from components.worker.failures import CLOSED, NO_CUDA, STOPPED, STOPPED_IN_QUEUE
from tests.worker.helpers import MakePool, printed, run, until

FOREVER = "print('on')\nwhile True: pass"
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


def failure_of(trace: Trace | None) -> Failure:
    """Return why a run failed; it must have."""
    assert trace is not None
    assert trace.failure is not None
    return trace.failure


def begun(pool: Pool, source: str = FOREVER, owner: str = "", **limits: object) -> Run:
    """Submit a program that prints first, and return once it runs."""
    submitted = pool.submit(Program(source=source), Limits(**limits), owner)  # type: ignore[arg-type]
    until(lambda: submitted.progress().stdout, submitted)
    return submitted


def test_a_program_runs_and_prints(walled: Pool) -> None:
    trace = run(walled, "print(1)\nprint('é', 2 + 3)")
    assert (trace.stdout, trace.failure, trace.program.source) == ("1\né 5\n", None, "print(1)\nprint('é', 2 + 3)")


def test_children_share_nothing(walled: Pool) -> None:
    run(walled, "import os; os.left_behind = 1")
    assert printed(walled, "import os; print(hasattr(os, 'left_behind'))") == "False"


def test_equal_programs_hash_alike_in_every_zygote(walled: Pool, own_pool: MakePool) -> None:
    assert printed(walled, "print(hash('weight'))") == printed(own_pool(size=1), "print(hash('weight'))")


# Limits.


def test_time_is_over_softly(walled: Pool) -> None:
    trace = run(walled, FOREVER, wall_seconds=0.3)
    assert trace.stdout == "on\n"
    assert failure_of(trace).kind == "timeout"
    assert failure_of(trace).message == "The program ran longer than 0.3 seconds and was stopped."


def test_time_is_over_for_a_program_that_swallows_the_interruption(walled: Pool) -> None:
    trace = run(walled, STUBBORN, wall_seconds=0.3, stop_seconds=0.3)
    assert trace.stdout == "on\n"
    assert failure_of(trace).kind == "timeout"
    assert failure_of(trace).line is not None  # what the parent saw last: this trace is its own


def test_time_is_over_for_a_program_that_disarms_the_watch(walled: Pool) -> None:
    source = "import signal\nprint('on')\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    trace = run(walled, source, wall_seconds=0.2, stop_seconds=0.2)
    assert trace.stdout == "on\n"
    assert failure_of(trace).message == "The program ran longer than 0.2 seconds and was stopped."


def test_time_is_over_in_native_code(walled: Pool) -> None:
    # Python runs no signal handler inside sum(), yet the line is known.
    trace = run(walled, "import itertools\nx = 1\nsum(itertools.repeat(1))", wall_seconds=0.2, stop_seconds=0.1)
    assert (failure_of(trace).kind, failure_of(trace).line) == ("timeout", 3)


def test_the_observers_are_not_interrupted_but_have_a_limit_too(shared: MakePool) -> None:
    pool = shared(entry="lingers")
    trace = run(pool, "print(1)", wall_seconds=0.2, finish_seconds=0.4)
    assert trace.stdout == "1\n"
    assert failure_of(trace).kind == "timeout"


def test_output_is_cut(walled: Pool) -> None:
    trace = run(walled, "while True: print('a' * 50)", wall_seconds=0.3, stdout_chars=1_000)
    assert len(trace.stdout) == 1_000


def test_output_of_a_killed_program_is_cut(walled: Pool) -> None:
    trace = run(walled, "print('a' * 2000)\nimport os; os._exit(0)", stdout_chars=1_000)
    assert (trace.stdout, trace.stdout_truncated) == ("a" * 1_000, True)


def test_memory_is_over(walled: Pool) -> None:
    failure = failure_of(run(walled, "x = [bytearray(1 << 20) for _ in range(1 << 20)]", memory_mb=400))
    assert (failure.kind, failure.message) == ("out_of_memory", "The program used more than its 400 MiB of memory.")


def test_the_trace_is_too_large(walled: Pool) -> None:
    failure = failure_of(run(walled, "print('a' * 60_000)", trace_bytes=50_000))
    assert failure.kind == "too_large"
    assert "the limit is 50,000" in failure.message


def test_the_trace_holds_too_many_values(walled: Pool) -> None:
    assert failure_of(run(walled, "print(',' * 500)", trace_values=400)).kind == "too_large"


def test_the_source_is_too_long(walled: Pool) -> None:
    limits = Limits()
    failure = failure_of(run(walled, "#" * (limits.source.max_chars + 1)))
    assert failure.kind == "too_large"


def test_a_source_larger_than_the_pipe_arrives(walled: Pool) -> None:
    # 49,000 characters of four bytes each: three times what a pipe holds.
    text = "\U0001f600" * 49_000
    assert run(walled, f"print(len('{text}'))").stdout == "49000\n"


def test_lone_surrogates_are_not_text(walled: Pool) -> None:
    trace = run(walled, "print('\ud800')")
    assert failure_of(trace).kind == "syntax"
    assert trace.program.source == "print('?')"


def test_there_is_no_cuda(walled: Pool) -> None:
    failure = failure_of(walled.run(Program(source="print(1)", device="cuda")))
    assert (failure.kind, failure.message) == ("not_allowed", NO_CUDA)


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
    assert failure_of(stubborn.wait(20)).message == STOPPED


def test_stop_after_the_end_changes_nothing(walled: Pool) -> None:
    finished = walled.submit(Program(source="print(1)"))
    trace = finished.wait(20)
    finished.stop()
    assert finished.wait(0) is trace
    assert trace is not None
    assert trace.failure is None


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
    endless = begun(walled, owner="a")
    assert printed(walled, "print(1)") == "1"
    assert not endless.done
    endless.stop()
    endless.wait(20)


def test_a_full_queue_is_a_failure(own_pool: MakePool) -> None:
    pool = own_pool(size=1, queue=2, queue_per_owner=1)
    running = begun(pool, owner="a")
    waiting = [pool.submit(Program(source="print(1)"), owner=owner) for owner in "ab"]
    assert [one.progress().state for one in waiting] == ["queued", "queued"]
    assert [one.progress().ahead for one in waiting] == [0, 1]
    assert "1 of your programs" in failure_of(pool.submit(Program(source=""), owner="a").wait(0)).message
    assert "2 programs are waiting" in failure_of(pool.submit(Program(source=""), owner="c").wait(0)).message
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
    running = begun(pool, owner="a")
    many = [pool.submit(Program(source="print(1)"), owner="a") for _ in range(19)]
    other = pool.submit(Program(source="print(1)"), owner="b")
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


# Crashes.


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import ctypes; ctypes.string_at(0)", "ended by SIGSEGV (it used memory that is not its own)"),
        ("import os; os.abort()", "ended by SIG"),  # SIGABRT, or what abort() does where it may not signal
        ("import os; os._exit(0)", "ended with status 0 before it gave a result"),
        ("import os; os._exit(9)", "ended with status 9 before it gave a result"),
        ("import os; os.close(3); print(1)", "ended with status 1"),
    ],
)
def test_a_crash_is_a_failure_and_the_next_program_runs(walled: Pool, source: str, says: str) -> None:
    failure = failure_of(run(walled, source))
    assert failure.kind == "crashed"
    assert says in failure.message
    assert printed(walled, "print(1)") == "1"


def test_a_crash_knows_its_line(walled: Pool) -> None:
    source = "import ctypes\ndef f():\n    print('here')\n    ctypes.string_at(0)\nf()"
    trace = run(walled, source)
    assert (trace.stdout, failure_of(trace).line) == ("here\n", 4)


def test_signals_are_named(shared: MakePool) -> None:
    pool = shared(walls=())
    failure = failure_of(run(pool, "import os; os.kill(os.getpid(), 9)"))
    assert failure.kind == "crashed"
    assert "SIGKILL" in failure.message


def test_a_bug_of_the_observers_is_a_failure(shared: MakePool) -> None:
    failure = failure_of(run(shared(entry="fails"), ""))
    assert failure.kind == "crashed"
    assert "Autograd Lab itself failed: KeyError: 'a bug' at probes.py, line " in failure.message


def test_a_dead_zygote_is_replaced(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    first = int(printed(pool, "import os; print(os.getppid())"))
    os.kill(first, 9)
    second = int(printed(pool, "import os; print(os.getppid())"))
    assert second != first


def test_a_stopped_zygote_does_not_lose_a_run_in_progress(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool, "import os\nprint(os.getppid())\nwhile True: pass")
    os.kill(int(running.progress().stdout), 9)
    assert "ended unexpectedly" in failure_of(running.wait(20)).message
    assert printed(pool, "print(1)") == "1"


def test_a_zygote_that_cannot_start_is_a_failure() -> None:
    pool = Pool(size=1, options=ZygoteOptions(entry="no_such_module:function"))
    failure = failure_of(pool.run(Program(source="print(1)")))
    assert failure.kind == "crashed"
    assert "could not start" in failure.message
    assert [wall.standing for wall in pool.walls()] == [False]
    pool.close()


# Hostile pipes: what the child writes to its descriptor 3 is all that the parent ever sees of it.

RESULT = '{"type":"result","bytes":2}\\n{}'
HOSTILE = {
    "nonsense": "os.write(3, b'hello\\n')",
    "negative length": 'os.write(3, b\'{"type":"result","bytes":-1}\\n\')',
    "invalid UTF-8": 'os.write(3, b\'{"type":"output","text":"\\xff"}\\n\')',
    "wrong type": 'os.write(3, b\'{"type":"line","line":"1"}\\n\')',
    "giant line": "[os.write(3, b'a' * 4096) for _ in range(100)]",
    "flood": 'line = b\'{"type":"finishing"}\\n\' * 1000\nwhile True: os.write(3, line)',
    "a trace that is none": f"os.write(3, b'{RESULT}')\nwhile True: pass",
    "two results": f"os.write(3, b'{RESULT}{RESULT}')\nwhile True: pass",
    "nesting": 'os.write(3, b\'{"type":"result","bytes":100000}\\n\' + b\'[\' * 100000)\nwhile True: pass',
    "closes and lives on": "os.close(3)\nwhile True: pass",
    "a foreign message": 'os.write(3, b\'{"type":"forked","run":0}\\n\')',
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_pipe_is_a_crash_and_the_next_program_runs(walled: Pool, source: str) -> None:
    # The watch would end the child first when its own writes fail; without it the child is as hostile as can be.
    trace = run(walled, f"import os, signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\n{source}", stop_seconds=0.2)
    assert failure_of(trace).kind == "crashed"
    assert printed(walled, "print(1)") == "1"


def test_a_result_that_never_comes_ends_with_the_time(walled: Pool) -> None:
    source = "import os, signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
    source += 'os.write(3, b\'{"type":"result","bytes":99}\\n\')\nwhile True: pass'
    assert failure_of(run(walled, source, wall_seconds=0.2, stop_seconds=0.1)).kind == "timeout"


def test_a_child_cannot_claim_another_program(walled: Pool) -> None:
    forged = msgspec.json.encode(walled.run(Program(source="print('forged')")))
    source = f'import os\nos.write(3, b\'{{"type":"result","bytes":{len(forged)}}}\\n\')\nos.write(3, {forged!r})'
    trace = run(walled, source + "\nwhile True: pass")
    assert trace.stdout == "forged\n"
    assert trace.program.source.startswith("import os")


def test_a_child_cannot_hurt_the_zygote(walled: Pool) -> None:
    zygote = printed(walled, "import os; print(os.getppid())")
    source = "import os\nfor call in (os.kill, os.killpg):\n    try: call(os.getppid(), 9)\n    except OSError: pass"
    run(walled, source)
    assert printed(walled, "import os; print(os.getppid())") == zygote


# The parent.


def test_the_parent_never_imports_torch() -> None:
    source = (
        "import sys; from components.worker import Pool, ZygoteOptions; from components.trace import Program\n"
        "pool = Pool(size=1, options=ZygoteOptions(entry='probes:run_anything', path=('tests/worker',)))\n"
        "assert pool.run(Program(source='print(1)')).stdout == '1\\n'\n"
        "pool.close()\n"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", source], cwd=root, check=False).returncode == 0


def test_a_parent_that_forgets_to_close_leaves_nothing_behind() -> None:
    source = (
        "from components.worker import Pool, ZygoteOptions; from components.trace import Program\n"
        "pool = Pool(size=1, options=ZygoteOptions(entry='probes:run_anything', path=('tests/worker',)))\n"
        "print(pool.run(Program(source='import os; print(os.getppid())')).stdout)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", source], cwd=root, check=True, capture_output=True, text=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
