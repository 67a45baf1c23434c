"""What the Gradients page is about, as plain records: the calls in order, and each leaf's ``.grad`` over them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

from ...trace import GradientCause, Grid, Values

Kind = Literal["scalar", "vector", "matrix"]


@dataclass(frozen=True)
class Amount:
    """How much a gradient is: its numbers where they were recorded, and its size.

    ``norm`` is Euclidean; ``smallest``, ``mean`` and ``largest`` are of the magnitudes. All four are of the finite
    elements, and ``None`` where they are not known. ``nan``, ``inf`` and ``zero`` count elements.
    """

    shape: tuple[int, ...]
    values: Values = None
    grid: Grid | None = None
    norm: float | None = None
    smallest: float | None = None
    mean: float | None = None
    largest: float | None = None
    nan: int = 0
    inf: int = 0
    zero: int = 0


@dataclass(frozen=True)
class Call:
    """One place on the x axis: an engine run that added to leaves, or a line that changed their ``.grad`` itself.

    ``number`` counts from 1. ``label`` fits an axis (``1 backward``), ``text`` is the whole (``backward() in line 6,
    retain_graph=True``), ``code`` the program's text of the line. ``cause`` is that of most leaves where a line did
    several things. ``moment`` is the number of the happening of the player's story by which all of it has been seen,
    ``None`` where the story does not tell it.
    """

    number: int
    cause: GradientCause
    label: str
    text: str
    line: int | None = None
    code: str = ""
    backward: str | None = None
    moment: int | None = None


@dataclass(frozen=True)
class Change:
    """What one call did to one leaf; ``after`` is ``None`` where ``.grad`` is ``None``.

    ``tensor`` is the leaf's origin, ``moment`` that of this leaf in the player's story.
    """

    call: int
    tensor: str
    cause: GradientCause
    added: Amount | None
    after: Amount | None
    moment: int | None = None


@dataclass(frozen=True)
class State:
    """A leaf at a call: ``change`` is what the call did to it, if anything; ``after`` is carried forward if nothing."""

    call: int
    change: Change | None
    after: Amount | None


@dataclass(frozen=True)
class LeafHistory:
    """One leaf's ``.grad``: the changes alone, in order; ``at`` and ``states`` carry it forward over ``calls``.

    ``name`` is as the program has it, ``label`` the same but told apart from other leaves of that name. ``used`` says
    how early the program first computed with the leaf (a place among the happenings), ``None`` if it never did.
    """

    origin: str
    name: str
    label: str
    shape: tuple[int, ...]
    calls: tuple[Call, ...]
    changes: tuple[Change, ...]
    used: int | None = None

    @property
    def kind(self) -> Kind:
        """Which figure shows it."""
        if prod(self.shape) == 1:
            return "scalar"
        return "vector" if len(self.shape) == 1 else "matrix"

    @cached_property
    def _numbers(self) -> list[int]:
        return [change.call for change in self.changes]

    def at(self, call: int) -> State:
        """Return the leaf at the call of that number."""
        place = bisect_right(self._numbers, call) - 1
        if place < 0:
            return State(call, None, None)
        last = self.changes[place]
        return State(call, last if last.call == call else None, last.after)

    def states(self) -> Iterator[State]:
        """Yield the leaf at every call."""
        place, after = 0, None
        for call in self.calls:
            change = None
            if place < len(self.changes) and self.changes[place].call == call.number:
                change = self.changes[place]
                place, after = place + 1, change.after
            yield State(call.number, change, after)

    def is_new(self, place: int) -> bool:
        """Whether a change is the first of another tensor of the same name, whose ``.grad`` began at ``None``."""
        return place > 0 and self.changes[place].tensor != self.changes[place - 1].tensor


@dataclass(frozen=True)
class History:
    """The calls in order and every leaf; ``notes`` say what the trace leaves out."""

    calls: tuple[Call, ...]
    leaves: tuple[LeafHistory, ...]
    notes: tuple[str, ...] = ()

    def call(self, number: int) -> Call:
        """Return the call of that number, which counts from 1."""
        return self.calls[number - 1]
