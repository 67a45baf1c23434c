"""Runs a function of tensors once and returns what it computed as formulas in the elements of its inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .arrays import Expr, Floats, Symbols
from .atoms import symbols_for
from .budget import Budget, FormulaLimits, Refused, never
from .evaluation import Evaluator, evaluated, point_of
from .following import Follower, Operations
from .function_mode import Functions
from .shadow import Unknown, tensors_in

# The formula is exact and PyTorch rounds: this is far below any mistake and far above the rounding of a short program.
_RELATIVE, _ABSOLUTE = 1e-6, 1e-10

Inputs = Sequence[tuple[str, torch.Tensor]]


@dataclass(frozen=True, eq=False)
class SymbolicForm:
    """A function's outputs as formulas.

    ``symbols`` has an array for each input: its symbols, or its numbers if it holds no floating-point numbers.
    ``outputs`` has the shape of the function's output. ``notes`` says, in sentences, where the formulas hold. ``point``
    has the value of each symbol.
    """

    symbols: list[Symbols]
    outputs: Symbols
    notes: tuple[str, ...]
    point: dict[Expr, float]


@dataclass(frozen=True)
class NoForm:
    """There is no formula; ``reason`` is a sentence for the person."""

    reason: str


def symbolic_form(
    function: Callable[..., Any],
    inputs: Inputs,
    *,
    limits: FormulaLimits = FormulaLimits(),
    should_stop: Callable[[], bool] = never,
) -> SymbolicForm | NoForm:
    """Call ``function`` with the inputs' values, in double precision, and return its output as formulas.

    ``should_stop`` is asked at every operation; once it says yes there is no form. The random generator is left as it
    was, and so are the default type and whether gradients are on. What the function prints or changes outside of
    itself happens once.

    Raises:
        ValueError: a name is no identifier or appears twice.
    """
    names = [name for name, _ in inputs]
    if len(set(names)) != len(names):
        raise ValueError(f"inputs must have different names, not {names}")
    symbols = [symbols_for(name, tensor) for name, tensor in inputs]
    budget = Budget(limits, should_stop)
    try:
        budget.admit_count(sum(array.size for array in symbols))
        return _form(function, [tensor for _, tensor in inputs], symbols, budget)
    except Refused as refusal:
        return NoForm(refusal.reason)


def _form(
    function: Callable[..., Any], tensors: list[torch.Tensor], symbols: list[Symbols], budget: Budget
) -> SymbolicForm | NoForm:
    follower = Follower(budget)
    point = [_followed(tensor) for tensor in tensors]
    for tensor, array in zip(point, symbols, strict=True):
        if tensor.is_floating_point() and tensor.numel():
            follower.memory.write(tensor, array)
    values = point_of(symbols, tensors)
    try:
        with _own_settings():
            with Operations(follower), Functions(follower):
                output = function(*point)
            follower.gradients.look()
            follower.check_history(tensors_in(output))
    except Exception as error:  # the program's own, whatever it is: in single precision it may run all the same
        return NoForm(f"In double precision the function stops with {type(error).__name__}.")
    if follower.refusal is not None:
        raise follower.refusal
    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        return NoForm("The function returns no tensor of real numbers.")
    try:
        outputs = follower.memory.read(output)
    except Unknown as unknown:
        return NoForm(unknown.reason)
    budget.admit(outputs)
    found = evaluated(outputs, Evaluator(values, budget.tick))
    if not _agree(found, output.detach().double().numpy(force=True)):
        return NoForm("The formula does not agree with PyTorch's number.")
    return SymbolicForm(symbols, outputs, tuple(follower.notes), values)


def _followed(tensor: torch.Tensor) -> torch.Tensor:
    """A double that requires gradients, as where autograd is asked; no leaf, so that it may be changed in place."""
    if not tensor.is_floating_point():
        return tensor
    with torch.enable_grad():
        return tensor.detach().double().requires_grad_().clone()


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    """What the function makes is double, as its inputs are; what it draws does not move the generator."""
    default, drawn = torch.get_default_dtype(), torch.get_rng_state()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(default)
        torch.set_rng_state(drawn)


def _agree(formula: Floats, number: Floats) -> bool:
    """Whether they are equal but for rounding; a number that is infinite or none agrees with nothing."""
    return bool(np.all(np.abs(formula - number) <= _ABSOLUTE + _RELATIVE * np.abs(number)))


def value_at(array: Symbols, form: SymbolicForm, inputs: Inputs | None = None) -> Floats:
    """Return the numbers of formulas in the form's symbols, in double precision; ``nan`` for what is not finite.

    ``inputs`` are other values for the inputs; without them the point is that of the form.
    """
    point = form.point if inputs is None else point_of(form.symbols, [tensor for _, tensor in inputs])
    return evaluated(np.asarray(array, dtype=object), Evaluator(point))
