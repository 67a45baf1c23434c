"""Each error of the catalogue is told as written there, in PyTorch's own words, and its hint mends the program."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest
import torch

from components.explanations import apply_hint
from tests.explanations.catalogue import FILES, NONE, Entry, read, seen, traced, write
from tests.explanations.proof import refuted, run

OF = {file: read(file) for file in FILES}
ENTRIES = {name: entry for entries in OF.values() for name, entry in entries.items()}
IN = {name: file for file, entries in OF.items() for name in entries}
# Plain Python's message names a path.
NOT_IN_PLAIN_PYTHON = {"import_missing2"}

of_this_release = pytest.mark.skipif(
    not (torch.__version__.startswith("2.13") and sys.version_info[:2] == (3, 11)),
    reason=f"messages are of PyTorch 2.13 on Python 3.11; here are {torch.__version__} and {platform.python_version()}",
)


def record(file: Path, name: str) -> None:
    ENTRIES[name] = OF[file][name] = seen(ENTRIES[name])
    write(list(OF[file].values()), file)


@of_this_release
@pytest.mark.parametrize("name", ENTRIES)
def test_the_error_is_told_as_written(name: str) -> None:
    if os.environ.get("RECORD_GOLDENS") == "1":
        record(IN[name], name)
    assert seen(ENTRIES[name]) == ENTRIES[name]


@of_this_release
@pytest.mark.parametrize("name", sorted(set(ENTRIES) - NOT_IN_PLAIN_PYTHON))
def test_the_message_is_that_of_plain_python(name: str) -> None:
    failure = traced(ENTRIES[name].source).failure
    error = run(ENTRIES[name].source).error
    assert failure is not None
    assert error is not None
    assert failure.error_type == type(error).__name__
    assert failure.message == (error.msg if isinstance(error, SyntaxError) else str(error))


@of_this_release
@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.hint != NONE])
def test_the_hint_mends_the_program_and_keeps_its_meaning(name: str) -> None:
    entry = ENTRIES[name]
    mended = apply_hint(entry.source, entry.hint)
    assert mended is not None
    assert mended != entry.source
    against = refuted(mended, entry.holds)
    assert against is None, f"{against}\n{mended}"


def blamed(entry: Entry) -> str:
    """The failing line is shown with the failure, so a text that names no line speaks of that one, or keeps silent."""
    failure = traced(entry.source).failure
    assert failure is not None
    if int(entry.culprit) in entry.lines or (not entry.lines and int(entry.culprit) == failure.line):
        return "right"
    return "wrong" if entry.lines else "silent"


def test_no_other_line_is_blamed_than_the_one_that_a_person_wrote_down() -> None:
    found = {name: blamed(entry) for name, entry in ENTRIES.items() if entry.culprit}
    assert [name for name, how in found.items() if how == "wrong"] == []
    assert [name for name, how in found.items() if how == "silent"] == []


@pytest.mark.parametrize("name", ENTRIES)
def test_an_explanation_is_a_few_whole_sentences(name: str) -> None:
    entry = ENTRIES[name]
    assert entry.explanation != NONE
    assert entry.explanation[-1] in ".?)"
    assert entry.explanation.count("`") % 2 == 0
    assert len(entry.explanation) < 480


def test_there_are_many_and_most_have_a_line_that_mends_them() -> None:
    assert len(ENTRIES) >= 450
    assert sum(entry.hint != NONE for entry in ENTRIES.values()) >= 300
    assert sum(bool(entry.culprit) for entry in ENTRIES.values()) >= 250
    assert sum(bool(entry.holds) for entry in ENTRIES.values()) >= 150
