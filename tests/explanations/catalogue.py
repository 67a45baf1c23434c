"""The catalogue of errors: real programs that fail, with what they must be told, as readable text files.

Each entry of ``errors.txt``, of the themes beside it and of ``behind_walls.txt`` for what only the walls answer, is a
name, a program, what a person wrote down about it first, the last line of its traceback (cut), the explanation and the
hint (``-`` for none). The person's part may be missing: ``culprit`` is the line to blame, ``holds`` is Python that is
run where the mended program ended. ``RECORD_GOLDENS=1`` writes the last three anew; read the difference before it is
committed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch

from components.capture import capture_program
from components.explanations import explain
from components.trace import Failure, Program, Trace

HERE = Path(__file__).parent
FILE = HERE / "errors.txt"
THEMES = ("carried", "changed", "leaves", "calls")
FILES = (FILE, *(HERE / f"{theme}.txt" for theme in THEMES))
LONGEST_MESSAGE = 100
NONE = "-"
FILE_OF_A_MODULE = re.compile(r" \(/[^)]*\.py\)")
PARTS = ("culprit", "holds", "error", "explanation", "hint")
LINES = re.compile(r"\b[Ll]ines? ((?:\d+(?:, | and | or | to )?)+)")


@dataclass(frozen=True)
class Entry:
    """One error: ``error`` is ``ErrorType: words``, cut; ``hint`` is ``-`` where there is none."""

    name: str
    source: str
    culprit: str = ""
    holds: str = ""
    error: str = ""
    explanation: str = ""
    hint: str = ""

    def text(self) -> str:
        """Return the entry as it stands in the file."""
        parts = [f"--- {part}\n{text}" for part in PARTS if (text := getattr(self, part))]
        return "\n".join([f"### {self.name}", self.source.rstrip(), *parts]) + "\n"

    @property
    def lines(self) -> set[int]:
        """The lines that the explanation and the hint name."""
        found = LINES.findall(f"{self.explanation}\n{self.hint}")
        return {int(number) for numbers in found for number in re.findall(r"\d+", numbers)}


def read(file: Path = FILE) -> dict[str, Entry]:
    """Read a catalogue."""
    entries = {}
    for part in re.split(r"^### ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, *told = re.split(r"^--- (\w+)\n", part, flags=re.MULTILINE)
        name, _, source = head.partition("\n")
        parts = {part: text.rstrip("\n") for part, text in zip(told[::2], told[1::2], strict=True)}
        assert name not in entries, name
        entries[name] = Entry(name, source.rstrip() + "\n", **parts)
    return entries


def write(entries: list[Entry], file: Path = FILE) -> None:
    """Write a catalogue."""
    file.write_text("\n".join(entry.text() for entry in entries), encoding="utf-8")


@cache
def traced(source: str) -> Trace:
    """Run a program under observers; its failure is not explained yet."""
    try:
        return capture_program(Program(source=source))
    finally:
        torch.set_grad_enabled(True)  # a program has a process of its own, and may leave it off


def failed(source: str) -> Failure:
    """Return the explained failure of a program."""
    failure = explain(traced(source)).failure
    assert failure is not None, source
    return failure


def seen(entry: Entry) -> Entry:
    """Return the entry with what is said about its program now."""
    return told(entry, failed(entry.source))


def told(entry: Entry, failure: Failure) -> Entry:
    """Return the entry with what is said of this failure."""
    whole = FILE_OF_A_MODULE.sub("", f"{failure.error_type or failure.kind}: {failure.message}")
    message = " ".join(whole.split())[:LONGEST_MESSAGE].rstrip()
    return replace(entry, error=message, explanation=failure.explanation or NONE, hint=failure.hint or NONE)
