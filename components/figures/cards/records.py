"""What a card consists of, as plain records."""

from __future__ import annotations

from dataclasses import dataclass

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Formula:
    """A gradient that leaves a node for ``to``: in symbols, and with the numbers of one pass put in."""

    to: str
    symbols: str
    numbers: str | None


@dataclass(frozen=True)
class Grid:
    """A large gradient as a picture: the means of blocks of it, in thousandths of the largest, ``None`` for NaN."""

    title: str
    largest: float
    cells: list[list[int | None]]


@dataclass(frozen=True)
class Pass:
    """One visit of the engine, at a moment of the story.

    ``where`` says in which run it was and where in it; ``note`` what becomes of what the node has saved.
    """

    moment: int
    where: str
    rows: Rows
    formulas: tuple[Formula, ...] = ()
    grids: tuple[Grid, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Card:
    """``rows`` are pairs of a name and a text in monospace; ``note`` is a sentence about what follows from them.

    ``kind`` is a word for the style sheet: ``function``, ``leaf``, ``output``, ``untracked`` or ``folded``. ``passes``
    and ``changes`` (a moment, a name and a text each) come in the order of the story. What is in ``saved`` is freed at
    the moment ``freed``, as ``freed_by`` says.
    """

    title: str
    subtitle: str
    formula: str | None
    rows: Rows
    note: str | None
    kind: str = "function"
    saved: Rows = ()
    freed: int | None = None
    freed_by: str = ""
    formulas: tuple[Formula, ...] = ()
    passes: tuple[Pass, ...] = ()
    changes: tuple[tuple[int, str, str], ...] = ()
