"""A recorded training over its steps: the loss, and by layer how large gradients, weights, updates and the rest were.

A layer is a module: its parameters count together, as one long vector. Of many steps some are left out, evenly, never
those whose whole trace is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..trace.recording import Amount, Histogram, RecordedStep, Recording
from .numbers import finite

Quantity = str
"""``gradients``, ``ratios``, ``weights``, or ``state`` and the optimizer's own name for what it keeps."""
Counted = Literal["gradients", "weights"]
MOST_STEPS = 400
MOST_LAYERS = 60
# Of parameters and steps together; a chart is no finer for more.
_MOST_NUMBERS = 120_000
_MOST_COUNTED = 1_000


@dataclass(frozen=True)
class Layer:
    """What the parameters of one module came to at each step that is shown; ``None`` where that is not known.

    ``rows`` are Euclidean norms, by quantity; ``ratios`` are those of the update divided by those of the weights.
    ``bad`` is the first step at which a gradient was NaN or infinite.
    """

    name: str
    rows: Mapping[Quantity, tuple[float | None, ...]]
    bad: int | None


@dataclass(frozen=True)
class Training:
    """The steps that are shown, the loss of each, the layers in the model's order, and what is left out.

    A step's loss is the mean of the tensors that ``backward()`` was called on, since an accumulated gradient has parts.
    ``columns`` are the steps of the layers' rows, which may be fewer; ``kept`` those that have a whole trace.
    ``states`` are the names of what the optimizer keeps, ``counted`` the layers that have histograms. ``left_out`` says
    how many layers have no row.
    """

    steps: tuple[int, ...]
    losses: tuple[float | None, ...]
    columns: tuple[int, ...]
    layers: tuple[Layer, ...]
    kept: tuple[int, ...]
    recorded: int
    left_out: int
    states: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    @property
    def bad(self) -> tuple[str, int] | None:
        """The layer and the step of the first gradient that was NaN or infinite; of several, the last in the model."""
        found = [(layer.bad, -place, layer.name) for place, layer in enumerate(self.layers) if layer.bad is not None]
        return (min(found)[2], min(found)[0]) if found else None

    def nearest_kept(self, step: int) -> int:
        """Return the step with a whole trace that is nearest."""
        return min(self.kept, key=lambda kept: (abs(kept - step), kept))


def training(head: Recording) -> Training:
    """Return what a recording says of its training."""
    kept = {one.step for one in head.traces}
    shown = list(_some(head.steps, kept, MOST_STEPS))
    numbered = [step for step in head.steps if step.gradients or step.weights or step.updates or step.state]
    columns = list(_some(numbered, kept, min(MOST_STEPS, _MOST_NUMBERS // max(1, len(head.parameters)))))
    states = tuple(dict.fromkeys(name for step in columns for name in step.state or {}))
    places = _places(head)
    layers = [_layer(name, columns, numbered, mine, states) for name, mine in list(places.items())[:MOST_LAYERS]]
    return Training(
        steps=tuple(step.step for step in shown),
        losses=tuple(_mean(step.losses) for step in shown),
        columns=tuple(step.step for step in columns),
        layers=tuple(layers),
        kept=tuple(sorted(kept)),
        recorded=len(head.steps),
        left_out=max(0, len(places) - MOST_LAYERS),
        states=states,
        counted=_counted(head, places),
    )


@dataclass(frozen=True)
class Sizes:
    """How many numbers of a layer have which size: a row for each of ``powers``, a column for each of ``steps``.

    A number of row ``power`` is more than ``2**power`` and at most twice that. ``zeros``, ``nan`` and ``inf`` are in no
    row, and ``total`` is all of them together.
    """

    steps: tuple[int, ...]
    powers: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]
    zeros: tuple[int, ...]
    nan: tuple[int, ...]
    inf: tuple[int, ...]
    total: tuple[int, ...]


def sizes(head: Recording, layer: str, counted: Counted) -> Sizes:
    """Return the histograms of a layer's gradients or weights over the steps that have some."""
    mine = _places(head).get(layer, [])
    columns: list[tuple[int, list[Histogram]]] = []
    for step in head.histograms or []:
        row = step.gradients if counted == "gradients" else step.weights
        found = [row[place] for place in mine] if row else []
        columns.append((step.step, [one for one in found if one is not None]))
    columns = [(step, found) for step, found in columns if found]
    binned = [one for _, found in columns for one in found if one.counts]
    first = min((one.lowest for one in binned), default=0)
    end = max((one.lowest + len(one.counts) for one in binned), default=0)
    sums = [_summed(found, first, end) for _, found in columns]
    return Sizes(
        steps=tuple(step for step, _ in columns),
        powers=tuple(range(first, end)),
        counts=tuple(zip(*sums, strict=True)),
        zeros=tuple(sum(one.zeros for one in found) for _, found in columns),
        nan=tuple(sum(one.nan for one in found) for _, found in columns),
        inf=tuple(sum(one.inf for one in found) for _, found in columns),
        total=tuple(sum(one.zeros + one.nan + one.inf + sum(one.counts) for one in found) for _, found in columns),
    )


def _counted(head: Recording, places: Mapping[str, Sequence[int]]) -> tuple[str, ...]:
    columns = [column for step in head.histograms or [] for column in (step.gradients, step.weights)]
    there = {place for column in columns for place, one in enumerate(column) if one is not None}
    return tuple(name for name, mine in places.items() if not there.isdisjoint(mine))[:_MOST_COUNTED]


def _summed(found: Sequence[Histogram], first: int, end: int) -> list[int]:
    """Add histograms up, bin by bin, from the power ``first`` to before ``end``."""
    sums = [0] * (end - first)
    for one in found:
        for place, count in enumerate(one.counts, one.lowest - first):
            sums[place] += count
    return sums


def _places(head: Recording) -> dict[str, list[int]]:
    """Return where the parameters of each layer are."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(head.parameters):
        places.setdefault(layer_of(name), []).append(place)
    return places


def layer_of(parameter: str) -> str:
    """Return the module of a parameter: ``net.0`` of ``net.0.weight``; a parameter of none stands for itself."""
    return parameter.rpartition(".")[0] or parameter


def _some(steps: Sequence[RecordedStep], kept: set[int], most: int) -> Iterator[RecordedStep]:
    """Yield at most some ``most`` steps, evenly, and all that are kept."""
    stride = max(1, -(-len(steps) // max(1, most)))
    yield from (step for place, step in enumerate(steps) if place % stride == 0 or step.step in kept)


def _mean(losses: Sequence[Amount]) -> float | None:
    known = [finite(loss) for loss in losses]
    values = [value for value in known if value is not None]
    return finite(sum(values) / len(values)) if values and len(values) == len(known) else None


def _layer(
    name: str,
    shown: Sequence[RecordedStep],
    steps: Sequence[RecordedStep],
    places: Sequence[int],
    states: Sequence[str],
) -> Layer:
    weights = tuple(_together(step.weights, places) for step in shown)
    updates = (_together(step.updates, places) for step in shown)
    rows = {
        "gradients": tuple(_together(step.gradients, places) for step in shown),
        "ratios": tuple(
            finite(update / weight) if update is not None and weight else None
            for update, weight in zip(updates, weights, strict=True)
        ),
        "weights": weights,
    }
    for state in states:
        rows[f"state {state}"] = tuple(_together((step.state or {}).get(state, []), places) for step in shown)
    bad = (step.step for step in steps if any(isinstance(norm, str) for norm in _of(step.gradients, places)))
    return Layer(name, rows, next(bad, None))


def _of(column: Sequence[Amount | None], places: Sequence[int]) -> list[Amount | None]:
    return [column[place] for place in places] if column else []


def _together(column: Sequence[Amount | None], places: Sequence[int]) -> float | None:
    """Return the norm of all of them as one vector: the root of the sum of their squares."""
    known = [one for one in _of(column, places) if one is not None]
    if not known or any(isinstance(one, str) for one in known):
        return None
    return finite(math.hypot(*(float(one) for one in known)))
