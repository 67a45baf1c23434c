"""What the tests of capture share: running a program in this process, and once more for its memory."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from components.capture import capture_program
from components.trace import Caps, Program, Trace
from tests.capture.memory_reading import measured

Capture = Callable[..., Trace]


@pytest.fixture
def capture() -> Capture:
    """Run a program that is expected to reach its end (``fails=True``: not to) and return its trace."""

    def run(source: str, *, caps: Caps = Caps(), fails: bool = False) -> Trace:
        trace = capture_program(Program(source=textwrap.dedent(source).lstrip()), caps)
        assert (trace.failure is not None) is fails, trace.failure
        return trace

    return run


@pytest.fixture
def measure(capture: Capture) -> Capture:
    """Do what ``capture`` does, then run the program once more and put its memory into the trace."""

    def run(source: str, *, caps: Caps = Caps(), fails: bool = False) -> Trace:
        return measured(capture(source, caps=caps, fails=fails), caps)

    return run
