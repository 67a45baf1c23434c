"""Functions as people write them: first and second derivatives of the formula against autograd's.

Longer than usual because it is a list of programs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from components.answers.symbolic import value_at
from tests.answers.symbolic.oracles import autograd_jacobian, check_first, check_second, form_of, formula_jacobian

Double = torch.float64


def _d(*values: Any) -> Tensor:
    return torch.tensor(values[0] if len(values) == 1 else values, dtype=Double)


A = _d([2.0, -1.0, 0.5], [0.0, 1.5, 1.0], [-0.3, 0.2, 1.0])
HIDDEN = _d([0.5, -1.0, 0.3], [1.2, 0.7, -0.4])
BIAS = _d(0.1, -0.2)
OUT = _d(1.5, -0.8)
NUMBER = _d(0.7)
VECTOR = _d(0.5, -1.2, 2.0)
MATRIX = _d([0.3, -0.7, 1.1], [0.9, 0.2, -0.5])


def _polynomial(x: Tensor) -> Tensor:
    return 3 * x**4 - 2 * x**3 + x - 5


def _horner(x: Tensor) -> Tensor:
    total = torch.zeros(())
    for coefficient in (2.0, -1.0, 0.5, 3.0):
        total = total * x + coefficient
    return total


def _newton(x: Tensor) -> Tensor:
    """Three steps of Newton's method for the square root of x."""
    guess = torch.ones(())
    for _ in range(3):
        guess = (guess + x / guess) / 2
    return guess


def _branch(x: Tensor) -> Tensor:
    if x > 0.5:
        return x**2 * torch.sin(x)
    return torch.exp(x)


def _while(x: Tensor) -> Tensor:
    y = x
    while y < 5:
        y = y * 2 + 0.1 * x**2
    return y


def _recursion(x: Tensor, depth: int = 4) -> Tensor:
    return x if depth == 0 else torch.sin(_recursion(x, depth - 1)) + x


def _square_root(x: Tensor) -> Tensor:
    return torch.sqrt(1 + x**2) / (1 + torch.abs(x))


def _rosenbrock(x: Tensor) -> Tensor:
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


def _himmelblau(x: Tensor) -> Tensor:
    a, b = x[0], x[1]
    return (a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2


def _ackley(x: Tensor) -> Tensor:
    return -20 * torch.exp(-0.2 * torch.sqrt((x**2).mean())) - torch.exp(torch.cos(2 * torch.pi * x).mean())


def _quadratic(x: Tensor) -> Tensor:
    return x @ A @ x / 2 - x.sum()


def _mlp(x: Tensor) -> Tensor:
    return OUT @ torch.tanh(HIDDEN @ x + BIAS)


def _mlp_relu(x: Tensor) -> Tensor:
    return (OUT * torch.relu(F.linear(x, HIDDEN, BIAS))).sum() ** 2


def _mlp_gelu(x: Tensor) -> Tensor:
    return F.gelu(x @ HIDDEN.T + BIAS).sum()


def _loop_sum(x: Tensor) -> Tensor:
    total = torch.tensor(0.0)
    for index in range(len(x)):
        total = total + x[index] ** index * torch.cos(x[index])
    return total


def _rows(x: Tensor) -> Tensor:
    return torch.stack([row.sum() ** 2 for row in x.reshape(3, 1)]).prod()


def _catted(x: Tensor) -> Tensor:
    both = torch.cat([x, x.flip(0) ** 2])
    return (both[1:] * both[:-1]).sum()


def _in_place(x: Tensor) -> Tensor:
    y = x * 2
    y[0] = x[1] * x[2]
    y[1:] *= x[:2]
    y += 1
    return y.prod()


def _buffer(x: Tensor) -> Tensor:
    out = torch.zeros(3)
    for index in range(3):
        out[index] = x[: index + 1].prod()
    return out @ x


def _aliases(x: Tensor) -> Tensor:
    y = x.clone()
    head = y[:2]
    head.mul_(x[2])
    y.add_(y.sum())
    return (head * y[1:]).sum()


def _scan(x: Tensor) -> Tensor:
    state, seen = torch.zeros(()), []
    for element in x:
        state = torch.tanh(0.5 * state + element)
        seen.append(state)
    return torch.stack(seen).square().mean()


def _distance(x: Tensor) -> Tensor:
    return torch.dist(x, torch.tensor([1.0, 2.0, 3.0])) + torch.sqrt(x @ x) ** 2


def _cosine(x: Tensor) -> Tensor:
    return F.cosine_similarity(x, A[0], dim=0)


def _attention(x: Tensor) -> Tensor:
    weights = torch.softmax(x[:, None] * x[None, :] / 3**0.5, dim=-1)
    return (weights @ x).sum()


def _entropy(x: Tensor) -> Tensor:
    p = torch.softmax(x, 0)
    return -(p * torch.log(p)).sum()


def _log_likelihood(x: Tensor) -> Tensor:
    return -0.5 * ((x - 0.3) / 1.7).pow(2).sum() - 3 * torch.log(torch.tensor(1.7))


def _mixture(x: Tensor) -> Tensor:
    return torch.logsumexp(torch.stack([-(x**2), -((x - 1) ** 2) + 0.5]), dim=0).sum()


def _normalised(x: Tensor) -> Tensor:
    return (F.layer_norm(x, (3,)) * A[0]).sum()


def _trace(x: Tensor) -> Tensor:
    outer = torch.outer(x, x)
    return torch.trace(outer @ A) + outer.diagonal().prod()


def _determinant(x: Tensor) -> Tensor:
    return torch.det(torch.diag(x) + A)


def _solved(x: Tensor) -> Tensor:
    solution: Tensor = torch.linalg.solve(A + torch.diag(x), torch.ones(3))
    return solution.sum()


def _where(x: Tensor) -> Tensor:
    return torch.where(x > 0, x**3, torch.exp(x)).sum()


def _clamped(x: Tensor) -> Tensor:
    return (x.clamp(-1, 1) ** 2 * x).sum()


def _huber(x: Tensor) -> Tensor:
    return F.huber_loss(x, torch.zeros(3), delta=1.0)


def _maximum(x: Tensor) -> Tensor:
    return (x.max() - x.min()) ** 2 + x.sort().values[1]


def _masked(x: Tensor) -> Tensor:
    return (x[x > 0] ** 2).sum() * x[x < 0].sum()


def _einsum(x: Tensor) -> Tensor:
    return torch.einsum("i,j,ij->", x, x**2, A)


def _power_tower(x: Tensor) -> Tensor:
    return (x**2 + 1) ** torch.sin(x)


def _cumulative(x: Tensor) -> Tensor:
    return torch.cumsum(x**2, 0).log().sum() + torch.cumprod(x, 0)[-1]


def _custom_softplus(x: Tensor) -> Tensor:
    return torch.log1p(torch.exp(-x.abs())) + torch.maximum(x, torch.zeros_like(x))


def _statistics(x: Tensor) -> Tensor:
    return ((x - x.mean()) / (x.std() + 1e-5)).pow(3).mean()


def _dtype_moves(x: Tensor) -> Tensor:
    return (x.double() * 2).to(x.dtype).contiguous().sum() ** 2


def _views(x: Tensor) -> Tensor:
    y = x.view(1, 3).expand(2, 3).permute(1, 0).unsqueeze(-1).squeeze(2)
    return (y.T @ y).reshape(-1)[1] + y.unbind(1)[0].chunk(3)[2].sum()


def _no_inputs_used(x: Tensor) -> Tensor:
    return torch.ones(3).sum() + 0 * x.sum()


OF_A_NUMBER: list[Callable[..., Tensor]] = [
    lambda x: torch.sin(x) * x,
    lambda x: torch.exp(-(x**2) / 2) / (2 * torch.pi) ** 0.5,
    lambda x: x**x,
    lambda x: 1 / (1 + torch.exp(-x)),
    lambda x: torch.log(x) / x,
    lambda x: torch.atan(x) * torch.erf(x),
    lambda x: (x - 1) / (x + 1) % 3,
    lambda x: -abs(x) + +x,
    lambda x: torch.sigmoid(x) * torch.cosh(x) - torch.sinh(x) / 3,
    _polynomial,
    _horner,
    _newton,
    _branch,
    _while,
    _recursion,
    _square_root,
    _custom_softplus,
    _power_tower,
]
OF_A_VECTOR: list[Callable[..., Tensor]] = [
    *(_rosenbrock, _himmelblau, _ackley, _quadratic, _mlp, _mlp_relu, _mlp_gelu, _loop_sum, _rows, _catted, _in_place),
    *(_buffer, _aliases, _scan, _distance, _cosine, _attention, _entropy, _log_likelihood, _mixture, _normalised),
    *(_trace, _determinant, _solved, _where, _clamped, _huber, _maximum, _masked, _einsum, _cumulative, _statistics),
    *(_dtype_moves, _views, _no_inputs_used),
]


def _as_written(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """What a program makes without a type is double for the oracles too."""

    def run(*tensors: Tensor) -> Tensor:
        before = torch.get_default_dtype()
        torch.set_default_dtype(Double)
        try:
            return function(*tensors)
        finally:
            torch.set_default_dtype(before)

    return run


@pytest.mark.parametrize("function", OF_A_NUMBER)
def test_of_a_number(function: Callable[..., Tensor]) -> None:
    check_second(_as_written(function), NUMBER)


@pytest.mark.parametrize("function", OF_A_VECTOR, ids=lambda function: function.__name__.strip("_"))
def test_of_a_vector(function: Callable[..., Tensor]) -> None:
    check_second(_as_written(function), VECTOR)


OF_SEVERAL: dict[str, tuple[Callable[..., Tensor], list[Tensor]]] = {
    "linear": (lambda x, w, b: F.mse_loss(w @ x + b, torch.ones(2)), [VECTOR, HIDDEN, BIAS]),
    "cross entropy": (lambda x, w: F.cross_entropy(x @ w.T, torch.tensor([1, 0])), [MATRIX, HIDDEN]),
    "logistic": (
        lambda x, w: F.binary_cross_entropy(torch.sigmoid(x @ w), torch.tensor([1.0, 0.0])),
        [MATRIX, VECTOR],
    ),
    "logits": (lambda x, w: F.binary_cross_entropy_with_logits(x @ w, torch.tensor([1.0, 0.0])), [MATRIX, VECTOR]),
    "two numbers": (lambda x, y: torch.atan2(x, y) * torch.hypot(x, y) + x**y, [_d(0.7), _d(1.3)]),
    "cross": (lambda x, y: torch.linalg.cross(x, y).norm(), [VECTOR, A[0]]),
}


@pytest.mark.parametrize("name", OF_SEVERAL)
def test_of_several(name: str) -> None:
    function, inputs = OF_SEVERAL[name]
    check_second(_as_written(function), *inputs)


@pytest.mark.parametrize(
    "function",
    [
        torch.tanh,
        lambda x: torch.softmax(x, 0),
        lambda x: x / x.norm(),
        lambda x: torch.outer(x, x) @ A,
        lambda x: torch.stack(torch.meshgrid(x, x**2, indexing="ij")).prod(0),
        lambda x: F.conv1d(x[None, None], OUT[None, None], padding=1),
        lambda x: torch.fft.ifftshift(x) * x,
        lambda x: torch.kron(x, HIDDEN),
        lambda x: torch.tril(torch.outer(x, x)).flatten()[::2],
        lambda x: torch.linalg.inv(A + torch.outer(x, x) / 10),
        lambda x: torch.linalg.matrix_power(torch.outer(x, x), 3),
        torch.func.grad(lambda v: (v**3).sum()),
        torch.vmap(lambda row: row * torch.sin(row)),
    ],
)
def test_of_several_outputs(function: Callable[..., Tensor]) -> None:
    check_first(_as_written(function), VECTOR)


def test_a_module_in_single_precision() -> None:
    """Its parameters become doubles beside the inputs; the oracle is a copy of it that is double."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1), torch.nn.Sigmoid())
    form = form_of(model, VECTOR)
    double = copy.deepcopy(model).double()
    np.testing.assert_allclose(value_at(form.outputs, form), double(VECTOR).detach().numpy(), rtol=1e-9)
    np.testing.assert_allclose(formula_jacobian(form), autograd_jacobian(double, VECTOR), rtol=1e-8)
    assert form.notes == ()
    assert next(model.parameters()).dtype == torch.float32
