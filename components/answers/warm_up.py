"""Loads what answers need, once, before the worker forks: afterwards a run opens no file."""

from __future__ import annotations

from ..capture import capture_with_names
from ..capture import warm_up as warm_up_capture
from ..trace import Checks, Curve, Derivative, Exercise, NthDerivatives, Program, Question, Surface
from . import symbolic
from .derivatives import differentiate
from .exercises import check_exercise

_SOURCE = """
import torch

def f(x):
    return (x.sin() * x).sum()

x = torch.tensor([1.0, 2.0])
"""
_QUESTIONS: tuple[Question, ...] = (
    NthDerivatives(order=2),
    *(Derivative(quantity=one) for one in ("gradient", "jacobian", "hessian", "jvp", "vjp", "directional")),
    Curve(low=0.0, high=1.0, points=2),
    Surface(low=(0.0, 0.0), high=(1.0, 1.0), across=2, steps=1),
    Checks(),
)


def warm_up() -> None:
    """Run a program and ask it everything."""
    warm_up_capture()
    symbolic.warm_up()
    _, names = capture_with_names(Program(source=_SOURCE))
    for question in _QUESTIONS:
        differentiate(question, names)
    check_exercise(Exercise(checks="# A title\nassert f(x) is not None, 'a hint'\n"), names)
