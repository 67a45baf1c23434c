"""What the tests of the language share: running a program as the child process does, and as plain Python does."""

from __future__ import annotations

import contextlib
import io
import random
import textwrap
from collections.abc import Callable, Iterator

import numpy
import pytest
import torch
from components.source.runtime import program_globals

from components.source.compiler import compile_program

Run = Callable[[str], str]


def _fresh() -> None:
    """Put every generator and setting where a run finds it."""
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
    torch.set_grad_enabled(True)
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)


@pytest.fixture(autouse=True)
def _pytorch_left_alone() -> Iterator[None]:
    """A program may change PyTorch's settings: the next test finds them as they were."""
    yield
    _fresh()


@pytest.fixture
def run() -> Run:
    """Run a program in the language and return what it printed; its exception comes through."""

    def run(source: str) -> str:
        printed: list[str] = []
        _fresh()
        exec(compile_program(textwrap.dedent(source)), program_globals(printed.append))
        return "".join(printed)

    return run


@pytest.fixture
def plain() -> Run:
    """Run a program in plain Python and return what it printed."""

    def run(source: str) -> str:
        printed = io.StringIO()
        _fresh()
        with contextlib.redirect_stdout(printed):
            exec(compile(textwrap.dedent(source), "<plain>", "exec", dont_inherit=True), {"__name__": "__main__"})
        return printed.getvalue()

    return run
