"""Code that runs as its text says: Python's own lines, and the values of cells that a notebook shows."""

from __future__ import annotations

import sys
import textwrap
import traceback
import warnings
from types import CodeType, FrameType
from typing import Any

import pytest

from components.source import PROGRAM_FILENAME, SourceTooLarge
from components.source.compiler import VALUE, compile_program


def shown(source: str) -> list[object]:
    """Run a program and return the values of its cells."""
    values: list[object] = []
    exec(compile_program(textwrap.dedent(source).lstrip()).code, {VALUE: values.append})
    return values


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("1 + 1", [2]),
        ("a = 1\na", [1]),
        ("a = 1", []),
        ("1\n2\n3", [3]),
        ("3;", []),
        ("3 ;  # not this", []),
        ("3  # a comment; with a semicolon", [3]),
        ("'a;'", ["a;"]),
        ("'é' * 2;", []),
        ("'é' * 2", ["éé"]),
        ("1; 2", [2]),
        ("1; 2;", []),
        ("3\n\n# a comment after it\n\n", [3]),
        ("(\n    1 +\n    2\n)", [3]),
        ("(\n    1 +\n    2\n);", []),
        ("[\n    1,\n]  # why", [[1]]),
        ("None", [None]),
        ("if True:\n    5", []),
        ("for i in range(3):\n    i", []),
        ("def f():\n    7\nf()", [None]),
        ("x = y = 4\nx, y", [(4, 4)]),
        ("pass", []),
        ("# nothing", []),
    ],
)
def test_the_last_value_of_a_cell_is_shown_unless_a_semicolon_ends_it(cell: str, values: list[object]) -> None:
    assert shown(f"# %%\n{cell}\n") == values
    assert shown(f"# %%\n{cell}\n# %%\nz = 1\n") == values
    assert shown(f"# %%\nz = 1\n# %%\n{cell}") == values


def test_each_cell_shows_its_own_value() -> None:
    assert shown("""
        0  # above the first marker
        # %%
        a = 1
        a
        # %% no value
        b = 2
        # %%
        a + b
        """) == [0, 1, 3]


def test_a_marker_inside_an_expression_ends_no_cell() -> None:
    assert shown("# %%\na = [1,\n# %%\n2]\na[0]\n") == [1]


def test_a_program_without_markers_shows_nothing() -> None:
    assert shown("1 + 1\n'text'\n") == []


def test_marked_code_shows_nothing() -> None:
    compiled = compile_program("# %%\n1 + 1\n", marked=True)
    assert VALUE not in compiled.code.co_names


def test_the_text_has_what_was_left_out_and_where_cells_begin() -> None:
    compiled = compile_program("# %%\n!ls\na = 1\n# %%\na\n")
    assert [(out.line, out.text) for out in compiled.left_out] == [(2, "!ls")]
    assert compiled.cells == (1, 4)
    assert compiled.text == "# %%\npass\na = 1\n# %%\na\n"


@pytest.mark.parametrize(
    "source",
    [
        "return 1\n",
        "x = 1\nbreak\n",
        "def f():\n    nonlocal z\n",
        "from __future__ import nothing_here\n",
        "a = 1\nawait a\n",
    ],
)
def test_what_only_the_compiler_refuses_is_a_syntax_error_with_its_line(source: str) -> None:
    with pytest.raises(SyntaxError) as plain:
        compile(source, "<plain>", "exec", dont_inherit=True)
    with pytest.raises(SyntaxError) as caught:
        compile_program(source)
    assert (caught.value.msg, caught.value.lineno) == (plain.value.msg, plain.value.lineno)


def test_what_the_compiler_cannot_stack_is_too_large() -> None:
    with pytest.raises((SourceTooLarge, SyntaxError)):
        compile_program("".join(f"{' ' * depth}for i in a:\n" for depth in range(120)) + " " * 120 + "pass\n")


def test_a_futures_import_is_the_programs_and_none_of_ours() -> None:
    names: dict[str, Any] = {}
    exec(compile_program("from __future__ import annotations\ndef f(x: nothing): pass\n").code, names)
    assert names["f"].__annotations__ == {"x": "nothing"}
    with pytest.raises(NameError):
        exec(compile_program("def f(x: nothing): pass\n").code, {})


def test_reading_a_program_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compile_program("x = 1\nx is 1\n'\\d'\n").left_out == ()


# --- lines

SOURCE = textwrap.dedent(
    """
    # %%
    import functools
    import math

    @staticmethod
    def unused(): pass

    class Net:
        size: int = 3

        def __init__(self):
            self.w = sum([
                1,
            ])

        @functools.lru_cache
        def __call__(self, x):
            return (
                self.w
                * x
            )

    net = Net()
    total = 0
    for i in range(2):
        total += net(
            i
        )
    total
    # %%
    with open("/dev/null"):
        net.w -= 0.1
    match i:
        case 1:
            del i
    (
        total +
        1
    )
    """
)


def lines_of(code: CodeType, names: dict[str, Any]) -> list[tuple[str, int]]:
    """Every line that Python reports of the frames that carry the code's file name: function and line."""
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
        exec(code, names)
    finally:
        sys.settrace(before)
    return seen


def test_the_lines_are_those_of_plain_python() -> None:
    plain = lines_of(compile(SOURCE, "<plain>", "exec", dont_inherit=True), {})
    assert lines_of(compile_program(SOURCE).code, {VALUE: str}) == plain


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n\nclass A:\n    y = 1\n    z = 1 / 0\n", 5),
        ("def f(a,\n      b):\n    return (a +\n            b.nothing)\nf(1,\n  2)\n", 4),
        ("import math\n\nimport json, nothing_here\n", 3),
        ("x = 1\nx.real.nothing = 2\n", 2),
        ("# %%\n\n(1 /\n 0)\n", 3),
        ("!ls\n1 / 0\n", 2),
    ],
)
def test_an_exception_comes_from_its_line(source: str, line: int) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(compile_program(source).code, {VALUE: str})
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == PROGRAM_FILENAME]
    assert frames[-1].lineno == line
