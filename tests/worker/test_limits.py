"""Each limit in one short test. The children run unrestricted Python, as hostile as can be."""

from __future__ import annotations

from components.trace import Program
from components.worker import Limits, Pool
from components.worker.failures import NO_CUDA
from tests.worker.helpers import FOREVER, STUBBORN, MakePool, failure_of, run


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
    source = "import signal\nprint('on')\nsignal.signal(signal.SIGRTMAX - 2, signal.SIG_IGN)\nwhile True: pass"
    trace = run(walled, source, wall_seconds=0.2, stop_seconds=0.2)
    assert trace.stdout == "on\n"
    assert failure_of(trace).message == "The program ran longer than 0.2 seconds and was stopped."


def test_time_is_over_in_native_code(walled: Pool) -> None:
    # Python runs no signal handler inside sum(), yet the line is known.
    trace = run(walled, "import itertools\nx = 1\nsum(itertools.repeat(1))", wall_seconds=0.2, stop_seconds=0.1)
    assert (failure_of(trace).kind, failure_of(trace).line) == ("timeout", 3)


def test_the_observers_are_not_interrupted_but_have_a_limit_too(shared: MakePool) -> None:
    pool = shared(answer="lingers")
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
