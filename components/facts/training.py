"""A recorded training over its steps: the loss, and by layer how large gradients, weights and updates were.

A layer is a module: its parameters count together, as one long vector. Of many steps some are left out, evenly, never
those whose whole trace is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..trace.base import Number
from ..trace.recording import RecordedStep, Recording
from .numbers import finite

Quantity = Literal["gradients", "ratios", "weights"]
MOST_STEPS = 400
MOST_LAYERS = 60
# Of parameters and steps together; a chart is no finer for more.
_MOST_NUMBERS = 120_000


@dataclass(frozen=True)
class Layer:
    """What the parameters of one module came to at each step that is shown; ``None`` where that is not known.

    ``gradients`` and ``weights`` are Euclidean norms, ``ratios`` those of the update divided by those of the weights.
    ``bad`` is the first step at which a gradient was NaN or infinite.
    """

    name: str
    gradients: tuple[float | None, ...]
    weights: tuple[float | None, ...]
    ratios: tuple[float | None, ...]
    bad: int | None


@dataclass(frozen=True)
class Training:
    """The steps that are shown, the loss of each, the layers in the model's order, and what is left out.

    A step's loss is the mean of the tensors that ``backward()`` was called on, since an accumulated gradient has parts.
    ``kept`` are the steps that have a whole trace, ``left_out`` how many layers have no row.
    """

    steps: tuple[int, ...]
    losses: tuple[float | None, ...]
    layers: tuple[Layer, ...]
    kept: tuple[int, ...]
    recorded: int
    left_out: int

    def row(self, layer: Layer, quantity: Quantity) -> tuple[float | None, ...]:
        """Return one quantity of a layer over the steps."""
        return {"gradients": layer.gradients, "ratios": layer.ratios, "weights": layer.weights}[quantity]

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
    shown = list(_some(head.steps, kept, min(MOST_STEPS, _MOST_NUMBERS // max(1, len(head.parameters)))))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(head.parameters):
        places.setdefault(layer_of(name), []).append(place)
    layers = [_layer(name, shown, head.steps, mine) for name, mine in list(places.items())[:MOST_LAYERS]]
    return Training(
        steps=tuple(step.step for step in shown),
        losses=tuple(_mean(step.losses) for step in shown),
        layers=tuple(layers),
        kept=tuple(sorted(kept)),
        recorded=len(head.steps),
        left_out=max(0, len(places) - MOST_LAYERS),
    )


def layer_of(parameter: str) -> str:
    """Return the module of a parameter: ``net.0`` of ``net.0.weight``; a parameter of none stands for itself."""
    return parameter.rpartition(".")[0] or parameter


def _some(steps: Sequence[RecordedStep], kept: set[int], most: int) -> Iterator[RecordedStep]:
    """Yield at most some ``most`` steps, evenly, and all that are kept."""
    stride = max(1, -(-len(steps) // max(1, most)))
    yield from (step for place, step in enumerate(steps) if place % stride == 0 or step.step in kept)


def _mean(losses: Sequence[Number]) -> float | None:
    known = [finite(loss) for loss in losses]
    values = [value for value in known if value is not None]
    return math.fsum(values) / len(values) if values and len(values) == len(known) else None


def _layer(name: str, shown: Sequence[RecordedStep], steps: Sequence[RecordedStep], places: Sequence[int]) -> Layer:
    gradients = tuple(_together(step.gradients, places) for step in shown)
    weights = tuple(_together(step.weights, places) for step in shown)
    updates = (_together(step.updates, places) for step in shown)
    ratios = tuple(
        update / weight if update is not None and weight else None
        for update, weight in zip(updates, weights, strict=True)
    )
    bad = (step.step for step in steps if any(isinstance(norm, str) for norm in _of(step.gradients, places)))
    return Layer(name, gradients, weights, ratios, next(bad, None))


def _of(column: Sequence[Number | None], places: Sequence[int]) -> list[Number | None]:
    return [column[place] for place in places] if column else []


def _together(column: Sequence[Number | None], places: Sequence[int]) -> float | None:
    """Return the norm of all of them as one vector: the root of the sum of their squares."""
    known = [one for one in _of(column, places) if one is not None]
    if not known or any(isinstance(one, str) for one in known):
        return None
    return math.hypot(*(float(one) for one in known))
