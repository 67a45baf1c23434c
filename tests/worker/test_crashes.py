"""Crashes and hostile pipes: whatever a child or the zygote does, a page sees a failure and the next program runs."""

from __future__ import annotations

import os

import msgspec
import pytest

from components.trace import Program
from components.worker import Pool, ZygoteOptions
from tests.worker.helpers import MakePool, begun, failure_of, printed, run, zygote_of


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
    failure = failure_of(run(shared(answer="fails"), ""))
    assert failure.kind == "crashed"
    assert "Autograd Lab itself failed: KeyError: 'a bug' at probes.py, line " in failure.message


def test_a_dead_zygote_is_replaced(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    first = zygote_of(pool).pid
    os.kill(first, 9)
    assert printed(pool, "print(1)") == "1"
    assert zygote_of(pool).pid != first


def test_a_stopped_zygote_does_not_lose_a_run_in_progress(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool)
    os.kill(zygote_of(pool).pid, 9)
    assert "ended unexpectedly" in failure_of(running.wait(20)).message
    assert printed(pool, "print(1)") == "1"


def test_a_zygote_that_cannot_start_is_a_failure() -> None:
    pool = Pool(size=1, options=ZygoteOptions(("no_such_module",)))
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
    trace = run(
        walled, f"import os, signal\nsignal.signal(signal.SIGRTMAX - 2, signal.SIG_IGN)\n{source}", stop_seconds=0.2
    )
    assert failure_of(trace).kind == "crashed"
    assert printed(walled, "print(1)") == "1"


def test_a_result_that_never_comes_ends_with_the_time(walled: Pool) -> None:
    source = "import os, signal\nsignal.signal(signal.SIGRTMAX - 2, signal.SIG_IGN)\n"
    source += 'os.write(3, b\'{"type":"result","bytes":99}\\n\')\nwhile True: pass'
    assert failure_of(run(walled, source, wall_seconds=0.2, stop_seconds=0.1)).kind == "timeout"


def test_a_child_cannot_claim_another_program(walled: Pool) -> None:
    forged = msgspec.json.encode(walled.run(Program(source="print('forged')")))
    source = f'import os\nos.write(3, b\'{{"type":"result","bytes":{len(forged)}}}\\n\')\nos.write(3, {forged!r})'
    trace = run(walled, source + "\nwhile True: pass")
    assert trace.stdout == "forged\n"
    assert trace.program.source.startswith("import os")


def test_a_child_cannot_hurt_the_zygote(walled: Pool) -> None:
    zygote = zygote_of(walled).pid
    source = f"""
import os
for call in (os.kill, os.killpg):
    for number in (os.getppid(), {zygote}, 0, -1):
        try:
            call(number, 9)
        except OSError:
            print("refused")
"""
    assert printed(walled, source).split() == ["refused"] * 8
    assert printed(walled, "print(1)") == "1"
    assert zygote_of(walled).pid == zygote
