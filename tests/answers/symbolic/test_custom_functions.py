"""Custom ``autograd.Function``: its forward is followed, its backward is PyTorch's matter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from components.answers.symbolic import plain_of
from tests.answers.symbolic.oracles import central_differences, form_of, formula_jacobian, reason_of

TWO = torch.tensor(2.0)


def test_the_forward_of_a_custom_function_is_followed_and_its_backward_is_not() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x**2

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad * 7

    def function(x: Tensor) -> Tensor:
        return Wrong.apply(x)  # type: ignore[no-any-return,no-untyped-call]

    form = form_of(function, TWO)
    x = TWO.double().requires_grad_()
    (claimed,) = torch.autograd.grad(function(x), x)
    # d/dx x**2 = 4, by the formula and by differences; the backward claims 7
    assert formula_jacobian(form) == pytest.approx(central_differences(function, TWO.double()))
    assert (formula_jacobian(form).item(), claimed.item()) == (4.0, 7.0)
    assert "custom autograd.Function" in form.notes[0]


def test_what_a_custom_forward_detaches_or_switches_is_its_own_matter() -> None:
    """PyTorch differentiates its backward, whatever happens in its forward."""

    class Careful(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            with torch.enable_grad():
                y = x * 2
            with torch.no_grad():
                return y * x.detach()

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad

    def function(x: Tensor) -> Tensor:
        y: Tensor = Careful.apply(x)  # type: ignore[no-untyped-call]
        return y * torch.sin(x)

    form = form_of(function, TWO)
    assert plain_of(form.outputs[()]) == "2*x0**2*sin(x0)"
    assert len(form.notes) == 1
    again = form_of(lambda x: checkpoint(lambda y: y**3, x, use_reentrant=True), TWO)
    assert plain_of(again.outputs[()]) == "x0**3"


def test_what_a_custom_function_does_not_differentiate_is_refused() -> None:
    class Rounded(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            y = x * 2
            ctx.mark_non_differentiable(y)
            return y

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad

    assert "lost its history" in reason_of(Rounded.apply, TWO)
