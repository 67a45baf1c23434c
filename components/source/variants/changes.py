"""A change to a program's text, and the variant that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Switch = Literal["no_grad", "retain_graph", "create_graph", "detach", "del", "set_to_none", "in_place", "checkpoint"]
SWITCHES: tuple[Switch, ...] = get_args(Switch)
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Edit:
    """What replaces the characters from ``start`` up to ``end`` of the source; offsets count from 0."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Change:
    """One change, not made yet; its edits do not overlap. The other fields are those of ``Variant``."""

    switch: Switch
    line: int
    title: str
    what: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Variant:
    """A program with one thing changed.

    ``line`` counts from 1 in the original program. ``title`` names the change, code in backticks. ``what`` says in one
    sentence what it does to the graph or to memory. ``source`` is the whole program, which is what it was everywhere
    else.
    """

    switch: Switch
    line: int
    title: str
    what: str
    source: str


def short(name: str) -> str:
    """Return a name of the program as a title has it: its beginning where it is long."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def edited(source: str, edits: Sequence[Edit]) -> str:
    """Return the text with edits made.

    >>> edited("y = x", [Edit(0, 0, "z = "), Edit(5, 5, ".sin()")])
    'z = y = x.sin()'
    """
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda one: one.start):
        parts += [source[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, source[done:]])
