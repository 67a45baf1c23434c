"""Derivatives of a function that a program defines: computed in the process that ran it, after its last line."""

from __future__ import annotations

from typing import Any

import torch

from ...trace import Answered, Checks, Curve, Derivative, Function, NthDerivatives, Question, Surface, Unanswered
from .checks import checks
from .nth import nth
from .plots import curve, surface
from .quantities import derivative
from .subject import NoAnswer, Subject, subject_of

__all__ = ["differentiate"]


def differentiate(question: Question, names: dict[str, Any]) -> Answered:
    """Answer a question about a function among the program's global names; raises what the function raises."""
    subject = None
    torch.set_grad_enabled(True)  # whatever the program left it at
    try:
        subject = subject_of(question, names)
        match question:
            case NthDerivatives():
                return nth(question, subject)
            case Derivative():
                return derivative(question, subject)
            case Curve():
                return curve(question, subject)
            case Surface():
                return surface(question, subject)
            case Checks():
                return checks(question, subject)
    except NoAnswer as problem:
        return Unanswered(problem=str(problem), function=_found(subject))
    raise AssertionError(question)


def _found(subject: Subject | None) -> Function | None:
    """What is known of the function, for the person to choose from; nothing if it gives nothing to differentiate."""
    try:
        return subject.record() if subject is not None else None
    except NoAnswer:
        return None
