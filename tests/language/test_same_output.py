"""Programs as people write them print in the language what they print in plain Python, letter by letter."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from components.language.compiler import compile_program
from tests.language.conftest import Run

_TEXT = (Path(__file__).parent / "snippets.txt").read_text(encoding="utf-8")
SNIPPETS = [part.split("\n", 1) for part in _TEXT.split("\n# %% ")[1:]]


@pytest.mark.parametrize(("name", "source"), SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_prints_what_plain_python_prints(name: str, source: str, run: Run, plain: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = plain(source)
        assert run(source) == expected
    assert expected, "a program that prints nothing compares nothing"


def test_a_byte_order_mark_is_no_part_of_the_program(run: Run) -> None:
    assert run("\ufeffprint(1)") == "1\n"


def test_ends_of_lines_may_be_of_any_kind(run: Run) -> None:
    assert run("if True:\r\n    print(1)\r\nprint(2)\r\n") == "1\n2\n"


def test_an_empty_program_is_one() -> None:
    assert compile_program("").co_filename == "<program>"


def test_annotations_are_never_evaluated(run: Run) -> None:
    program = """
        z: undefined_thing[1, 2]
        def f(a: undefined, b: print("never") = 2, *c: nothing, **d: nothing) -> whatever: return a + b
        class C:
            v: missing_name
            w: print("never") = 4
        print(f(1), C.w)
    """
    assert run(program) == "3 4\n"
