"""What a person may ask of a program beyond its trace, as frozen types: derivatives of its function, an exercise.

A question travels with the program, so that the same program with the same question is the same run. The function that
most questions are about is the program's own: ``def f(x, w)``, with ``x`` and ``w`` bound to the point at which it is
looked at. What comes back is in ``answers``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .base import Record

MOST_DERIVATIVES = 8
MOST_POINTS = 401
MOST_ACROSS = 61
MOST_STEPS = 500

Quantity = Literal["gradient", "jacobian", "hessian", "jvp", "vjp", "directional"]
Finite = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]


class Question(Record, frozen=True, kw_only=True, tag_field="ask"):
    """What questions about a function share.

    ``function`` is its name, ``None`` the last one whose parameters are all bound to tensors. ``inputs`` are the
    parameters by which it is differentiated, ``None`` all that hold floating-point numbers. ``element`` picks one
    number of an output of several, where a question needs one; ``None`` takes an output of one element as it is.
    """

    function: str | None = None
    inputs: tuple[str, ...] | None = None
    element: tuple[int, ...] | None = None


class NthDerivatives(Question, frozen=True, kw_only=True, tag="nth_derivatives"):
    """The first to n-th derivative; of several inputs, along ``direction`` (``None``: one in every element)."""

    order: Annotated[int, msgspec.Meta(ge=1, le=MOST_DERIVATIVES)] = 3
    direction: tuple[Finite, ...] | None = None


class Derivative(Question, frozen=True, kw_only=True, tag="derivative"):
    """One kind of derivative, by ``torch.autograd.functional`` and by ``torch.func``.

    ``vector`` is the tangent of a JVP and of a directional derivative, or the cotangent of a VJP, all elements in a
    row; ``None`` is one in every element.
    """

    quantity: Quantity
    vector: tuple[Finite, ...] | None = None


class Curve(Question, frozen=True, kw_only=True, tag="curve"):
    """f, f' and f'' of one number over a range."""

    low: Finite
    high: Finite
    points: Annotated[int, msgspec.Meta(ge=2, le=MOST_POINTS)] = 161


class Surface(Question, frozen=True, kw_only=True, tag="surface"):
    """f of two numbers over a rectangle, with gradients, and steps of gradient descent from the point."""

    low: tuple[Finite, Finite]
    high: tuple[Finite, Finite]
    across: Annotated[int, msgspec.Meta(ge=2, le=MOST_ACROSS)] = 41
    rate: Finite = 0.1
    steps: Annotated[int, msgspec.Meta(ge=0, le=MOST_STEPS)] = 20


class Checks(Question, frozen=True, kw_only=True, tag="checks"):
    """The derivative by autograd beside finite differences and beside SymPy."""


class Exercise(Record, frozen=True, kw_only=True, tag_field="ask", tag="exercise"):
    """Whether the program solves an exercise; ``checks`` is the text of the exercise's check cells."""

    checks: str


Asked = NthDerivatives | Derivative | Curve | Surface | Checks | Exercise
