"""A run as a page sees it: from a program to its checked trace, beside a process that is forked to say one word."""

from __future__ import annotations

import os
import sys

import msgspec

from bench.programs import LESSON, PLOT, PRINT
from bench.timing import Row, medians
from components.trace import Program
from components.worker import Pool

ROUNDS = 30


def fork_and_pipe() -> bytes:
    """Fork a child that writes a few bytes to a pipe and ends."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"hello\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def rows() -> list[Row]:
    """Measure the round trips."""
    pool = Pool()
    pool.wait_warm()

    def run(source: str) -> str:
        trace = pool.run(Program(source=source))
        assert trace.failure is None, trace.failure
        return trace.stdout

    jobs = [fork_and_pipe, lambda: run(PRINT), lambda: run(LESSON), lambda: run(PLOT)]
    bare, printing, lesson, plot = medians(jobs, ROUNDS)
    pool.close()
    return [
        Row("round trip of print(1)", printing, "fork and pipe", bare, "60 ms"),
        Row("round trip of lesson 4", lesson, "fork and pipe", bare, "60 ms"),
        Row("round trip of a first plot", plot, "that of lesson 4", lesson, "150 ms"),
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
