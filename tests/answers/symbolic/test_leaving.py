"""What leaves the tensors and what is a constant: no formula, or one with a note."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from components.answers.symbolic import plain_of, value_at
from tests.answers.symbolic.oracles import Function, form_of, formula_jacobian, reason_of

TWO = torch.tensor(2.0)
PAIR = torch.tensor([2.0, 3.0])


def _swallowed(x: Tensor) -> Tensor:
    try:
        return x * x.item()
    except BaseException:
        return x


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x.item(),
        lambda x: x * float(x),
        lambda x: x * math.sin(x),
        lambda x: x * x.tolist(),
        lambda x: x * torch.from_numpy(x.numpy()),
        lambda x: x * torch.from_numpy(np.sin(x)),
        lambda x: x * torch.tensor(x),
        lambda x: x * torch.tensor([x, x]).sum(),
        lambda x: x * torch.Tensor([x, x]).sum(),
        lambda x: x * torch.as_tensor([x]).sum(),
        lambda x: x * x.new_tensor([x]).sum(),
        lambda x: x * complex(x).real,
        _swallowed,
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_a_number_taken_out_ends_the_formula(function: Function) -> None:
    reason = reason_of(function, TWO)
    assert "number" in reason
    assert reason.endswith(".")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.autograd.grad(x**2, x)[0],
        lambda x: (x**2).backward() or x,
        lambda x: x.register_hook(print) or x,
        lambda x: x.detach_(),
        lambda x: __import__("copy").deepcopy(x),
        torch.func.grad(lambda v: v.detach() * v),
        lambda x: torch.nn.Parameter(x) * x,
        lambda x: torch.autograd.functional.jvp(torch.sin, x, x, create_graph=True)[1],  # type: ignore[no-untyped-call]
    ],
)
def test_what_cannot_be_followed_says_so(function: Function) -> None:
    assert "cannot be followed" in reason_of(function, TWO)


def test_text_integers_and_shapes_do_not_end_it() -> None:
    def function(x: Tensor) -> Tensor:
        assert f"{x:.1f} {x.shape} {len(x.reshape(1))}" == "2.0 torch.Size([]) 1"
        assert str(x).startswith("tensor(2., ")
        assert x.requires_grad
        return x * x.dim() + x * x.numel() + x * int(torch.tensor(3)) + x * float(torch.tensor([1.0, 2.0]).tolist()[1])

    # 2*0 + 2*1 + 2*3 + 2*2 = 12
    assert plain_of(form_of(function, TWO).outputs[()]) == "6*x0"


def test_detach_is_a_constant_with_a_note() -> None:
    for function in (lambda x: x.detach() * x, lambda x: x.data * x, lambda x: torch.detach(x) * x):
        form = form_of(function, TWO)
        assert plain_of(form.outputs[()]) == "2*x0"
        assert form.notes == ("detach() and .data give constants: the formula has their numbers.",)
        # d/dx 2x = 2, where x * x would give 4
        assert formula_jacobian(form).tolist() == [[2.0]]


def test_what_is_computed_without_gradients_is_a_constant() -> None:
    def function(x: Tensor) -> Tensor:
        with torch.no_grad():
            y = x * x
            z = y.reshape(1)[0]
        return x * y + z

    form = form_of(function, TWO)
    # y = z = 4
    assert plain_of(form.outputs[()]) == "4*x0 + 4"
    assert len(form.notes) == 1
    assert torch.is_grad_enabled()


def test_a_change_in_place_without_gradients_is_refused() -> None:
    def function(x: Tensor) -> Tensor:
        y = x * 2
        with torch.no_grad():
            y += 1
        return y

    assert "in place where gradients are off" in reason_of(function, TWO)


def test_memory_that_is_shared_with_a_detached_tensor_must_not_change() -> None:
    def original(x: Tensor) -> Tensor:
        y = x * 2
        z = y.detach()
        y += 1
        return x * z

    def copy(x: Tensor) -> Tensor:
        y = x * 2
        y.detach().add_(1)
        return y

    assert "shares memory" in reason_of(original, TWO)
    assert "shares memory" in reason_of(copy, TWO)


def test_a_branch_and_a_comparison_leave_a_note() -> None:
    def function(x: Tensor) -> Tensor:
        return x**2 if x > 1 else x

    assert form_of(function, TWO).notes == (
        "The comparison > came out as it does at this point: the formula holds where it stays so.",
    )
    assert form_of(lambda x: x**2 if x else x, TWO).notes == (
        "The formula holds where the program takes the same branches as at this point.",
    )
    assert form_of(lambda x: x * x.argmax(), PAIR).notes == (
        "torch.argmax came out as it does at this point: the formula holds where it stays so.",
    )
    assert form_of(lambda x: x * x.long(), TWO).notes == (
        "Tensor.long came out as it does at this point: the formula holds where it stays so.",
    )


def test_random_numbers_stay_as_drawn_and_the_generator_as_it_was() -> None:
    torch.manual_seed(5)
    drawn = torch.rand((), dtype=torch.float64)
    torch.manual_seed(5)
    form = form_of(lambda x: x * torch.rand(()), TWO)
    assert value_at(form.outputs, form) == pytest.approx(2 * drawn.item())
    assert form.notes == ("Random numbers stay in the formula as they were drawn.",)
    assert torch.rand((), dtype=torch.float64) == drawn


def test_dropout_keeps_its_mask() -> None:
    form = form_of(lambda x: torch.nn.functional.dropout(x, 0.5), torch.ones(8))
    assert {plain_of(each).partition("*")[0] for each in form.outputs} == {"0", "2"}


def test_inference_mode_gives_constants() -> None:
    def function(x: Tensor) -> Tensor:
        with torch.inference_mode():
            y = x * x
        return x + y.clone()

    form = form_of(function, TWO)
    assert plain_of(form.outputs[()]) == "x0 + 4"
    assert form.notes == ("What is computed where gradients are off counts as a constant.",)


def test_gradients_asked_for_again_or_given_up() -> None:
    assert plain_of(form_of(lambda x: x.requires_grad_() ** 2, TWO).outputs[()]) == "x0**2"
    assert "out of the graph" in reason_of(lambda x: x.requires_grad_(False) ** 2, TWO)


def test_attention_without_dropout_draws_nothing() -> None:
    attend = torch.nn.functional.scaled_dot_product_attention
    mask = torch.zeros(1, 1, 1, 2)  # single precision beside doubles
    form = form_of(lambda x: attend(x, x, x, attn_mask=mask.expand(1, 1, 2, 2)), torch.ones(1, 1, 2, 1))
    assert form.notes == ()


def test_where_softplus_is_linear_a_note_says_so() -> None:
    form = form_of(torch.nn.functional.softplus, torch.tensor([1.0, 25.0]))
    assert [plain_of(each) for each in form.outputs] == ["log(exp(x0[0]) + 1)", "x0[1]"]
    assert form.notes == ("torch.nn.functional.softplus is x itself where x is large.",)


def test_numpy_is_seen_where_its_way_in_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = torch.Tensor.__array__

    def as_array(tensor: Tensor, *arguments: Any) -> Any:
        return real(tensor, *arguments)

    monkeypatch.setattr(torch.Tensor, "__array__", as_array)
    assert reason_of(lambda x: x * torch.from_numpy(np.asarray(x)), TWO).startswith("NumPy takes numbers out")
