"""Marked code does what the program does, and says which line it is at."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
import warnings
from functools import partial
from typing import Any

import pytest
import torch

from components.source.compiler import compile_program
from components.source.line_marks import ELEMENT, ENTERED, LEFT, LINE, PAUSED, RESUMED
from tests.program_texts import PROGRAMS


def marks_of(source: str) -> list[str]:
    """Run marked code; a line is told by its number, a function's begin and end by brackets, the pauses of a
    generator by others, an element of a comprehension by a plus."""
    told: list[str] = []

    def tell(sign: str, value: object) -> object:
        told.append(sign)
        return value

    variables: dict[str, Any] = {
        LINE: lambda first, last: told.append(f"{first}" if first == last else f"{first}-{last}"),
        ENTERED: lambda: told.append("("),
        LEFT: lambda: told.append(")"),
        PAUSED: partial(tell, "<"),
        RESUMED: partial(tell, ">"),
        ELEMENT: partial(tell, "+"),
    }
    exec(compile_program(textwrap.dedent(source).lstrip(), marked=True).code, variables)
    return told


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ("a = 1\nb = 2", "1 2"),
        ("a = 1; b = 2", "1"),
        ("a = max(\n    1,\n    2,\n)", "1-4"),
        ('"""Text."""\npass\na = 1', "3"),
        ("for i in range(2):\n    a = i", "1 2 1 2 1"),
        ("for i in range(2):\n    if i:\n        continue\n    a = i", "1 2 4 1 2 3 1"),
        ("for i in range(3):\n    break\nelse:\n    a = 1", "1 2"),
        ("i = 0\nwhile i < 1:\n    i += 1", "1 2 3 2"),
        ("while True:\n    break", "2"),
        ("for i in range(1):\n    def f():\n        for j in range(1):\n            continue\n    f()",
         "1 2 5 ( 3 4 3 ) 1"),
        ("if 0 + 0:\n    a = 1\nelif 1 + 0:\n    a = 2", "1 3 4"),
        ("for i in range(2): a = i; b = a", "1 1 1"),
        ("if 1 + 0: a = 1\nb = 2", "1 2"),
        ("if True:\n    a = 1", "2"),
        ("def f(x):\n    'Text.'\n    return x\nf(\n    f(1)\n)", "1 4-6 ( 3 ) ( 3 )"),
        ("try:\n    a = 1 / 0\nexcept ZeroDivisionError:\n    a = 2\nfinally:\n    b = 3", "1 2 4 6"),
        ("class A:\n    b = 1\n    def c(self):\n        return 2\nA().c()", "1 2 3 5 ( 4 )"),
        ("def g():\n    yield 1\n    yield 2\nfor x in g():\n    y = x", "1 4 ( 2 < 5 4 > 3 < 5 4 > )"),
        ("def g():\n    x = yield\n    yield x\na = g()\nnext(a)\na.send(1)\na.close()", "1 4 5 ( 2 < 6 > 3 < 7 )"),
        ("for i in range(2):\n    try:\n        continue\n    finally:\n        a = i", "1 2 3 5 2 3 5"),
        ("for i in range(2):\n    try:\n        continue\n    except ValueError:\n        a = i", "1 2 3 1 2 3 1"),
        ("a = [i for i in range(2)]\nfor i in [j for j in range(1)]:\n    b = sum(k for k in range(2))",
         "1 + + 2 + 3 + + 2"),
        ("f = lambda v: [i for i in v]\na = f([1]) if f([2]) else {0 for _ in f([])}", "1 2 + +"),
        ("match 2:\n    case 1:\n        a = 1\n    case _:\n        a = 2", "1 5"),
        ("def f():\n    raise ValueError\ntry:\n    f()\nexcept ValueError:\n    pass", "1 3 4 ( 2 )"),
    ],
)  # fmt: skip
def test_marks(source: str, marks: str) -> None:
    assert marks_of(source) == marks.split()


@pytest.mark.parametrize("name", PROGRAMS)
def test_marked_code_does_the_same(name: str) -> None:
    assert outcome(PROGRAMS[name], marked=True) == outcome(PROGRAMS[name], marked=False)


def outcome(source: str, *, marked: bool) -> tuple[str, tuple[type, str, int | None] | None]:
    """Return what a program prints, and the kind, message and line of its exception."""
    torch.manual_seed(0)
    same = dict.fromkeys((PAUSED, RESUMED, ELEMENT), lambda value: value)
    nothing = {LINE: lambda first, last: None, ENTERED: lambda: None, LEFT: lambda: None, **same}
    compiled = compile_program(source, marked=marked)
    printed, problem = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compiled.code, {"__name__": "__main__", **nothing})
    except Exception as error:
        within = error.__traceback__.tb_next if error.__traceback__ else None
        problem = type(error), str(error), within.tb_lineno if within else None
    torch.set_default_dtype(torch.float32)
    return _without_addresses(printed.getvalue()), problem


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)
