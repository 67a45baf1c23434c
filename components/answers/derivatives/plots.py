"""What a plot of the function needs: f, f', f'' of one number; a surface, its gradients and a descent for two."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from ...trace import Curve, CurveAnswer, Number, Surface, SurfaceAnswer
from ..values import matrix, number
from .subject import NoAnswer, Subject, double_by_default

_ARROWS_ACROSS = 11
_PROBES = 9
_LONGEST_PROBLEM = 400


def curve(question: Curve, subject: Subject) -> CurveAnswer:
    """Answer the question; raises ``NoAnswer``."""
    subject = subject.of_one_number()
    if len(subject.columns) != 1:
        raise NoAnswer(
            f"A curve needs one number to vary; here there are {len(subject.columns):,}. Choose one input that is a "
            "single number, or the surface for two."
        )
    if not question.low < question.high:
        raise NoAnswer("The range is empty: its end has to be greater than its beginning.")
    given = subject.record()
    subject = _in_double_if_possible(subject)
    at = subject.point[0]
    places = torch.linspace(question.low, question.high, question.points, dtype=torch.float64).tolist()
    rows: list[list[Number | None]] = [[], [], []]
    problem = None
    with double_by_default():
        for place in [*places, float(at)]:
            values, why = _derivatives(subject, torch.full_like(at, place))
            problem = problem or why
            for row, value in zip(rows, values, strict=True):
                row.append(value)
    return CurveAnswer(function=given, x=[number(one) for one in [*places, float(at)]], values=rows, problem=problem)


def _in_double_if_possible(subject: Subject) -> Subject:
    double = subject.doubled()
    try:
        with double_by_default():
            return double if double.output.dtype == torch.float64 else subject
    except Exception:
        return subject


def _derivatives(subject: Subject, at: torch.Tensor) -> tuple[list[Number | None], str | None]:
    """f, f' and f'' at one place; ``None`` from where PyTorch fails, and what it said."""
    values: list[Number | None] = []
    by = at.requires_grad_()
    try:
        with torch.enable_grad():
            last = subject.number(by)
            values.append(number(last))
            for _ in range(2):
                if last.requires_grad:
                    (last,) = torch.autograd.grad(last, by, create_graph=True, materialize_grads=True)
                else:
                    last = torch.zeros(())
                values.append(number(last))
    except Exception as error:
        problem = f"At {float(at.detach()):g}: {type(error).__name__}: {error}"[:_LONGEST_PROBLEM]
        return [*values, None, None, None][:3], problem
    return values, None


def surface(question: Surface, subject: Subject) -> SurfaceAnswer:
    """Answer the question; raises ``NoAnswer``."""
    subject = subject.of_one_number()
    if len(subject.columns) != 2:
        raise NoAnswer(
            f"A surface needs two numbers to vary; here there are {len(subject.columns):,}. Choose two inputs that are "
            "single numbers, or one of two elements."
        )
    if not (question.low[0] < question.high[0] and question.low[1] < question.high[1]):
        raise NoAnswer("The range is empty: its end has to be greater than its beginning.")
    given, names = subject.record(), (subject.columns[0], subject.columns[1])
    subject = _in_double_if_possible(subject)
    place = _placed(subject)
    with double_by_default():
        x, y = (_axis(question, which, question.across) for which in (0, 1))
        values = _heights(subject, place, x, y)
        coarse = [_axis(question, which, _ARROWS_ACROSS) for which in (0, 1)]
        found = [(a, b, _slope(subject, place(a, b))) for b in coarse[1] for a in coarse[0]]
        path, problem = _descent(question, subject, place)
    return SurfaceAnswer(
        function=given,
        names=names,
        x=[number(one) for one in x],
        y=[number(one) for one in y],
        values=values,
        arrows=[(number(a), number(b), number(slope[0]), number(slope[1])) for a, b, slope in found if slope],
        path=path,
        problem=problem,
    )


Placed = Callable[[float, float], tuple[torch.Tensor, ...]]


def _placed(subject: Subject) -> Placed:
    """Return what makes the chosen inputs of two numbers."""
    point = subject.point
    if len(point) == 1:
        return lambda a, b: (torch.tensor([a, b], dtype=point[0].dtype).reshape(point[0].shape),)
    return lambda a, b: tuple(torch.full_like(one, value) for one, value in zip(point, (a, b), strict=True))


def _axis(question: Surface, which: int, across: int) -> list[float]:
    found: list[float] = torch.linspace(question.low[which], question.high[which], across, dtype=torch.float64).tolist()
    return found


def _heights(subject: Subject, place: Placed, x: list[float], y: list[float]) -> list[list[Number | None]]:
    """f over the grid: in one call where ``vmap`` can do it and agrees with single calls, else one by one."""
    points = [place(a, b) for b in y for a in x]
    stacked = [torch.stack(parts) for parts in zip(*points, strict=True)]
    try:
        with torch.no_grad():
            found = torch.func.vmap(subject.number)(*stacked)
            for i in range(0, len(points), max(1, len(points) // _PROBES)):
                torch.testing.assert_close(found[i], subject.number(*points[i]), equal_nan=True)
    except Exception:
        return [[_height(subject, place(a, b)) for a in x] for b in y]
    heights: list[list[Number | None]] = [list(row) for row in matrix(found.reshape(len(y), len(x)))]
    return heights


def _height(subject: Subject, at: tuple[torch.Tensor, ...]) -> Number | None:
    try:
        with torch.no_grad():
            return number(subject.number(*at))
    except Exception:
        return None


def _slope(subject: Subject, at: tuple[torch.Tensor, ...]) -> list[float] | None:
    for one in at:
        one.requires_grad_()
    try:
        with torch.enable_grad():
            value = subject.number(*at)
            if not value.requires_grad:
                return [0.0, 0.0]
            parts = torch.autograd.grad(value, at, allow_unused=True, materialize_grads=True)
    except Exception:
        return None
    return [float(one) for part in parts for one in part.reshape(-1)]


def _descent(
    question: Surface, subject: Subject, place: Placed
) -> tuple[list[tuple[Number, Number, Number]], str | None]:
    """Walk from the point against the gradient; end early where there is no number to go on with."""
    a, b = (float(one) for part in subject.point for one in part.reshape(-1))
    path: list[tuple[Number, Number, Number]] = []
    for step in range(question.steps + 1):
        height = _height(subject, place(a, b))
        if not isinstance(height, float) or not all(map(math.isfinite, (a, b))):
            return path, f"Step {step} gives no finite number: with a rate of {question.rate:g} the descent diverges."
        path.append((a, b, height))
        slope = _slope(subject, place(a, b))
        if slope is None:
            return path, f"There is no gradient after {step} steps."
        a, b = a - question.rate * slope[0], b - question.rate * slope[1]
    return path, None
