"""What is kept in numbers of the recorded steps, so that it stays small however long a training is.

Of more than there is room for, the first, the last and some between are kept: every second goes, again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ..trace.recording import (
    MOST_COUNTS,
    MOST_HISTOGRAMS,
    MOST_NUMBERS,
    MOST_PARAMETERS,
    MOST_STATES,
    MOST_STEPS,
    Amount,
    Histogram,
    RecordedStep,
    StepHistograms,
)
from .histograms import Sizes
from .norms import Norms

# Of what a reader takes: columns become longer where parameters come later, and the first bad step stays.
_MOST_CELLS, _MOST_LOSSES, _MOST_BINS = MOST_NUMBERS // 2, MOST_NUMBERS // 4, MOST_COUNTS // 3

Kept = TypeVar("Kept")
Column = list[Amount | None]
Row = dict[str, Column]
_Pair = tuple[list[Sizes], list[Sizes]]
"""Of the gradients and the weights of one step, from each optimizer."""
_OWN = ("gradients", "weights", "updates")


class Thinned(Generic[Kept]):
    """Things by step: the first, the last, and every ``stride``-th between; what is ``pinned`` stays besides."""

    def __init__(self) -> None:
        self.items: dict[int, Kept] = {}
        self._places: dict[int, int] = {}
        self._stride = 1
        self._count = 0

    def add(self, step: int, item: Kept, pinned: Container[int] = ()) -> None:
        """Take the next one; the one before goes if it was there only because it was the last."""
        if self.items:
            self._let_go(next(reversed(self.items)), pinned)
        self._places[step] = self._count
        self._count += 1
        self.items[step] = item

    def thin(self, pinned: Container[int] = ()) -> bool:
        """Let every second one go, but the first and the last; say whether there is more to let go."""
        self._stride *= 2
        for step in list(self.items)[:-1]:
            self._let_go(step, pinned)
        return len(self.items) > 2

    def _let_go(self, step: int, pinned: Container[int]) -> None:
        if self._places[step] % self._stride and step not in pinned:
            del self.items[step], self._places[step]


class Numbers:
    """The numbers of a training; ``note`` takes sentences for the reader of the recording."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._parameters: dict[str, int] = {}
        self._states: dict[str, None] = {}
        self._steps: Thinned[RecordedStep] = Thinned()
        self._rows: Thinned[Row] = Thinned()
        self._histograms: Thinned[_Pair] = Thinned()
        self._losses = 0
        self._bad: tuple[int, Row] | None = None
        """The first step with a gradient that is NaN or infinite."""

    def add(self, step: RecordedStep, norms: Norms, pinned: Container[int]) -> None:
        """Take a step, which has no columns yet, and what it did to each parameter; ``pinned`` are those to be kept."""
        self._losses += len(step.losses)
        if self._losses > _MOST_LOSSES:
            self._note("The losses of later steps are missing: there are too many.")
            step = replace(step, losses=[])
        self._steps.add(step.step, step, pinned)
        if len(self._steps.items) > MOST_STEPS // 2:
            self._steps.thin(pinned)
        if norms.uncopied:
            self._note("The update of some parameters is not known: they cannot be copied, for their size or kind.")
        if norms.gradients:
            self._add_columns(step.step, norms)

    @property
    def parameters(self) -> list[str]:
        """Their names, in the order of all columns."""
        return list(self._parameters)

    @property
    def steps(self) -> list[RecordedStep]:
        """The steps with their columns, as far as these are kept."""
        rows = self._rows.items | dict([self._bad] if self._bad is not None else [])
        return [self._whole(one, rows.get(number, {})) for number, one in self._steps.items.items()]

    @property
    def histograms(self) -> list[StepHistograms] | UnsetType:
        """The steps whose histograms are kept."""
        steps = [
            StepHistograms(step=step, gradients=self._histograms_of(gradients), weights=self._histograms_of(weights))
            for step, (gradients, weights) in self._histograms.items.items()
        ]
        return steps or UNSET

    def __len__(self) -> int:
        return len(self._steps.items)

    def _add_columns(self, step: int, norms: Norms) -> None:
        for name in norms.gradients:
            if len(self._parameters) < MOST_PARAMETERS:
                self._parameters.setdefault(name, len(self._parameters))
        if any(name not in self._parameters for name in norms.gradients):
            self._note("Some parameters have no numbers over the steps: there are too many.")
        columns = {"gradients": norms.gradients, "weights": norms.weights, "updates": norms.updates}
        for name, column in norms.state.items():
            if len(self._states) < MOST_STATES:
                self._states.setdefault(name)
            if name in self._states:
                columns[f"state {name}"] = column
        row = {key: [column.get(name) for name in self._parameters] for key, column in columns.items() if column}
        if self._bad is None and any(isinstance(norm, str) for norm in row["gradients"]):
            self._bad = step, row
        self._rows.add(step, row)
        while len(self._rows.items) * (len(_OWN) + len(self._states)) * self._width > _MOST_CELLS:
            if not self._rows.thin():
                break
        self._histograms.add(step, norms.sizes)
        while len(self._histograms.items) > MOST_HISTOGRAMS or self._bins > _MOST_BINS:
            if not self._histograms.thin():
                break

    @property
    def _width(self) -> int:
        return len(self._parameters)

    @property
    def _bins(self) -> int:
        pairs = self._histograms.items.values()
        return sum(one.numbers for pair in pairs for column in pair for one in column) + 2 * len(pairs) * self._width

    def _whole(self, step: RecordedStep, row: Row) -> RecordedStep:
        columns = {key: self._padded(column) for key, column in row.items()}
        own = {key: columns.pop(key) for key in _OWN if key in columns}
        state = {key.removeprefix("state "): column for key, column in columns.items()}
        return replace(step, **own, state=state or UNSET)

    def _histograms_of(self, column: list[Sizes]) -> list[Histogram | None]:
        known = dict(record for sizes in column for record in sizes.records())
        return [known.get(name) for name in self._parameters]

    def _padded(self, column: list[Kept | None]) -> list[Kept | None]:
        """Parameters that came later have nothing in the steps before."""
        return [*column, *[None] * (self._width - len(column))] if column else column
