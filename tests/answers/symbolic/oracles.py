"""What formulas are compared with: PyTorch's own derivatives, and differences of the function itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from components.answers.symbolic import NoForm, SymbolicForm, hessian, jacobian, symbolic_form, value_at

Function = Callable[..., Any]
Doubles = NDArray[np.float64]
_STEP = 1e-6


def named(tensors: list[torch.Tensor]) -> list[tuple[str, torch.Tensor]]:
    return [(f"x{position}", tensor) for position, tensor in enumerate(tensors)]


def form_of(function: Function, *tensors: torch.Tensor) -> SymbolicForm:
    form = symbolic_form(function, named(list(tensors)))
    assert isinstance(form, SymbolicForm), form.reason
    return form


def reason_of(function: Function, *tensors: torch.Tensor) -> str:
    form = symbolic_form(function, named(list(tensors)))
    assert isinstance(form, NoForm), form.outputs
    return form.reason


def autograd_jacobian(function: Function, *tensors: torch.Tensor) -> Doubles:
    """Output elements by input elements."""
    parts = torch.autograd.functional.jacobian(function, tensors)  # type: ignore[no-untyped-call]
    rows = function(*tensors).numel()
    columns = [part.reshape(rows, x.numel()) for part, x in zip(parts, tensors, strict=True)]
    return torch.cat(columns, dim=1).detach().numpy()


def autograd_hessian(function: Function, *tensors: torch.Tensor) -> Doubles:
    def single(*xs: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(function(*xs)).reshape(())

    blocks = torch.autograd.functional.hessian(single, tensors)  # type: ignore[no-untyped-call]
    rows = [
        torch.cat([block.reshape(x.numel(), -1) for block in row], dim=1)
        for row, x in zip(blocks, tensors, strict=True)
    ]
    return torch.cat(rows).detach().numpy()


def central_differences(function: Function, *tensors: torch.Tensor) -> Doubles:
    """``(f(x + h) - f(x - h)) / 2h`` for every element of every input."""
    columns = []
    for position, tensor in enumerate(tensors):
        for place in range(tensor.numel()):
            ends = []
            for step in (_STEP, -_STEP):
                moved = [each.clone() for each in tensors]
                moved[position].view(-1)[place] += step
                ends.append(function(*moved).detach().reshape(-1))
            columns.append((ends[0] - ends[1]) / (2 * _STEP))
    return torch.stack(columns, dim=1).numpy()


def formula_jacobian(form: SymbolicForm) -> Doubles:
    found = jacobian(form)
    assert not isinstance(found, NoForm), found.reason
    return value_at(found, form)


def formula_hessian(form: SymbolicForm) -> Doubles:
    found = hessian(form)
    assert not isinstance(found, NoForm), found.reason
    return value_at(found, form)


def check_first(
    function: Function, *tensors: torch.Tensor, differences: bool = True, tolerance: float = 1e-8
) -> SymbolicForm:
    """The formula's numbers and first derivatives are PyTorch's, and those of the function itself."""
    form = form_of(function, *tensors)
    expected = function(*[tensor.clone() for tensor in tensors]).detach().numpy()
    np.testing.assert_allclose(value_at(form.outputs, form), expected, rtol=1e-9, atol=1e-12)
    first = formula_jacobian(form)
    np.testing.assert_allclose(first, autograd_jacobian(function, *tensors), rtol=tolerance, atol=1e-10)
    if differences:
        np.testing.assert_allclose(first, central_differences(function, *tensors), rtol=1e-5, atol=1e-6)
    return form


def check_second(function: Function, *tensors: torch.Tensor) -> SymbolicForm:
    """The same for a function that gives one number, and for its second derivatives."""
    form = check_first(function, *tensors)
    np.testing.assert_allclose(formula_hessian(form), autograd_hessian(function, *tensors), rtol=1e-7, atol=1e-9)
    return form
