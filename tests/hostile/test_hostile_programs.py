"""Hostile programs through the real pool: each ends as it should, and the next person's program is not disturbed.

The programs are data, in ``programs.txt``; those that are too long to be written down are made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.trace import Program, Trace
from components.worker import Limits, Pool

HEAD = re.compile(r"^# %% (?P<name>.+?) \| (?P<kinds>\S+)(?P<rest>.*)$", re.MULTILINE)
WORDS = re.compile(r"(\w+)=(.+?)(?= \w+=|$)")


@dataclass(frozen=True)
class Hostile:
    """A program and what must become of it."""

    name: str
    source: str
    kinds: tuple[str, ...]
    line: int | None = None
    says: str = ""
    prints: str | None = None
    wall: float = 5.0
    memory: int = 2048


def read(text: str) -> list[Hostile]:
    """Read the data file."""
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found = []
    for head, end in zip(heads, ends, strict=True):
        # A heading of the file is a line of words after an empty line.
        source = re.split(r"\n\n(?=[A-Z])", text[head.end() + 1 : end])[0].rstrip("\n") + "\n"
        more = dict(WORDS.findall(head["rest"].strip()))
        found.append(
            Hostile(
                name=head["name"],
                source=source,
                kinds=tuple(head["kinds"].split("/")),
                line=int(more["line"]) if "line" in more else None,
                says=more.get("says", ""),
                prints=more.get("prints"),
                wall=float(more.get("wall", 5.0)),
                memory=int(more.get("memory", 2048)),
            )
        )
    return found


REFUSED = ("syntax", "too_large", "not_allowed", "raised")
LONG = [
    Hostile("nine thousand minus signs", "x = " + "-" * 9_000 + "1", REFUSED),
    Hostile("five hundred brackets", "x = " + "[" * 500 + "]" * 500, REFUSED),
    Hostile("five hundred brackets that stay open", "x = " + "[" * 500, REFUSED),
    Hostile("ten thousand parentheses", "x = " + "(" * 10_000 + "1" + ")" * 10_000, REFUSED),
    Hostile("a chain of attributes", "x = a" + ".b" * 20_000, REFUSED),
    Hostile("a chain of calls", "x = f" + "()" * 20_000, REFUSED),
    Hostile("a sum of ten thousand", "x = " + "+".join(["1"] * 10_000), (*REFUSED, "none")),
    Hostile(
        "nested functions", "".join(" " * i + "def f():\n" for i in range(99)) + " " * 99 + "pass", (*REFUSED, "none")
    ),
    Hostile("nested lambdas", "x = " + "lambda: " * 2_000 + "1", REFUSED),
    Hostile("nested conditions", "x = " + "1 if 1 else " * 3_000 + "1", REFUSED),
    Hostile("nested f-strings", "x = " + 'f"{' * 3 + "1" + '}"' * 3, (*REFUSED, "none")),
    Hostile("a huge source", "x = 1\n" * 20_000, ("too_large",)),
    Hostile("a long line", "x = '" + "a" * 100_000 + "'", ("too_large",)),
    Hostile("a NUL character", "x = 1\0\nimport os", REFUSED),
    Hostile("a declared encoding", "# -*- coding: utf-7 -*-\n+AGkAbQBwAG8AcgB0- os", (*REFUSED, "none")),
    Hostile("letters that look alike", "ｅｖａｌ('1')", ("not_allowed",), 1),
    Hostile("a long integer", "x = " + "9" * 49_000, REFUSED),
    Hostile("many decorators", "@staticmethod\n" * 2_900 + "def f(): pass", (*REFUSED, "none", "crashed")),
]
PROGRAMS = read((Path(__file__).parent / "programs.txt").read_text(encoding="utf-8")) + LONG


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """The real pool: the real language, the real observers, all walls."""
    pool = Pool(size=1)
    yield pool
    pool.close()


def outcome(trace: Trace) -> tuple[str, str | None, int | None]:
    """Return kind, message and line; "none" for a program that reached its end."""
    if trace.failure is None:
        return "none", None, None
    return trace.failure.kind, trace.failure.message, trace.failure.line


def test_there_are_enough() -> None:
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS) >= 60


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_a_hostile_program_gains_nothing(pool: Pool, program: Hostile) -> None:
    limits = Limits(wall_seconds=program.wall, stop_seconds=0.3, finish_seconds=5.0, memory_mb=program.memory)
    trace = pool.run(Program(source=program.source), limits)
    kind, message, line = outcome(trace)
    assert kind in program.kinds, message
    assert program.says in (message or "")
    if program.line is not None:
        assert line == program.line, message
    if program.prints is not None:
        assert trace.stdout == program.prints + "\n"
    assert len(trace.stdout) <= limits.stdout_chars
    after = pool.run(Program(source="print(1)"))
    assert (after.stdout, after.failure) == ("1\n", None)
