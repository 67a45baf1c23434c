"""Whatever the text: nothing raises, and each variant is the program with one thing changed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.source.variants import MOST, SWITCHES, variants
from tests.program_texts import PROGRAMS
from tests.source.variants.made import HEAD

NEW_LINE = re.compile(r"\r\n|\r|\n")
# What the lines of a program are put together from; `{b}` is the body of a block, `{n}` a name.
STATEMENTS = [
    "{n} = {n} * 2",
    "{n} = ({n} + é)  # ü",
    "{n} = {n} + {n}",
    "é += {n}.sin()",
    "{n} = é = torch.relu({n})",
    "{n} = f({n}, 'ß')",
    "{n} = f({n}).detach() + 1; {n}.backward()",
    "{n}.sum().backward(\n  # why\n  retain_graph=True,\n)",
    "{n}.backward(retain_graph=False, create_graph=True)",
    "{n} = torch.utils.checkpoint.checkpoint(f, {n}, use_reentrant=False)",
    '{n} = g("""ü\n  ü""", {n} * 2,\n{n})',
    "{n} = \\\n  {n} \\\n  * 2",
    "opt.zero_grad()",
    "net = torch.nn.Sequential(torch.nn.ReLU(),\n    torch.nn.Dropout())",
    "print(f'é{(  {n} * 2)}')",
    "return {n} * é",
    "pass",
    "",
    "# nothing",
]
OPENINGS = [
    "for {n} in é:",
    "while {n} < 3:",
    "if é: {n} = {n} * 2\nelse:",
    "def f({n}, é=1):",
    "with torch.no_grad():",
    "@torch.no_grad()\ndef g({n}):",
    "class A(torch.nn.Module):",
    "try:\n{i}é = {n} + 1\nfinally:",
]
PIECES = [*"()[]{}'\"\\\n\t =+-*:.,#é", "x", "torch", "with", ".backward(", ".detach()", "y = "]
IMPORT = "from torch.utils.checkpoint import checkpoint"
names = st.sampled_from(["x", "é", "y", "größe"])


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    lines: list[str] = []
    indentation = draw(st.sampled_from(["    ", "  ", "\t"]))
    for _ in range(draw(st.integers(1, 5))):
        name = draw(names)
        if depth < 3 and draw(st.integers(0, 3)) == 0:
            opening = draw(st.sampled_from(OPENINGS)).replace("{n}", name).replace("{i}", indentation)
            body = [*draw(blocks(depth + 1)), "é = x * 2"]
            lines += [*opening.split("\n"), *(indentation + line if line.strip() else line for line in body)]
        else:
            lines += (
                draw(st.sampled_from(STATEMENTS)).replace("{{", "{").replace("}}", "}").replace("{n}", name).split("\n")
            )
    return lines


def check(source: str) -> None:
    """Check all that is promised of any program's variants."""
    found = variants(source)
    assert len(found) <= MOST
    assert len({one.source for one in found}) == len({one.title for one in found}) == len(found)
    assert [SWITCHES.index(one.switch) for one in found] == sorted(SWITCHES.index(one.switch) for one in found)
    lines = NEW_LINE.split(source)
    for one in found:
        assert one.source != source
        ast.parse(one.source)
        assert 1 <= one.line <= len(lines)
        assert one.title.count("`") % 2 == 0
        changed = NEW_LINE.split(one.source)
        if IMPORT in changed and IMPORT not in lines:
            changed.remove(IMPORT)
        first, last = changed_lines(lines, changed)
        if one.switch == "del":
            assert (first, last) == (one.line + 1, one.line), "a line is added and none changed"
        else:
            start, end = statement_lines(source, one.line)
            if whole := re.search(r"lines (\d+)–(\d+)", one.title):
                start, end = int(whole[1]), int(whole[2])
            assert start <= first, "what stands above is what it was"
            assert last <= end, "and what stands below"


def changed_lines(before: list[str], after: list[str]) -> tuple[int, int]:
    """The first and the last line of ``before`` that is not in its place, from above and from below."""
    above = below = 0
    shorter = min(len(before), len(after))
    while above < shorter and before[above] == after[above]:
        above += 1
    while below < shorter - above and before[-1 - below] == after[-1 - below]:
        below += 1
    return above + 1, len(before) - below


def statement_lines(source: str, line: int) -> tuple[int, int]:
    """The lines of the simple statements, or of the head of the compound one, that a line belongs to."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.end_lineno is not None:
            inside = getattr(node, "body", None)
            decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
            span = (min([node.lineno, *decorators]), max(node.lineno, inside[0].lineno) if inside else node.end_lineno)
            spans += [span] if span[0] <= line <= span[1] else []
    return min(span[0] for span in spans), max(span[1] for span in spans)


@given(blocks(), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
@settings(max_examples=300)
def test_random_programs(lines: list[str], end: str, ends: bool, torch: bool) -> None:
    head = ["import torch" if torch else "from torch import nn", "é = torch.ones(2, requires_grad=True)"]
    check(end.join([*head, *lines]) + (end if ends else ""))


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_random_text(text: str) -> None:
    check(text)


@given(
    st.lists(st.sampled_from([*"()[]{}'\"\\\n\t =+-*:.,#é", "x", "torch", "with", ".backward(", ".detach()", "y = "]))
)
@settings(max_examples=300)
def test_random_pieces(pieces: list[str]) -> None:
    check(HEAD + "".join(pieces))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_test_programs(name: str) -> None:
    check(PROGRAMS[name])


@pytest.mark.parametrize("name", PROGRAMS)
def test_taking_the_new_statement_out_gives_the_program_back(name: str) -> None:
    original = ast.dump(ast.parse(PROGRAMS[name]))
    for one in variants(PROGRAMS[name]):
        if one.switch == "del" or one.title.startswith("`with"):
            tree = ast.parse(one.source)
            line = one.line + 1 if one.switch == "del" else one.line
            take_out(tree, ast.Delete if one.switch == "del" else ast.With, line)
            assert ast.dump(tree) == original


def take_out(tree: ast.Module, kind: type[ast.Delete | ast.With], line: int) -> None:
    """Put the body of a statement, which may be empty, in its place."""
    for node in ast.walk(tree):
        for block in (value for _, value in ast.iter_fields(node) if isinstance(value, list)):
            for place, statement in enumerate(block):
                if isinstance(statement, kind) and statement.lineno == line:
                    block[place : place + 1] = getattr(statement, "body", [])
                    return


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n# nothing\n",
        "y = = x",
        "x = 1\0",
        "x = '\ud800'",
        "\ufeff",
        "-" * 40_000 + "1",
        "(" * 40_000,
        "(1," * 20_000,
        "f" + "()" * 20_000,
        "x" + ".y" * 20_000,
        "1" + "+1" * 20_000,
        "1 if 1 else " * 4_000 + "1",
        "if 1:\n pass\n" + "elif 1:\n pass\n" * 1_000,
        "y.backward()\n" * 3_001,
        "y.backward()" + "#" * 50_000,
    ],
)
def test_what_is_no_program_or_too_much_of_one_has_none(text: str) -> None:
    assert variants(text) == ()


def test_a_byte_order_mark_stays_where_it_was() -> None:
    assert [one.source for one in variants("\ufeffloss.backward()\n") if one.switch == "retain_graph"] == [
        "\ufeffloss.backward(retain_graph=True)\n"
    ]


def test_a_long_name_is_short_in_a_title() -> None:
    name = "h" * 10_000
    source = f"{HEAD}{name} = x * 2\nprint({name})\nprint()\n"
    assert all(len(one.title) < 100 for one in variants(source))
    assert any(one.title == f"`del {'h' * 39}…` after line 4" for one in variants(source))


def test_where_there_are_many_each_switch_has_its_share() -> None:
    # 30 lines give no_grad, detach and both options 30 each, zero_grad gives one: 60 = 1 + 59, taken in turns by four.
    body = "".join(f"y{i} = x * {i}\ny{i}.sum().backward()\n" for i in range(30)) + "opt.zero_grad()\n"
    found = [one.switch for one in variants(HEAD + body)]
    assert {switch: found.count(switch) for switch in SWITCHES if switch in found} == {
        "no_grad": 12,
        "retain_graph": 12,
        "create_graph": 12,
        "detach": 12,
        "del": 11,
        "set_to_none": 1,
    }


def test_nothing_here_knows_torch() -> None:
    program = "import sys, components.source.variants\nprint('torch' in sys.modules)\n"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
