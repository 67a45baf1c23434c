"""Changes in place and functions without a symbolic form: who is concerned, and who is not."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import wrap_torch_function
from torch.utils.dlpack import from_dlpack

from components.answers.symbolic import NoForm, plain_of, symbolic_form, value_at
from tests.answers.symbolic.oracles import Function, form_of, formula_jacobian, named, reason_of

TWO = torch.tensor(2.0)
PAIR = torch.tensor([2.0, 3.0])


def test_a_change_in_place_is_seen_through_every_alias() -> None:
    def function(x: Tensor) -> Tensor:
        y = x * 1
        row = y.view(2, 1)[1]
        y[1] = x[0] * 10
        row += 1
        return torch.stack([y[1], row[0]])

    form = form_of(function, PAIR)
    assert [plain_of(each) for each in form.outputs] == ["10*x0[0] + 1"] * 2


def test_the_input_itself_may_change_and_the_callers_tensor_does_not() -> None:
    given = torch.tensor([2.0, 3.0])
    form = form_of(lambda x: x.mul_(x).sum(), given)
    assert plain_of(form.outputs[()]) == "x0[0]**2 + x0[1]**2"
    assert given.tolist() == [2.0, 3.0]


def test_an_out_argument_ends_it_as_it_ends_autograd() -> None:
    def function(x: Tensor) -> Tensor:
        out = torch.empty(2)
        torch.mul(x, x, out=out)
        return out.sum()

    assert reason_of(function, PAIR) == "In double precision the function stops with RuntimeError."


def test_drawing_in_place_forgets_what_was_there() -> None:
    assert form_of(lambda x: (x * 1).zero_() + x, TWO).outputs[()] == form_of(lambda x: x, TWO).outputs[()]
    form = form_of(lambda x: (x * 1).uniform_() * 1.0, TWO)
    assert formula_jacobian(form).tolist() == [[0.0]]


def test_memory_seen_as_another_type_has_no_formula() -> None:
    for other in (torch.float64, torch.float32):
        assert "cannot be followed" in reason_of(
            lambda x, other=other: (x * 1).view(torch.int64).view(other).sum(), PAIR
        )
    assert "another type" in reason_of(lambda x: x * (x * 1).view(torch.int64), PAIR)


def test_batch_norm_spoils_the_statistics_that_it_updates() -> None:
    def function(x: Tensor) -> Tensor:
        mean, var = torch.zeros(2), torch.ones(2)
        torch.nn.functional.batch_norm(x, mean, var, training=True)
        return x.sum() + mean.sum()

    assert "running_mean" in reason_of(function, torch.tensor([[1.0, 2.0], [3.0, 5.0]]))


def test_an_unknown_function_spoils_what_is_made_of_it_only() -> None:
    def spoiled(x: Tensor) -> Tensor:
        values: Tensor = torch.linalg.svdvals(x[None])
        out = torch.zeros(2)
        out[0] = values[0] * 2
        return out.sum()

    def beside(x: Tensor) -> Tensor:
        torch.linalg.svdvals(x[None])
        return x.sum()

    assert reason_of(spoiled, PAIR) == "torch.linalg.svdvals has no symbolic form here."
    assert plain_of(form_of(beside, PAIR).outputs[()]) == "x0[0] + x0[1]"


def test_an_unknown_change_in_place_spoils_its_target() -> None:
    assert reason_of(lambda x: (x * 1).renorm_(2, 0, 1.0), torch.ones(1, 2)).startswith("Tensor.renorm_")


@pytest.mark.parametrize(
    "function",
    [torch.fft.fft, lambda x: torch.complex(x, x).abs(), lambda x: torch.linalg.eigvals(torch.outer(x, x)).abs()],
)
def test_complex_numbers_have_no_formula(function: Function) -> None:
    assert isinstance(symbolic_form(function, named([PAIR])), NoForm)


def test_the_program_runs_on_beside_what_has_no_formula() -> None:
    seen = []

    def function(x: Tensor) -> Tensor:
        values: Tensor = torch.linalg.eigvalsh(torch.outer(x, x))
        seen.append(bool(values[-1] > 12.9))
        return values.sum()

    # the eigenvalues of x x^T are 0 and |x|^2 = 4 + 9 = 13
    assert "eigvalsh" in reason_of(function, PAIR)
    assert seen == [True]


def test_a_constant_that_passes_through_a_function_stays_one() -> None:
    weights = torch.ones(3, 2)
    form = form_of(lambda x: (torch.atleast_2d(x, weights)[1] * x).sum(), PAIR)  # type: ignore[no-untyped-call]
    assert plain_of(form.outputs[()]) == "3*x0[0] + 3*x0[1]"
    assert plain_of(form_of(lambda x: (x + weights).sum(), PAIR).outputs[()]) == "3*x0[0] + 3*x0[1] + 6"


@wrap_torch_function(lambda *tensors: tensors)
def _passed_on(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tensors


@wrap_torch_function(lambda x: (x,))
def _hidden(x: Tensor) -> Any:
    """The same memory, in a way that no operation of PyTorch shows."""
    return from_dlpack(torch._C._to_dlpack(x.detach()))


def test_a_tensor_that_comes_about_unseen_has_no_formula_and_one_that_is_passed_on_has() -> None:
    assert reason_of(lambda x: _hidden(x) * x, PAIR) == "Tensor._hidden has no symbolic form here."
    weights = torch.tensor([2.0, 5.0], dtype=torch.float64)
    form = form_of(lambda x: (_passed_on(x, weights)[1] * x).sum(), PAIR)
    assert plain_of(form.outputs[()]) == "2*x0[0] + 5*x0[1]"


def test_all_is_double_whatever_the_program_asks_for() -> None:
    def function(x: Tensor) -> Tensor:
        return x.softmax(0, dtype=torch.float32) + x.float() / torch.full((2,), 3.0, dtype=torch.float32)

    # 2/3 + 1/(1 + e) and 1 + e/(1 + e), to all digits of a double
    share = 1 / (1 + math.e)
    given: list[Tensor] = []

    def kept(x: Tensor) -> Tensor:
        given.append(function(x))
        return given[0]

    form = form_of(kept, PAIR)
    expected = [2 / 3 + share, 2 - share]
    assert value_at(form.outputs, form).tolist() == pytest.approx(expected, rel=1e-14)
    assert given[0].tolist() == pytest.approx(expected, rel=1e-14)


def test_a_buffer_of_single_precision_from_outside_keeps_what_is_written_into_it() -> None:
    buffer, spoiled = torch.zeros(2), torch.zeros(2)

    def function(x: Tensor) -> Tensor:
        buffer[0] = x[1] ** 2
        return (buffer * x + torch.stack([buffer, x])).sum()

    # buffer is (x1**2, 0); its product with x is added to both rows: 2 * x1**2 * x0, and x1**2 + x0 + x1
    form = form_of(function, PAIR)
    assert plain_of(form.outputs[()]) == "2*x0[0]*x0[1]**2 + x0[0] + x0[1]**2 + x0[1]"

    def unknown(x: Tensor) -> Tensor:
        spoiled[:1] = torch.linalg.svdvals(x[None])
        return (spoiled * x).sum()

    assert "svdvals has no symbolic form" in reason_of(unknown, PAIR)
