"""The catalogue of errors: real programs that fail, with what they must be told, as one readable text file.

Each entry of ``errors.txt``, and of ``behind_walls.txt`` for what only the walls answer, is a name, a program, the last
line of its traceback (cut), the explanation and the hint (``-`` for none). ``RECORD_GOLDENS=1`` writes the last three
anew; read the difference before it is committed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from components.capture import capture_program
from components.explanations import explain
from components.trace import Failure, Program, Trace

FILE = Path(__file__).with_name("errors.txt")
LONGEST_MESSAGE = 100
NONE = "-"
FILE_OF_A_MODULE = re.compile(r" \(/[^)]*\.py\)")


@dataclass(frozen=True)
class Entry:
    """One error: ``message`` is ``ErrorType: words``, cut; ``hint`` is ``-`` where there is none."""

    name: str
    source: str
    message: str = ""
    explanation: str = ""
    hint: str = ""

    def text(self) -> str:
        """Return the entry as it stands in the file."""
        told = f"--- error\n{self.message}\n--- explanation\n{self.explanation}\n--- hint\n{self.hint}"
        return f"### {self.name}\n{self.source.rstrip()}\n{told}\n"


def read(file: Path = FILE) -> dict[str, Entry]:
    """Read a catalogue."""
    entries = {}
    for part in re.split(r"^### ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, *told = re.split(r"^--- \w+\n", part, flags=re.MULTILINE)
        name, _, source = head.partition("\n")
        entry = Entry(name, source.rstrip() + "\n", *(text.rstrip("\n") for text in told))
        assert name not in entries, name
        entries[name] = entry
    return entries


def write(entries: list[Entry], file: Path = FILE) -> None:
    """Write a catalogue."""
    file.write_text("\n".join(entry.text() for entry in entries), encoding="utf-8")


@cache
def traced(source: str) -> Trace:
    """Run a program under observers; its failure is not explained yet."""
    return capture_program(Program(source=source))


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
    return Entry(entry.name, entry.source, message, failure.explanation or NONE, failure.hint or NONE)
