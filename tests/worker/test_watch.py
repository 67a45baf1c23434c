"""What the watch does when it looks at a stack: report, interrupt, or come back later."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from components.source import PROGRAM_FILENAME
from components.trace import FailureKind
from components.worker.channel import Channel
from components.worker.failures import STOPPED
from components.worker.limits import Limits
from components.worker.stream import ChildStream
from components.worker.watch import LATE, STOP, TICK, Watch
from tests.worker.probes import StandIn

OBSERVERS = "observers_of_this_test"
ANSWERERS = "answerers_of_this_test"


class Interrupted(BaseException):
    """What a watch raises."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)


class Asked(StandIn):
    """Remembers what it was asked to raise soon."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asked: list[object] = []

    def interrupt_soon(self, error: object) -> None:
        """Remember the error."""
        self.asked.append(error)


class Stage:
    """A watch, what its child told the parent, and how often it asked to come back soon."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, limits: Limits) -> None:
        self.hurries = 0
        self._read, self._write = os.pipe()
        answerer = Asked(observers=(OBSERVERS,), answerers=(ANSWERERS,), interrupted=Interrupted)
        self.asked = answerer.asked
        self.channel = Channel(self._write, 100)
        self.watch = Watch(self.channel, limits, answerer, str(folder))
        monkeypatch.setattr(self.watch, "_pace", self._count)

    def _count(self, *arguments: float) -> None:
        self.hurries += 1

    def look(self, *frames: str) -> None:
        """Let the watch look while functions of these files or modules call each other, outermost first."""
        if not frames:
            self.watch._look(TICK, sys._getframe())
            return
        module = ModuleType(frames[0])
        module.__dict__["call"] = lambda: self.look(*frames[1:])
        exec(compile("\n\ncall()", frames[0], "exec"), module.__dict__)

    def told(self) -> ChildStream:
        """Return what the parent knows."""
        os.close(self._write)
        stream = ChildStream(Limits())
        with os.fdopen(self._read, "rb") as pipe:
            stream.feed(pipe.read())
        return stream


@pytest.fixture
def in_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A watch whose program has time left, and a folder for ten files."""
    return Stage(monkeypatch, tmp_path, Limits(wall_seconds=1_000, files=10, folder_mb=1))


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A watch whose program's time is over."""
    stage = Stage(monkeypatch, tmp_path, Limits(wall_seconds=1))
    stage.watch._late(LATE, None)
    return stage


def test_in_time_it_reports_the_line(in_time: Stage) -> None:
    in_time.look(PROGRAM_FILENAME, "torch.nn.modules")
    told = in_time.told()
    assert (told.line, told.finishing) == (3, False)


def test_late_it_interrupts_the_program(late: Stage) -> None:
    with pytest.raises(Interrupted, match="ran longer than"):
        late.look(OBSERVERS, PROGRAM_FILENAME)


def test_late_it_interrupts_what_the_program_called(late: Stage) -> None:
    with pytest.raises(Interrupted):
        late.look(OBSERVERS, PROGRAM_FILENAME, "torch.nn.modules")


@pytest.mark.parametrize("observer", [OBSERVERS, f"{OBSERVERS}.steps"])
def test_late_it_does_not_interrupt_observers_but_comes_back_soon(late: Stage, observer: str) -> None:
    late.look(PROGRAM_FILENAME, observer)
    late.look(PROGRAM_FILENAME, observer, "torch.nn.modules")
    assert late.hurries == 1
    assert all(isinstance(one, Interrupted) for one in late.asked)
    assert len(late.asked) == 2
    with pytest.raises(Interrupted):
        late.look(PROGRAM_FILENAME)


def test_late_it_interrupts_the_program_that_observers_called(late: Stage) -> None:
    with pytest.raises(Interrupted):
        late.look(PROGRAM_FILENAME, OBSERVERS, PROGRAM_FILENAME)


def test_late_it_interrupts_what_answers_for_the_program(late: Stage) -> None:
    with pytest.raises(Interrupted):
        late.look(f"{ANSWERERS}.derivatives", "torch.autograd")


def test_the_line_of_what_answers_is_no_line_of_the_program(in_time: Stage) -> None:
    in_time.look(ANSWERERS)
    told = in_time.told()
    assert (told.line, told.finishing) == (None, False)


def test_without_a_program_there_is_nothing_to_interrupt(late: Stage) -> None:
    late.look(OBSERVERS)
    assert late.told().finishing


def test_before_the_program_it_does_not_say_that_it_is_over(in_time: Stage) -> None:
    in_time.look(OBSERVERS)
    assert not in_time.told().finishing


def test_a_folder_with_too_many_files_interrupts(in_time: Stage, tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / str(number)).touch()
    in_time.look(PROGRAM_FILENAME)
    (tmp_path / "one more").touch()
    with pytest.raises(Interrupted, match="made more than 10 files and folders"):
        in_time.look(PROGRAM_FILENAME)


def test_a_folder_with_too_much_in_it_interrupts(in_time: Stage, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (2 << 20))
    with pytest.raises(Interrupted, match="wrote more than 1 MiB into its folder"):
        in_time.look(PROGRAM_FILENAME)


def test_observers_are_not_interrupted_by_a_full_folder(in_time: Stage, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (2 << 20))
    in_time.look(PROGRAM_FILENAME, OBSERVERS)
    assert [type(one) for one in in_time.asked] == [Interrupted]


def test_a_message_of_another_thread_does_not_keep_it_from_interrupting(late: Stage) -> None:
    late.channel._holder = threading.get_ident() + 1
    with pytest.raises(Interrupted):
        late.look(PROGRAM_FILENAME)


def test_stop_is_a_time_that_is_over(in_time: Stage) -> None:
    def press(frame: Any) -> None:
        in_time.watch._stop(STOP, frame)

    with pytest.raises(Interrupted, match=STOPPED):
        exec(compile("press(frame())", PROGRAM_FILENAME, "exec"), {"press": press, "frame": sys._getframe})


def test_a_message_is_never_torn(late: Stage) -> None:
    late.channel._holder = threading.get_ident()
    late.look(PROGRAM_FILENAME)
    assert late.told().line is None


def test_nothing_is_interrupted_after_the_end(late: Stage) -> None:
    late.watch.finish()
    late.look(PROGRAM_FILENAME)
    assert late.told().finishing
