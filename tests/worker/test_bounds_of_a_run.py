"""What no kernel wall bounds by itself: the private folder where it lies on the disk, threads, the disk that all share.

And that the folder is gone afterwards, however the run went.
"""

from __future__ import annotations

import logging
import os
import select
from pathlib import Path

import msgspec
import pytest

from components.trace import Program, Trace, decode_trace
from components.worker import Limits, Pool, execution, sent
from components.worker.messages import OUTPUT_CHARS
from tests.worker.helpers import (
    NEEDED,
    STUBBORN,
    MakePool,
    begun,
    children_of,
    failure_of,
    needs_linux,
    nothing_left,
    options,
    printed,
    run,
    zygote_of,
)

THREADS = """
import threading
print("on")
threading.stack_size(1 << 16)
over = threading.Event()
for _ in range(40):
    threading.Thread(target=over.wait, daemon=True).start()
"""
FULL = """
print("on")
number = 0
while True:
    with open(f"file{number % 300}", "wb") as file:
        file.write(b"x" * 20_000)
    number += 1
    for _ in range(1_000):
        pass
"""
# More than the bound, and less than what the process would be killed for: the child alone can see to it.
SLIGHTLY_OVER = """
print("on")
for number in range(11):
    with open(f"file{number}", "wb") as file:
        file.write(b"x" * 102_400)
while True:
    pass
"""
UNWATCHED = "import signal\nsignal.signal(signal.SIGRTMAX - 2, signal.SIG_IGN)\n"


@pytest.fixture
def on_disk(shared: MakePool) -> Pool:
    """A pool whose programs' folders lie on the disk, as where no namespaces are granted."""
    return shared(NEEDED)


@needs_linux
@pytest.mark.parametrize("walls", [None, NEEDED], ids=["all walls", "without namespaces"])
def test_many_threads_are_stopped(shared: MakePool, walls: tuple[str, ...] | None) -> None:
    trace = run(shared(walls), THREADS + "over.wait()", threads=8)
    assert trace.stdout == "on\n"
    failure = failure_of(trace)
    assert (failure.kind, failure.message) == (
        "too_large",
        "The program had more than 8 threads at once and was stopped.",
    )
    assert printed(shared(walls), "print(1)") == "1"


@needs_linux
def test_as_many_threads_as_are_allowed_run(walled: Pool) -> None:
    assert (
        printed(
            walled,
            THREADS.replace("40", "7") + "over.wait(0.3)",
        )
        == "on"
    )


def test_a_program_that_fills_its_folder_is_interrupted_and_keeps_its_trace(on_disk: Pool) -> None:
    trace = run(on_disk, SLIGHTLY_OVER, folder_mb=1)
    failure = failure_of(trace)
    assert (failure.kind, failure.message) == (
        "too_large",
        "The program wrote more than 1 MiB into its folder and was stopped.",
    )
    # Only the child's own trace says that no line is known; one that was killed has the line that it was seen at.
    assert (trace.stdout, failure.line) == ("on\n", None)


def test_a_program_that_makes_many_files_is_interrupted(on_disk: Pool) -> None:
    failure = failure_of(run(on_disk, SLIGHTLY_OVER, files=10))
    assert (failure.kind, failure.message, failure.line) == (
        "too_large",
        "The program made more than 10 files and folders and was stopped.",
        None,
    )


def test_a_program_that_blocks_the_watch_and_fills_its_folder_is_killed(on_disk: Pool) -> None:
    trace = run(on_disk, UNWATCHED + FULL, folder_mb=1, stop_seconds=0.2)
    assert trace.stdout == "on\n"
    assert failure_of(trace).message == "The program wrote more than 1 MiB into its folder and was stopped."
    assert printed(on_disk, "print(1)") == "1"


def test_a_folder_in_folders_without_end_is_stopped(on_disk: Pool) -> None:
    source = "import os\nprint('on')\nfor _ in range(60):\n    os.mkdir('a')\n    os.chdir('a')\nwhile True: pass"
    assert failure_of(run(on_disk, source)).message == "The program nested folders too deeply and was stopped."
    nothing_left(on_disk)


def test_files_without_a_name_are_stopped_before_the_disk_is_full(
    on_disk: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([4 << 30])  # when the run begins; and then less than is to stay
    monkeypatch.setattr(execution, "free_bytes", lambda folder: next(left, 100 << 20))
    trace = run(on_disk, "print('on')\nwhile True: pass")
    failure = failure_of(trace)
    assert failure.message.startswith("The server's disk is almost full, so the programs that run were stopped.")
    assert failure.kind == "crashed"  # it is nobody's fault, and no answer to remember for a program


def test_a_disk_that_was_almost_full_before_stops_nothing(on_disk: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "free_bytes", lambda folder: 100 << 20)
    assert printed(on_disk, "print(1)") == "1"


WAYS_TO_END = {
    "as it should": "",
    "with an exception": "1 / 0",
    "by exiting": "os._exit(3)",
    "by a crash": "import ctypes; ctypes.string_at(0)",
    "by time": "while True: pass",
    "by being killed": STUBBORN,
    "with a thread": "threading.Thread(target=lambda: [open('t', 'w') for _ in iter(int, 1)]).start()",
    "in a folder far down": "for _ in range(39): os.mkdir('x' * 200) or os.chdir('x' * 200)",
}


@pytest.mark.parametrize("ending", WAYS_TO_END.values(), ids=WAYS_TO_END.keys())
@pytest.mark.parametrize("walls", [None, NEEDED], ids=["all walls", "without namespaces"])
def test_the_folder_is_gone_afterwards(shared: MakePool, walls: tuple[str, ...] | None, ending: str) -> None:
    pool = shared(walls)
    source = f"import os, threading\nos.makedirs('a/b')\nopen('a/b/file', 'w').close()\nprint(os.getcwd())\n{ending}"
    trace = run(pool, source, wall_seconds=0.3, stop_seconds=0.2, finish_seconds=0.5)
    assert os.path.dirname(trace.stdout.splitlines()[0]) == zygote_of(pool).folder
    nothing_left(pool)


@pytest.mark.parametrize("walls", [None, NEEDED], ids=["all walls", "without namespaces"])
def test_closing_leaves_no_folder(walls: tuple[str, ...] | None) -> None:
    pool = Pool(size=1, options=options(walls))
    running = begun(pool, "import os\nos.makedirs('a/b')\nprint('on')\nwhile True: open('a/b/file', 'w').close()")
    folder = zygote_of(pool).folder
    assert os.path.isdir(folder)
    pool.close()
    assert running.wait(20) is not None
    assert not os.path.exists(folder)


def test_a_pool_that_is_closed_before_it_is_ready_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pool = Pool(size=1, options=options())
    waiting = pool.submit(Program(source="print(1)"))
    pool.close()
    assert failure_of(waiting.wait(20)).kind == "crashed"
    assert list(tmp_path.iterdir()) == []


def test_a_zygote_that_is_killed_leaves_no_folder(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool, "print('on')\nwhile True: open('file', 'w').close()")
    assert len(children_of(pool)) == 1
    folder = zygote_of(pool).folder
    os.kill(zygote_of(pool).pid, 9)
    assert running.wait(20) is not None
    assert printed(pool, "print(1)") == "1"
    assert zygote_of(pool).folder != folder
    assert not os.path.exists(folder)


def test_a_process_that_goes_on_after_its_result_is_ended_before_that_is_read(
    walled: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []

    def decode(data: bytes) -> Trace:
        for child in children_of(walled):
            try:
                descriptor = os.pidfd_open(child)
            except ProcessLookupError:
                continue
            ended.append(bool(select.select([descriptor], [], [], 20)[0]))
            os.close(descriptor)
        return decode_trace(data)

    forged = msgspec.json.encode(walled.run(Program(source="print('forged')")))
    monkeypatch.setattr(sent, "decode_trace", decode)
    head = b'{"type":"result","bytes":%d}\n' % len(forged)
    source = f"import os\nos.write(3, {head + forged!r})\nwhile True: pass"
    assert run(walled, UNWATCHED + source).stdout == "forged\n"
    assert all(ended)


def test_threads_may_print_while_the_result_is_sent(walled: Pool) -> None:
    source = """
import threading
def prints():
    while True:
        print("x" * 50)
for _ in range(4):
    threading.Thread(target=prints, daemon=True).start()
print("end")
"""
    for _ in range(5):
        trace = run(walled, source, stdout_chars=100_000)
        assert trace.failure is None, trace.failure
        assert set(trace.stdout.splitlines()[:-1]) <= {"x" * 50, "end"}


def test_what_observers_say_when_they_step_aside_is_bounded(shared: MakePool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger=execution.__name__):
        assert printed(shared(answer="logs_much"), "print(1)") == "1"
    assert len(caplog.records) == 20
    assert all(len(record.getMessage()) <= OUTPUT_CHARS + 100 for record in caplog.records)
    assert "fault 19 \\ud800é" in caplog.records[-1].getMessage()


def test_memory_is_measured_in_a_process_of_its_own(shared: MakePool) -> None:
    pool = shared()
    source = """
import math, os, sys
print(os.path.exists("left"), hasattr(math, "left"), "left" in sys.modules, os.environ.get("LEFT"))
open("left", "w").close()
math.left = sys.modules["left"] = True
os.environ["LEFT"] = "1"
"""
    first = run(pool, source)
    measured = pool.measure(first, Limits()).wait(20)
    assert measured is not None
    assert measured.stdout == first.stdout == "False False False None\n"
    assert measured.memory_note == f"measured: {first.stdout}"
    nothing_left(pool)


def test_a_run_that_could_not_be_measured_says_why(walled: Pool) -> None:
    trace = run(walled, "print(1)")
    replaced = walled.measure(trace, Limits(trace_bytes=5)).wait(20)
    assert replaced is not None
    assert isinstance(replaced.memory_note, str)
    assert replaced.memory_note.startswith("Memory is measured in a second run of the program, which did not end well:")
    assert (replaced.stdout, replaced.failure) == (trace.stdout, trace.failure)


def test_a_process_that_was_taken_over_cannot_say_more_than_measuring_does(walled: Pool) -> None:
    note = "x" * 1_000_000
    data = f'{{"memory":null,"note":"{note}"}}'
    source = f"""
import os, sys
if os.environ.get("MEASURING"):
    os.write(3, b'{{"type":"result","bytes":{len(data)}}}\\n')
    data = b'{{"memory":null,"note":"' + b"x" * {len(note)} + b'"}}'
    while data:
        data = data[os.write(3, data):]
    while True:
        pass
"""
    trace = run(walled, source)
    measured = walled.measure(trace, Limits()).wait(20)
    assert measured is not None
    assert isinstance(measured.memory_note, str)
    assert len(measured.memory_note) < 1_000
    assert "damaged" in measured.memory_note
