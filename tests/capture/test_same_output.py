"""Programs as people write them print under observers what they print in plain Python, letter by letter."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from pathlib import Path

import numpy
import pytest
import torch

from components.capture import capture_program
from components.trace import Program

_TEXT = (Path(__file__).parent / "snippets.txt").read_text(encoding="utf-8")
SNIPPETS = [part.split("\n", 1) for part in _TEXT.split("\n# %% ")[1:]]


def fresh() -> None:
    """Put every generator and setting where a run finds it."""
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
    torch.set_grad_enabled(True)
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)


@pytest.mark.parametrize(("name", "source"), SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_prints_what_plain_python_prints(name: str, source: str) -> None:
    fresh()
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        exec(compile(source, "<plain>", "exec", dont_inherit=True), {"__name__": "__main__"})
    fresh()
    trace = capture_program(Program(source=source))
    fresh()
    assert trace.failure is None
    assert trace.stdout == printed.getvalue()
    assert trace.stdout, "a program that prints nothing compares nothing"
    assert trace.notes == []
