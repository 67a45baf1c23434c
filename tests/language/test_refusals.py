"""What is refused, with its line, its name and what to write instead; and what is left to Python and PyTorch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.language import PROGRAM_FILENAME, NotAllowed, NotAllowedAttribute, SourceLimits, SourceTooLarge
from components.language.compiler import compile_program
from tests.language.conftest import Run

_TEXT = (Path(__file__).parent / "refusals.txt").read_text(encoding="utf-8")
_PARTS = [part.partition("\n") for part in _TEXT.split("\n# %% ")[1:]]
REFUSALS = [([field.strip() for field in head.split("|")], source) for head, _, source in _PARTS]


def line_of(error: BaseException) -> int | None:
    """The line of a refusal: its own, or that of the innermost frame of the program."""
    line = getattr(error, "line", None)
    trace = error.__traceback__
    while line is None and trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM_FILENAME:
            found = trace.tb_lineno
        trace = trace.tb_next
        if trace is None:
            line = found
    return line


@pytest.mark.parametrize(("head", "source"), REFUSALS, ids=[head[0] for head, _ in REFUSALS])
def test_a_refusal_names_line_name_and_what_to_write(head: list[str], source: str, run: Run) -> None:
    _, line, name, advice = head
    with pytest.raises(NotAllowed) as caught:
        run(source)
    error = caught.value
    assert (line_of(error), error.name) == (int(line), name)
    assert advice in error.advice
    assert str(error).endswith(error.advice)
    assert re.search(r"\bhere\b|process", str(error)), "the words say that this is the app's limit, not Python's"


def test_what_is_refused_before_the_run_prints_nothing(run: Run) -> None:
    with pytest.raises(NotAllowed) as caught:
        compile_program("print(1)\nx.__globals__\nimport torch as __torch__")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("x.backwrad()", "'Tensor' object has no attribute 'backwrad'"),
        ("x._nothing", "'Tensor' object has no attribute '_nothing'"),
        ("model.wieght", "'Linear' object has no attribute 'wieght'"),
        ("torch.sine(x)", "module 'torch' has no attribute 'sine'"),
        ("torch.nn.Liner(1, 1)", "module 'torch.nn' has no attribute 'Liner'"),
        ("[].push(1)", "'list' object has no attribute 'push'"),
        ("Thing.missing", "type object 'Thing' has no attribute 'missing'"),
        ("Thing().missing", "'Thing' object has no attribute 'missing'"),
        ("(lambda: 1).missing", "'function' object has no attribute 'missing'"),
        ("super(Thing, Thing()).missing", "'super' object has no attribute 'missing'"),
        ("x.grad_fn.missing", "'NoneType' object has no attribute 'missing'"),
    ],
)
def test_what_does_not_exist_gives_pythons_own_words(expression: str, message: str, run: Run) -> None:
    head = "import torch\nx = torch.ones(1)\nmodel = torch.nn.Linear(1, 1)\nclass Thing: pass\n"
    with pytest.raises(AttributeError) as caught:
        run(head + expression)
    assert not isinstance(caught.value, NotAllowed)
    assert message in str(caught.value)


def test_setting_what_has_no_room_gives_pythons_own_words(run: Run) -> None:
    with pytest.raises(AttributeError, match="'list' object has no attribute 'name'"):
        run("[].name = 1")


def test_a_refused_attribute_is_an_attribute_error_and_absent_for_hasattr(run: Run) -> None:
    program = """
        import torch
        x = torch.ones(1)
        print(hasattr(x, "data_ptr"), hasattr(x, "grad"), getattr(x, "resize_", "default"), hasattr(torch, "load"))
        try:
            x.data_ptr()
        except AttributeError as error:
            print("caught")
    """
    assert run(program) == "False True default False\ncaught\n"
    assert issubclass(NotAllowedAttribute, AttributeError)


def test_cuda_is_left_to_pytorch(run: Run) -> None:
    with pytest.raises((AssertionError, RuntimeError)) as caught:
        run("import torch\ntorch.ones(1).cuda()")
    assert not isinstance(caught.value, NotAllowed)


@pytest.mark.parametrize(
    ("source", "line"), [("x = (1,\nprint(2)", 1), ("def f():\n  x = 1\n   y", 3), ("a\nb\0", 2), ("x = '\ud800'", 1)]
)
def test_a_syntax_error_is_pythons_own_with_its_line(source: str, line: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        compile_program(source)
    assert caught.value.lineno == line


@pytest.mark.parametrize(
    ("source", "limits", "words"),
    [
        ("x = 1\n" * 11, SourceLimits(max_lines=10), "12 lines; 10"),
        ("x" * 101, SourceLimits(max_chars=100), "101 characters; 100"),
        ("x = " + "[" * 30 + "]" * 30, SourceLimits(max_nesting=20), "20 levels"),
        ("x = " + "-" * 9_000 + "1", SourceLimits(), "nested too deeply"),
        ("x = " + "(" * 5_000, SourceLimits(), "nested too deeply"),
        ("x = a" + ".b" * 1_500, SourceLimits(), "levels deep|nested too deeply"),
        ("x = " + "1 + " * 1_500 + "1", SourceLimits(), "levels deep|nested too deeply"),
    ],
)
def test_a_source_that_is_too_large_says_by_how_much(source: str, limits: SourceLimits, words: str) -> None:
    with pytest.raises(SourceTooLarge, match=words):
        compile_program(source, limits)
