"""Gradients that are ill: not a number, infinite, exploding, vanishing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.figures.text import number_text
from components.trace import Gradient, Trace, Values

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
    """Return what is ill, in the order in which the engine came to it, each node and illness once."""
    found: dict[tuple[str, str], Finding] = {}
    for number, run in enumerate(trace.backwards):
        for place, step in enumerate(run.steps):
            for gradient in (*step.grad_outputs, *step.grad_inputs):
                ill = _illness(gradient) if gradient is not None else None
                if ill is not None and (step.node, ill[0]) not in found:
                    found[step.node, ill[0]] = Finding(ill[0], step.node, number, place, ill[1])
        if len(found) >= MOST_FINDINGS:
            break
    return list(found.values())[:MOST_FINDINGS]


def norm(gradient: Gradient) -> float | None:
    """Return the Euclidean norm of a gradient, ``None`` where it is not known or not finite."""
    size, mean_square = _mean_square(gradient)
    return math.sqrt(mean_square * size) if mean_square is not None and math.isfinite(mean_square) else None


def _illness(gradient: Gradient) -> tuple[Illness, str] | None:
    summary = gradient.summary
    if summary is not None and summary.nan:
        return "nan", f"{summary.nan:,} NaN"
    if summary is not None and summary.inf:
        return "inf", f"{summary.inf:,} infinite"
    _, mean_square = _mean_square(gradient)
    if not mean_square:
        return None
    root = math.sqrt(mean_square)
    if root >= EXPLODING:
        return "exploding", f"root mean square {number_text(root, 2)}, above {EXPLODING:g}"
    if root <= VANISHING:
        return "vanishing", f"root mean square {number_text(root, 2)}, below {VANISHING:g}"
    return None


def _mean_square(gradient: Gradient) -> tuple[int, float | None]:
    size = math.prod(gradient.shape)
    summary = gradient.summary
    if summary is not None and isinstance(summary.mean, int | float) and isinstance(summary.std, int | float):
        return size, float(summary.mean) ** 2 + float(summary.std) ** 2
    numbers = [float(number) for number in _flat(gradient.values)]
    return size, sum(number * number for number in numbers) / len(numbers) if numbers else None


def _flat(values: Values) -> Iterator[float]:
    pending = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, int | float):
            yield value
