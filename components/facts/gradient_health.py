"""Gradients that are ill: not a number, infinite, exploding, vanishing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..trace import Gradient, Trace
from .numbers import finite, flat
from .text import number_text

Illness = Literal["nan", "inf", "exploding", "vanishing"]
# Root mean squares of a gradient's elements. They are conventions, so the text of each finding says them.
EXPLODING = 1e4
VANISHING = 1e-7
MOST_FINDINGS = 200


@dataclass(frozen=True)
class Finding:
    """The first time that a node was reached by an ill gradient: engine run and step by number."""

    illness: Illness
    node: str
    run: int
    place: int
    text: str


def findings(trace: Trace) -> list[Finding]:
    """Return what is ill, in the order in which the engine came to it, each node and illness once.

    One more than ``MOST_FINDINGS`` says that there are more.
    """
    found: dict[tuple[str, str], Finding] = {}
    for number, place, step in ((n, p, s) for n, run in enumerate(trace.backwards) for p, s in enumerate(run.steps)):
        for gradient in (*step.grad_outputs, *step.grad_inputs):
            ill = _illness(gradient) if gradient is not None else None
            if gradient is None or ill is None or (step.node, ill) in found:
                continue
            found[step.node, ill] = Finding(ill, step.node, number, place, _text(ill, gradient))
            if len(found) > MOST_FINDINGS:
                return list(found.values())
    return list(found.values())


def norm(gradient: Gradient) -> float | None:
    """Return the Euclidean norm of a gradient, ``None`` where it is not known or not finite."""
    size, mean_square = _mean_square(gradient)
    return math.sqrt(mean_square * size) if mean_square is not None and math.isfinite(mean_square) else None


def _illness(gradient: Gradient) -> Illness | None:
    summary = gradient.summary
    if summary is not None and (summary.nan or summary.inf):
        return "nan" if summary.nan else "inf"
    _, mean_square = _mean_square(gradient)
    if not mean_square:
        return None
    if mean_square >= EXPLODING**2:
        return "exploding"
    return "vanishing" if mean_square <= VANISHING**2 else None


def _text(illness: Illness, gradient: Gradient) -> str:
    summary = gradient.summary
    if summary is not None and illness in ("nan", "inf"):
        return f"{summary.nan:,} NaN" if illness == "nan" else f"{summary.inf:,} infinite"
    root = math.sqrt(_mean_square(gradient)[1] or 0.0)
    limit = f"above {EXPLODING:g}" if illness == "exploding" else f"below {VANISHING:g}"
    return f"root mean square {number_text(root, 2)}, {limit}"


def _mean_square(gradient: Gradient) -> tuple[int, float | None]:
    size = math.prod(gradient.shape)
    summary = gradient.summary
    if summary is not None and isinstance(summary.mean, int | float) and isinstance(summary.std, int | float):
        return size, float(summary.mean) ** 2 + float(summary.std) ** 2
    numbers = [number for value in flat(gradient.values) if (number := finite(value)) is not None]
    return size, sum(number * number for number in numbers) / len(numbers) if numbers else None
