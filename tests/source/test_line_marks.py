"""Marked code does what the program does, and says which line it is at."""

from __future__ import annotations

import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from components.source.runtime import program_globals

from components.source.compiler import compile_program
from components.source.line_marks import ELEMENT, ENTERED, LEFT, LINE, PAUSED, RESUMED

PROGRAMS = sorted((Path(__file__).parents[1] / "programs").glob("*.py"))


def marks_of(source: str) -> list[str]:
    """Run marked code; a line is told by its number, a function's begin and end by brackets, the pauses of a
    generator by others, an element of a comprehension by a plus."""
    told: list[str] = []

    def tell(sign: str, value: object) -> object:
        told.append(sign)
        return value

    variables: dict[str, Any] = program_globals(lambda text: None) | {
        LINE: lambda first, last: told.append(f"{first}" if first == last else f"{first}-{last}"),
        ENTERED: lambda: told.append("("),
        LEFT: lambda: told.append(")"),
        PAUSED: partial(tell, "<"),
        RESUMED: partial(tell, ">"),
        ELEMENT: partial(tell, "+"),
    }
    exec(compile_program(textwrap.dedent(source).lstrip(), marked=True), variables)
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


def test_a_program_cannot_name_the_calls() -> None:
    for name in (LINE, ENTERED, LEFT, PAUSED, RESUMED, ELEMENT):
        with pytest.raises(Exception, match="is not available here"):
            compile_program(f"{name}(1, 1)\n", marked=True)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_marked_code_does_the_same(path: Path) -> None:
    outcomes = []
    for marked in (False, True):
        import torch

        torch.manual_seed(0)
        printed: list[str] = []
        same = dict.fromkeys((PAUSED, RESUMED, ELEMENT), lambda value: value)
        nothing = {LINE: lambda first, last: None, ENTERED: lambda: None, LEFT: lambda: None, **same}
        problem: tuple[type, str, int | None] | None = None
        try:
            exec(
                compile_program(path.read_text(encoding="utf-8"), marked=marked),
                program_globals(printed.append) | nothing,
            )
        except Exception as error:
            line = (
                error.__traceback__.tb_next.tb_lineno if error.__traceback__ and error.__traceback__.tb_next else None
            )
            problem = type(error), str(error), line
        outcomes.append(("".join(printed), problem))
        torch.set_default_dtype(torch.float32)
    assert outcomes[0] == outcomes[1]
