"""The child's half of the pipe, read back by the parent's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from components.worker.channel import Channel
from components.worker.limits import Limits
from components.worker.messages import OUTPUT_CHARS, Problem
from components.worker.stream import ChildStream

PROBLEM = Problem("crashed", "x")


def told(talk: Callable[[Channel], None], chars: int = 10_000) -> ChildStream:
    """Return what the parent knows after a child has talked, however much it was."""
    read, write = os.pipe()
    stream = ChildStream(Limits(stdout_chars=chars))

    def listen() -> None:
        with os.fdopen(read, "rb", buffering=0) as pipe:
            while data := pipe.read(1 << 16):
                stream.feed(data)

    parent = threading.Thread(target=listen)
    parent.start()
    talk(Channel(write, chars))
    os.close(write)
    parent.join()
    assert stream.broken is None
    return stream


@pytest.mark.parametrize(
    ("texts", "chars", "stdout", "truncated"),
    [
        (["1\n", "2\n"], 10, "1\n2\n", False),
        (["abc"], 3, "abc", False),
        (["abc", "d"], 3, "abc", True),
        (["abcd", "e"], 3, "abc", True),
        (["", "a"], 3, "a", False),
        (["x" * 10_000], 20_000, "x" * 10_000, False),
        (["x" * 10_000], 5_000, "x" * 5_000, True),
        (["é\u2028\U0001f600\x00"], 10, "é\u2028\U0001f600\x00", False),
        (["\ud800"], 10, "\\ud800", False),
    ],
)
def test_output_arrives_up_to_the_limit(texts: list[str], chars: int, stdout: str, truncated: bool) -> None:
    def talk(channel: Channel) -> None:
        for text in texts:
            channel.output(text)
        channel.flush()

    stream = told(talk, chars)
    assert (stream.stdout, stream.stdout_truncated) == (stdout, truncated)


def test_output_goes_with_the_end_of_its_line() -> None:
    def talk(channel: Channel) -> None:
        channel.output("a")
        channel.output("b\nc")
        channel.output("not sent")

    assert told(talk).stdout == "ab\nc"


def test_output_goes_without_an_end_of_its_line_when_there_is_much_of_it() -> None:
    def talk(channel: Channel) -> None:
        for _ in range(450):
            channel.output("a")

    assert told(talk).stdout == "a" * 400


@pytest.mark.parametrize("last", [lambda channel: channel.result(b"{}"), lambda channel: channel.problem(PROBLEM)])
def test_what_waits_goes_before_the_last_message_and_nothing_after_it(last: Callable[[Channel], None]) -> None:
    def talk(channel: Channel) -> None:
        channel.output("before")
        last(channel)
        channel.output("after\n")
        channel.flush()
        channel.line(9)
        channel.fault("late")
        channel.finishing()

    stream = told(talk)
    assert (stream.stdout, stream.line, stream.faults, stream.finishing) == ("before", None, [], False)
    assert stream.over


def test_threads_print_while_the_result_is_sent() -> None:
    result = b"x" * 1_000_000

    def talk(channel: Channel) -> None:
        def prints(name: str) -> None:
            for number in range(2_000):
                channel.output(f"{name}{number}\n")

        threads = [threading.Thread(target=prints, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        threads[0].join()
        channel.result(result)
        for thread in threads[1:]:
            thread.join()

    stream = told(talk, chars=1 << 20)
    assert stream.result is not None
    assert stream.result.unpacked() == result
    lines = stream.stdout.splitlines()
    assert len(set(lines)) == len(lines)
    assert [line for line in lines if line.startswith("a")] == [f"a{number}" for number in range(2_000)]


def test_a_thread_is_busy_only_within_its_own_message() -> None:
    busy: list[bool] = []

    class Asking(Channel):
        def _flush(self) -> None:
            busy.append(self.busy)
            other = threading.Thread(target=lambda: busy.append(self.busy))
            other.start()
            other.join()
            super()._flush()

    channel = Asking(os.open(os.devnull, os.O_WRONLY), 10)
    channel.flush()
    assert [*busy, channel.busy] == [True, False, False]
    os.close(channel._descriptor)


def test_faults_are_few_and_short() -> None:
    def talk(channel: Channel) -> None:
        for number in range(100):
            channel.fault(f"{number} \ud800\xe9" * 10_000)

    faults = told(talk).faults
    assert len(faults) == 20
    assert {len(text) for text in faults} == {OUTPUT_CHARS}
    assert "19 \\ud800" in faults[-1]
