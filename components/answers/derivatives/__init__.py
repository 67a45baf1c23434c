"""Derivatives of a function that a program defines: computed in the process that ran it, after its last line."""

from __future__ import annotations

from typing import Any

from components.answers.derivatives.checks import checks
from components.answers.derivatives.nth import nth
from components.answers.derivatives.plots import curve, surface
from components.answers.derivatives.quantities import derivative
from components.answers.derivatives.subject import NoAnswer, subject_of
from components.trace import (
    Answered,
    Checks,
    Curve,
    Derivative,
    NthDerivatives,
    Question,
    Surface,
    Unanswered,
)

__all__ = ["differentiate"]


def differentiate(question: Question, names: dict[str, Any]) -> Answered:
    """Answer a question about a function among the program's global names; raises what the function raises."""
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
        return Unanswered(problem=str(problem))
    raise AssertionError(question)
