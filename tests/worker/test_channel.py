"""The child's half of the pipe, read back by the parent's."""

from __future__ import annotations

import os

import pytest

from components.worker.channel import Channel
from components.worker.limits import Limits
from components.worker.stream import ChildStream


def sent(texts: list[str], chars: int) -> ChildStream:
    """Return what the parent knows after a program printed these texts."""
    read, write = os.pipe()
    channel = Channel(write, chars)
    for text in texts:
        channel.output(text)
    os.close(write)
    stream = ChildStream(Limits(stdout_chars=chars))
    with os.fdopen(read, "rb") as pipe:
        stream.feed(pipe.read())
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
    stream = sent(texts, chars)
    assert (stream.stdout, stream.stdout_truncated) == (stdout, truncated)
