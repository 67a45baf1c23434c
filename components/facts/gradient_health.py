"""Gradients that are not a number or infinite, and how large a gradient is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..trace import Gradient, Trace
from .numbers import finite, flat

Illness = Literal["nan", "inf", "exploding", "vanishing", "dead"]
MOST_FINDINGS = 200


@dataclass(frozen=True)
class BadGradient:
    """The first time that a node was reached by a gradient that is not finite: engine run and step by number."""

    illness: Illness
    node: str
    run: int
    place: int
    text: str


def bad_gradients(trace: Trace) -> list[BadGradient]:
    """Return what is not finite, in the order in which the engine came to it, each node and illness once.

    One more than ``MOST_FINDINGS`` says that there are more.
    """
    found: dict[tuple[str, str], BadGradient] = {}
    for number, place, step in ((n, p, s) for n, run in enumerate(trace.backwards) for p, s in enumerate(run.steps)):
        for gradient in (*step.grad_outputs, *step.grad_inputs):
            ill = _illness(gradient) if gradient is not None else None
            if gradient is None or ill is None or (step.node, ill) in found:
                continue
            found[step.node, ill] = BadGradient(ill, step.node, number, place, _text(ill, gradient))
            if len(found) > MOST_FINDINGS:
                return list(found.values())
    return list(found.values())


def norm(gradient: Gradient) -> float | None:
    """Return the Euclidean norm of a gradient, ``None`` where it is not known or not finite."""
    size, mean_square = _mean_square(gradient)
    return math.sqrt(mean_square * size) if mean_square is not None and math.isfinite(mean_square) else None


def root_mean_square(gradient: Gradient) -> float | None:
    """Return the root mean square of the finite elements of a gradient, ``None`` where it is not known."""
    _, mean_square = _mean_square(gradient)
    return math.sqrt(mean_square) if mean_square is not None else None


def _mean_square(gradient: Gradient) -> tuple[int, float | None]:
    size = math.prod(gradient.shape)
    summary = gradient.summary
    mean, std = (finite(summary.mean), finite(summary.std)) if summary is not None else (None, None)
    if mean is not None and std is not None:
        return size, mean * mean + std * std
    numbers = [number for value in flat(gradient.values) if (number := finite(value)) is not None]
    return size, sum(number * number for number in numbers) / len(numbers) if numbers else None


def _illness(gradient: Gradient) -> Illness | None:
    summary = gradient.summary
    if summary is not None and (summary.nan or summary.inf):
        return "nan" if summary.nan else "inf"
    return None


def _text(illness: Illness, gradient: Gradient) -> str:
    summary = gradient.summary
    assert summary is not None
    return f"{summary.nan:,} NaN" if illness == "nan" else f"{summary.inf:,} infinite"
