"""Each error of the catalogue is told as written there, in PyTorch's own words, and its hint mends the program."""

from __future__ import annotations

import io
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest
import torch

from components.explanations import apply_hint
from tests.explanations.catalogue import NONE, read, seen, traced, write

ENTRIES = read()
# Plain Python's message names a path.
NOT_IN_PLAIN_PYTHON = {"import_missing2"}

of_this_release = pytest.mark.skipif(
    not (torch.__version__.startswith("2.13") and sys.version_info[:2] == (3, 11)),
    reason=f"messages are of PyTorch 2.13 on Python 3.11; here are {torch.__version__} and {platform.python_version()}",
)


@contextmanager
def silence() -> Iterator[None]:
    """Programs may warn and print; that is theirs."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def error_of(source: str) -> BaseException | None:
    """Run a program in plain Python and return what it raised."""
    with silence():
        torch.manual_seed(0)
        try:
            exec(compile(source, "<program>", "exec", dont_inherit=True), {"__name__": "__main__"})
        except Exception as error:
            return error
    return None


@of_this_release
@pytest.mark.parametrize("name", ENTRIES)
def test_the_error_is_told_as_written(name: str) -> None:
    if os.environ.get("RECORD_GOLDENS") == "1":
        ENTRIES[name] = seen(ENTRIES[name])
        write(list(ENTRIES.values()))
    assert seen(ENTRIES[name]) == ENTRIES[name]


@of_this_release
@pytest.mark.parametrize("name", sorted(set(ENTRIES) - NOT_IN_PLAIN_PYTHON))
def test_the_message_is_that_of_plain_python(name: str) -> None:
    failure = traced(ENTRIES[name].source).failure
    error = error_of(ENTRIES[name].source)
    assert failure is not None
    assert error is not None
    assert failure.error_type == type(error).__name__
    assert failure.message == (error.msg if isinstance(error, SyntaxError) else str(error))


@of_this_release
@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.hint != NONE])
def test_the_hint_mends_the_program(name: str) -> None:
    entry = ENTRIES[name]
    mended = apply_hint(entry.source, entry.hint)
    assert mended is not None
    assert mended != entry.source
    error = error_of(mended)
    assert error is None, f"{error}\n{mended}"


@pytest.mark.parametrize("name", ENTRIES)
def test_an_explanation_is_a_few_whole_sentences(name: str) -> None:
    entry = ENTRIES[name]
    assert entry.explanation != NONE
    assert entry.explanation[-1] in ".?)"
    assert entry.explanation.count("`") % 2 == 0
    assert len(entry.explanation) < 480


def test_there_are_many_and_most_have_a_line_that_mends_them() -> None:
    assert len(ENTRIES) >= 150
    assert sum(entry.hint != NONE for entry in ENTRIES.values()) >= 100
