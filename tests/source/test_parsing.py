"""The door through which strangers' text is read: what is too large, what notebooks have beside Python, real errors."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.source import parsing
from components.source.parsing import SourceLimits, SourceTooLarge, parse, parse_expression

DEEP = [
    "x = " + "-" * 20_000 + "1",
    "x = " + "(" * 3_000 + ")" * 3_000,
    "x = " + "[" * 400 + "]" * 400,
    "x = " + "not " * 5_000 + "1",
    "x = " + "lambda: " * 5_000 + "1",
    "x = " + "1 + " * 10_000 + "1",
    "x = y" + ".a" * 10_000,
    "x = y" + "[0]" * 10_000,
    "if a: pass\n" + "elif a: pass\n" * 2_500,
    "x = " + "1 if a else " * 3_000 + "1",
    "x = f'" + "{a}" * 10 + "' " + "+ f'{-a}'" * 3_000,
]


@pytest.mark.parametrize("source", DEEP, ids=[source[:20].replace("\n", " ") for source in DEEP])
def test_what_nests_too_deeply_is_refused_without_a_crash(source: str) -> None:
    with pytest.raises((SourceTooLarge, SyntaxError)):
        parse(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x" * 11, "has 11 characters; 10 are allowed"),
        ("\n" * 4, "has 5 lines; 4 are allowed"),
        ("[[[[1]]]]", "nested more than 4 levels deep"),
    ],
)
def test_a_program_past_a_limit_is_refused_with_the_limit(source: str, message: str) -> None:
    with pytest.raises(SourceTooLarge, match=message):
        parse(source, SourceLimits(max_chars=10, max_lines=4, max_nesting=4))


def test_a_program_at_each_limit_is_read() -> None:
    limits = SourceLimits(max_chars=10, max_lines=4, max_nesting=5)
    assert parse("[[1]]\n\n\n  ", limits).text == "[[1]]\n\n\n  "


def test_an_expression_is_bounded_too() -> None:
    assert isinstance(parse_expression("1 + 2"), ast.BinOp)
    with pytest.raises(SourceTooLarge):
        parse_expression("(" * 5_000)
    with pytest.raises(SourceTooLarge):
        parse_expression("1" * 60_000)
    with pytest.raises(SyntaxError):
        parse_expression("a\0b")
    with pytest.raises(SyntaxError):
        parse_expression("x = 1")


def test_a_byte_order_mark_is_no_part_of_the_program() -> None:
    assert parse("\ufeffx = 1\n").text == "x = 1\n"


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_what_is_no_character_is_a_syntax_error_with_its_line(character: str) -> None:
    with pytest.raises(SyntaxError, match="source code cannot contain null bytes") as caught:
        parse(f"a = 1\nb = '{character}'\n")
    assert caught.value.lineno == 2


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_ends_of_lines_may_be_of_any_kind(end: str) -> None:
    read = parse(f"if 1:{end}    a = 1{end}b = 2{end}")
    assert [statement.lineno for statement in read.tree.body] == [1, 3]
    assert parse(f"# %%{end}%time{end}# %%{end}a{end}").cells == (1, 3)
    with pytest.raises(SyntaxError) as caught:
        parse(f"a = 1{end}b = = 2{end}")
    assert caught.value.lineno == 2


# --- notebooks' commands


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "%time",
        "%%time",
        "%%capture out",
        "!pip install torch",
        "!ls -la | head",
        "?torch.sin",
        "torch.sin?",
        "torch.sin??",
        "torch.*sin*?",
        "files = !ls",
        "files, more = !ls *.py",
        "files = %who_ls",
        "%load_ext autoreload",
        "% matplotlib inline",
    ],
)
def test_a_command_of_a_notebook_is_left_out_and_told(line: str) -> None:
    read = parse(f"a = 1\n{line}\nb = 2\n")
    assert [(out.line, out.text) for out in read.left_out] == [(2, line)]
    assert [statement.lineno for statement in read.tree.body] == [1, 2, 3]
    assert read.text.split("\n") == ["a = 1", "pass", "b = 2", ""]


def test_a_command_inside_a_block_leaves_the_block_whole() -> None:
    read = parse("for i in range(2):\n    !echo $i\nif 1:\n\t%time x = 1\nb = 2\n")
    assert [out.line for out in read.left_out] == [2, 4]
    assert [type(statement).__name__ for statement in read.tree.body] == ["For", "If", "Assign"]


def test_a_command_goes_on_over_backslashes() -> None:
    read = parse("!pip install \\\n    torch \\\n    numpy\nb = 2\n")
    assert [out.line for out in read.left_out] == [1, 2, 3]
    assert [statement.lineno for statement in read.tree.body if isinstance(statement, ast.Assign)] == [4]


def test_a_cell_in_another_language_is_left_out_to_its_end() -> None:
    source = """
        # %%
        a = 1
        # %%
        %%bash
        for f in *; do echo $f; done
        ls
        # %%
        b = 2
        """
    read = parse(textwrap.dedent(source).lstrip())
    assert [out.line for out in read.left_out] == [4, 5, 6]
    assert [statement.lineno for statement in read.tree.body if isinstance(statement, ast.Assign)] == [2, 8]
    assert read.cells == (1, 3, 7)


def test_a_last_cell_in_another_language_is_left_out_to_the_end() -> None:
    read = parse("a = 1\n%%html\n<b>text</b>\n<i>")
    assert [out.line for out in read.left_out] == [2, 3, 4]
    assert len(read.text.split("\n")) == 4


def test_a_cell_in_another_language_may_be_indented() -> None:
    read = parse("%%bash\nfor f in *; do\n    echo $f\ndone\n# %%\na = 1\n")
    assert [out.line for out in read.left_out] == [1, 2, 3, 4]
    assert read.text == "pass\n\n\n\n# %%\na = 1\n"


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 3", "%%capture", "%%prun", "%%python3"])
def test_a_cell_magic_above_python_is_left_out_alone(magic: str) -> None:
    read = parse(f"{magic}\na = 1\nb = 2\n")
    assert [out.line for out in read.left_out] == [1]
    assert len([statement for statement in read.tree.body if isinstance(statement, ast.Assign)]) == 2


@pytest.mark.parametrize(
    "source",
    [
        'text = """\n%matplotlib inline\n!ls\nx?\n"""\n',
        "y = (a\n  % b)\n",
        "y = (a\n!= b)\n",
        "print(f'''\n!r\n''')\n",
        "y = a \\\n  % b\n",
    ],
)
def test_lines_that_only_look_like_commands_stay(source: str) -> None:
    read = parse(source)
    assert (read.text, read.left_out) == (source, ())


def test_lines_of_a_text_stay_where_commands_are_left_out_beside_it() -> None:
    read = parse('%time\ntext = """\n%time\n!ls\n"""\n')
    assert [out.line for out in read.left_out] == [1]
    (value,) = (ast.literal_eval(one.value) for one in read.tree.body if isinstance(one, ast.Assign))
    assert value == "\n%time\n!ls\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("%matplotlib inline\nx = = 1\n", 2),
        ("!pip install torch\nfor i in range(3)\n    pass\n", 2),
        ("x = (1,\n%time\n", 1),
        ("def f(:\n    pass\n%time\n", 1),
        ("a = 1\nb = c d\n!ls\n", 2),
    ],
)
def test_a_real_mistake_near_a_command_keeps_pythons_message_and_line(source: str, line: int) -> None:
    without = "\n".join("pass" if one[:1] in "%!" and one else one for one in source.split("\n"))
    with pytest.raises(SyntaxError) as plain:
        compile(without, "<plain>", "exec")
    with pytest.raises(SyntaxError) as caught:
        parse(source)
    assert caught.value.lineno == line
    if "(1," not in source:
        assert (caught.value.msg, caught.value.lineno) == (plain.value.msg, plain.value.lineno)


def test_who_needs_every_line_gets_no_commands_left_out() -> None:
    with pytest.raises(SyntaxError):
        parse("%time\n", commands=False)


def test_a_program_of_commands_alone_is_read() -> None:
    assert len(parse("!ls\n" * 600).left_out) == 600


# --- cells


@pytest.mark.parametrize("marker", ["# %%", "#%%", "# %% a title", "# In[3]:", "# In [ ]:"])
def test_markers_of_cells(marker: str) -> None:
    assert parse(f"{marker}\na = 1\n\n{marker}\nb = 2\n").cells == (1, 4)


def test_a_comment_or_a_text_in_a_line_is_no_marker() -> None:
    assert parse("a = 1  # %%\n    # %%\nb = '# %%'\n").cells == ()


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = parse(text)
    except (SyntaxError, SourceTooLarge):
        return
    assert len(read.text.split("\n")) == len(re.split(r"\r\n|\r|\n", text))


def test_many_commands_are_taken_out_in_a_few_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[str] = []
    read = parsing._read

    def counted(text: str) -> ast.Module:
        readings.append(text)
        return read(text)

    monkeypatch.setattr(parsing, "_read", counted)
    lines = [f"%magic {number}" if number % 2 else f"x{number} = {number}" for number in range(800)]
    found = parsing.parse("\n".join(lines))
    assert [one.line for one in found.left_out] == list(range(2, 801, 2))
    assert len(readings) <= 10
