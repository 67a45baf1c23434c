"""What the tests of capture share: running a program in this process."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from components.capture import capture_program
from components.trace import Caps, Program, Trace

Capture = Callable[..., Trace]


@pytest.fixture
def capture() -> Capture:
    """Run a program that is expected to reach its end (``fails=True``: not to) and return its trace."""

    def run(source: str, *, caps: Caps = Caps(), fails: bool = False) -> Trace:
        trace = capture_program(Program(source=textwrap.dedent(source).lstrip()), caps)
        assert (trace.failure is not None) is fails, trace.failure
        return trace

    return run
