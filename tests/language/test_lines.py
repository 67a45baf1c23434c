"""Compiled code keeps the lines of its source, and only its own frames carry the program's file name."""

from __future__ import annotations

import sys
import textwrap
import traceback
from types import FrameType
from typing import Any

import pytest

from components.language import PROGRAM_FILENAME
from components.language.compiler import compile_program
from components.language.runtime import program_globals

SOURCE = textwrap.dedent(
    """
    import torch
    from torch import nn, optim

    @staticmethod
    def unused(): pass

    class Net(nn.Module):
        size: int = 3

        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(
                torch.ones(2)
            )

        def forward(self, x):
            return (
                self.w
                * x
            )

    net = Net()
    total = 0
    for i in range(2):
        total += net(torch.ones(2)).sum()
    total.backward()
    with torch.no_grad():
        net.w -= 0.1
    match i:
        case 1:
            del i
    """
)


def lines_of(code: Any, scope: dict[str, Any]) -> list[tuple[str, int]]:
    """Every line event of the frames that carry the code's file name: function and line."""
    seen: list[tuple[str, int]] = []

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != code.co_filename:
            return None
        if event == "line":
            seen.append((frame.f_code.co_name, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        exec(code, scope)
    finally:
        sys.settrace(before)
    return seen


def test_line_events_are_those_of_plain_python() -> None:
    plain = lines_of(compile(SOURCE, "<plain>", "exec", dont_inherit=True), {"__name__": "__main__"})
    ours = lines_of(compile_program(SOURCE), program_globals(lambda text: None))
    # A class whose annotations plain Python evaluates visits the same lines; no line is visited that is not there.
    assert [step for step in ours if step[0] != "Net"] == [step for step in plain if step[0] != "Net"]
    assert {line for name, line in ours if name == "Net"} == {line for name, line in plain if name == "Net"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n\nclass A:\n    y = 1\n    z = 1 / 0\n", 5),
        ("\n\nclass A(int):\n    pass\n", 3),
        ("def f(a,\n      b):\n    return (a +\n            b.nothing)\nf(1,\n  2)\n", 4),
        ("import torch\n\nimport torch.nn, nothing_here\n", 3),
        ("x = [1,\n     2,\n     3][\n    7]\n", 1),
        ("x = 1\nx.real.nothing = 2\n", 2),
    ],
)
def test_an_exception_comes_from_its_line(source: str, line: int) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(compile_program(source), program_globals(lambda text: None))
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == PROGRAM_FILENAME]
    assert frames[-1].lineno == line


def test_global_names_that_are_not_the_programs_are_marked() -> None:
    scope = program_globals(lambda text: None)
    exec(compile_program("x = 1"), scope)
    assert {name for name in scope if not (name.startswith("_") and name.endswith("_"))} == {"x"}


def test_two_programs_share_no_names() -> None:
    first, second = program_globals(lambda text: None), program_globals(lambda text: None)
    exec(compile_program("x = 1\nlen = 5\ndef f(): pass"), first)
    with pytest.raises(NameError):
        exec(compile_program("x"), second)
    exec(compile_program("assert len([1]) == 1"), second)
