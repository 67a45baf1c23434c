"""Loads what answers need, step by step: SymPy imports on first use. Afterwards a run opens no file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import torch

from ..capture import capture_with_names
from ..trace import (
    Checks,
    Curve,
    Derivative,
    Inspection,
    Judgement,
    Look,
    NthDerivatives,
    Program,
    Question,
    Surface,
)
from .derivatives import differentiate
from .exercises import inspect_answer, judge
from .symbolic import SymbolicForm, hessian, jacobian, latex_of, nth_derivatives, plain_of, symbolic_form, value_at

# What SymPy imports inside of functions that a formula can come to, and that the formulas below do not.
_LATE = (
    *(f"sympy.assumptions.{module}" for module in ("facts", "handlers.matrices", "lra_satask", "satask", "wrapper")),
    *(f"sympy.logic.algorithms.{module}" for module in ("dpll", "dpll2")),
    *(f"sympy.polys.{module}" for module in ("dispersion", "distributedmodules", "domains.quotientring")),
    *(f"sympy.sets.handlers.{module}" for module in ("add", "functions", "issubset", "mul", "power")),
    "sympy.tensor.array.array_derivatives",
)
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


def warming() -> Iterator[None]:
    """Run a program and ask it everything, in steps of some tenths of a second."""
    warm_up_formulas()
    yield
    _, names = capture_with_names(Program(source=_SOURCE))
    for question in _QUESTIONS:
        differentiate(question, names)
    found = inspect_answer(Inspection(looks=[Look(code="f(x)")], seed=0), names).findings
    judge(Judgement(checks="# A title\nassert f(x) == 2, 'a hint'\n", solution="", seed=0, findings=found))


def warm_up_formulas() -> None:
    """Work out a few formulas that between them use everything."""
    for module in _LATE:
        importlib.import_module(module)
    number, vector = torch.tensor(0.5), torch.tensor([0.5, 0.25])
    for function in (_of_a_number, _with_floats):
        form = symbolic_form(function, [("x", number)])
        assert isinstance(form, SymbolicForm), form
        for derivative in nth_derivatives(form, 3):
            latex_of(derivative)
            plain_of(derivative)
    form = symbolic_form(_of_a_vector, [("x", vector)])
    assert isinstance(form, SymbolicForm), form
    value_at(form.outputs, form, [("x", vector)])
    for matrix in (jacobian(form), hessian(form)):
        assert not hasattr(matrix, "reason"), matrix


def _of_a_number(x: torch.Tensor) -> torch.Tensor:
    y = torch.sin(x) * torch.exp(-(x**2)) + torch.tanh(x) / (1 + x**2) + torch.atan2(x, x + 1)
    return y + torch.erf(x) * torch.asin(x) + torch.acosh(x + 2) + torch.lgamma(x + 1) + torch.relu(x) * x.abs()


def _with_floats(x: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(1.7 * x + 0.3) * torch.maximum(x, 0.1 * x) + x**2.5 + torch.sqrt(x) + torch.cosh(x).log()


def _of_a_vector(x: torch.Tensor) -> torch.Tensor:
    y = torch.zeros(2)
    y[0] = torch.nn.functional.softmax(x, 0)[1]
    y[1:] += torch.cat([x, x]).flip(0)[:1] if x[0] > 0 else 0
    return torch.outer(y, x).mv(torch.ones(2)).sum() + torch.det(torch.outer(x, x)) + x.amax() + x.var()
