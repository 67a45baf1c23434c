"""For each entry of the table, functions that use it, with the inputs at which it is checked.

Longer than usual because it is a list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

Shape = tuple[int, ...]
Function = Callable[..., Any]

ONE: list[tuple[Shape, ...]] = [((),), ((3,),), ((2, 2),)]
TWO: list[tuple[Shape, ...]] = [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), ())]
VECTOR: list[tuple[Shape, ...]] = [((4,),)]
MATRIX: list[tuple[Shape, ...]] = [((2, 3),)]
SQUARE: list[tuple[Shape, ...]] = [((3, 3),)]


@dataclass(frozen=True)
class Case:
    """A function and the shapes of its inputs, whose elements lie between ``low`` and ``high``.

    ``tolerance`` is that of the derivatives, relative.
    """

    function: Function
    shapes: list[tuple[Shape, ...]]
    low: float = -2.0
    high: float = 2.0
    tolerance: float = 1e-8


def _one(function: Function, low: float = -2.0, high: float = 2.0) -> list[Case]:
    return [Case(function, ONE, low, high)]


def _two(function: Function, low: float = -2.0, high: float = 2.0) -> list[Case]:
    return [Case(function, TWO, low, high)]


def _each(shapes: list[tuple[Shape, ...]], *functions: Function) -> list[Case]:
    return [Case(function, shapes) for function in functions]


def _changed(name: str, *arguments: Any) -> Function:
    """``y = 2 * x``, changed in place by the method."""

    def function(x: torch.Tensor) -> torch.Tensor:
        y = 2 * x
        getattr(y, name)(*arguments)
        return y * x

    return function


W = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], dtype=torch.float64)
C = torch.tensor([[2.0, 0.3, -0.5], [0.1, 3.0, 0.7], [-0.2, 0.4, 1.5]], dtype=torch.float64)
T = torch.tensor([1, 0])
_TARGETS = torch.tensor([1.0, 0.0], dtype=torch.float64)
_WEIGHTS = torch.tensor([2.0, 3.0], dtype=torch.float64)

_UNARY = {
    **dict.fromkeys(
        ("sin", "cos", "atan", "sinh", "cosh", "tanh", "asinh", "erf", "erfc", "exp", "exp2", "expm1"), (-2, 2)
    ),
    **dict.fromkeys(("neg", "deg2rad", "rad2deg", "sigmoid", "sign", "sgn", "abs", "relu", "sinc"), (-2, 2)),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "lgamma", "digamma"), (0.3, 3)),
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), (-0.8, 0.8)),
    "tan": (-1.2, 1.2),
    "acosh": (1.2, 3.0),
    "logit": (0.1, 0.9),
}
_FLAT = ("floor", "ceil", "trunc", "round")

CASES: dict[str, list[Case]] = {
    **{name: _one(getattr(torch, name), *bounds) for name, bounds in _UNARY.items()},
    **{name: _one(lambda x, name=name: x * getattr(torch, name)(3 * x)) for name in _FLAT},
    # --- pairs
    "add": [*_two(lambda x, y: x + y), *_two(lambda x, y: torch.add(x, y, alpha=3)), *_one(_changed("add_", 1.5))],
    "sub": [*_two(lambda x, y: x - y), *_two(lambda x, y: torch.sub(x, y, alpha=0.1)), *_one(_changed("sub_", 2))],
    "rsub": _one(lambda x: 1 - x),
    "mul": [
        *_two(lambda x, y: x * y),
        *_one(lambda x: x * (x > 0)),
        *_one(_changed("mul_", 3)),
        *_one(lambda x: torch.full_like(x, 1.5).mul_(x)),
    ],
    "div": [
        *_two(lambda x, y: x / y, 0.5),
        *_one(lambda x: x / 3),
        *_one(lambda x: x * torch.div(7 * x, 2, rounding_mode="trunc")),
    ],
    "pow": [
        *_two(torch.pow, 0.5),
        *_one(lambda x: x**3),
        *_one(lambda x: x**-2, 0.5),
        *_one(lambda x: 2**x),
        *_one(lambda x: (x * x) ** 0.5),
        *_one(lambda x: x**2.5, 0.5),
    ],
    "maximum": _two(torch.maximum),
    "minimum": _two(torch.minimum),
    "fmax": _two(torch.fmax),
    "fmin": _two(torch.fmin),
    "atan2": _two(torch.atan2),
    "hypot": _two(torch.hypot),
    "xlogy": [*_two(torch.xlogy, 0.3), *_one(lambda x: torch.xlogy(torch.zeros(()), x), 0.3)],
    "logaddexp": _two(torch.logaddexp),
    "logaddexp2": _two(torch.logaddexp2),
    "remainder": [*_one(lambda x: x % 0.7), *_two(torch.remainder)],
    "fmod": [*_one(lambda x: torch.fmod(x, 0.7)), *_two(torch.fmod)],
    "lerp": [*_one(lambda x: torch.lerp(x, x * x, 0.3)), *_two(lambda x, w: torch.lerp(x, 2 * x + w, w))],
    "addcmul": _two(lambda x, y: torch.addcmul(x, x, y, value=0.5)),
    "addcdiv": _two(lambda x, y: torch.addcdiv(x, x, y, value=0.5), 0.5),
    "dist": [
        *_each([((3,), (3,))], torch.dist, lambda x, y: torch.dist(x, y, p=3)),
        *_each([((2, 2), (2,))], lambda x, y: torch.dist(x, y, p=1)),
    ],
    # --- activations
    "silu": _one(F.silu),
    "mish": _one(F.mish),
    "gelu": [*_one(F.gelu), *_one(lambda x: F.gelu(x, approximate="tanh"))],
    "softplus": [*_one(F.softplus), *_one(lambda x: F.softplus(x, beta=2.5, threshold=3))],
    "log_sigmoid_forward": _one(F.logsigmoid),
    "glu": [Case(F.glu, [((4,),), ((2, 4),)]), Case(lambda x: F.glu(x, 0), [((4, 3),)])],
    "leaky_relu": [*_one(F.leaky_relu), *_one(lambda x: F.leaky_relu(x, 0.3))],
    "_prelu_kernel": [Case(F.prelu, [((2, 3), (1,)), ((2, 3), (3,))])],
    "elu": [*_one(F.elu), *_one(F.selu), *_one(lambda x: F.elu(x, alpha=0.5))],
    "celu": [*_one(F.celu), *_one(lambda x: F.celu(x, alpha=0.5))],
    "hardtanh": [*_one(F.hardtanh), *_one(lambda x: F.relu6(4 * x))],
    # Its kernel's one sixth has single precision, whatever its input has.
    "hardsigmoid": [Case(lambda x: F.hardsigmoid(3 * x), ONE, tolerance=1e-7)],
    "hardswish": _one(lambda x: F.hardswish(3 * x)),
    "softshrink": _one(F.softshrink),
    "hardshrink": _one(F.hardshrink),
    "threshold": _one(lambda x: F.threshold(x, 0.3, -1.0)),
    "clamp": [
        *_one(lambda x: x.clamp(-0.5, 0.7)),
        *_one(lambda x: x.clamp(max=0.2)),
        *_one(_changed("clamp_", -0.5, 0.7)),
        Case(lambda x, low: torch.clamp(x, min=low), TWO),
    ],
    "clamp_min": _one(lambda x: torch.clamp_min(x, 0.1)),
    "clamp_max": _one(lambda x: torch.clamp_max(x, 0.1)),
    "frac": _one(torch.frac),
    # --- reductions
    "sum": [
        *_one(torch.sum),
        *_each(MATRIX, lambda x: x.sum(0), lambda x: x.sum((0, 1)), lambda x: x.sum(-1, keepdim=True)),
    ],
    "nansum": [*_one(torch.nansum), Case(lambda x: torch.nansum(x * x, 0), [((1, 2),)])],
    "mean": [*_one(torch.mean), *_each(MATRIX, lambda x: x.mean(1), lambda x: x.mean(0, keepdim=True))],
    "prod": [*_one(torch.prod), *_each(MATRIX, lambda x: x.prod(1), lambda x: x.prod(0, keepdim=True))],
    "logsumexp": _each(MATRIX, lambda x: x.logsumexp(1), lambda x: torch.logsumexp(x, (0, 1), keepdim=True)),
    "var": _each(MATRIX, torch.var, lambda x: x.var(1), lambda x: torch.var(x, 0, correction=0, keepdim=True)),
    "std": _each(MATRIX, torch.std, lambda x: x.std(1), lambda x: torch.std(x, correction=0)),
    "var_mean": _each(MATRIX, lambda x: torch.cat([p.reshape(-1) for p in torch.var_mean(x, 1)])),
    "std_mean": _each(MATRIX, lambda x: torch.stack(torch.std_mean(x))),
    "linalg_vector_norm": [
        *_each(MATRIX, torch.linalg.norm, lambda x: x.norm(dim=1), lambda x: x.norm(p=1), lambda x: x.norm(p=3)),
        *_each(
            VECTOR,
            lambda x: torch.linalg.vector_norm(x, 4),
            lambda x: x.norm(p=torch.inf),
            lambda x: F.normalize(x, dim=0),
        ),
        *_each([((1,),)], torch.linalg.norm),
    ],
    "norm": _each(VECTOR, lambda x: torch.ops.aten.norm.Scalar(x, 2)),
    "trace": _each(SQUARE, torch.trace),
    "cumsum": _each(MATRIX, lambda x: x.cumsum(0), lambda x: x.cumsum(1)),
    "cumprod": _each(MATRIX, lambda x: x.cumprod(0), lambda x: x.cumprod(1)),
    "logcumsumexp": _each(MATRIX, lambda x: x.logcumsumexp(1)),
    "_softmax": _each(MATRIX, lambda x: F.softmax(x, 0), lambda x: x.softmax(-1), lambda x: F.softmin(x, 1)),
    "_log_softmax": _each(MATRIX, lambda x: F.log_softmax(x, 0), lambda x: x.log_softmax(-1)),
    # --- choices
    "max": [*_one(lambda x: x.max()), *_each(MATRIX, lambda x: x.max(1).values, lambda x: x.max(0, keepdim=True)[0])],
    "min": [*_one(lambda x: x.min()), *_each(MATRIX, lambda x: x.min(1).values)],
    "median": [*_each(VECTOR, torch.median), *_each(MATRIX, lambda x: x.median(1).values)],
    "nanmedian": _each(VECTOR, torch.nanmedian),
    "sort": _each(MATRIX, lambda x: x.sort(1).values, lambda x: torch.sort(x, dim=0, descending=True)[0]),
    "topk": _each(MATRIX, lambda x: x.topk(2, dim=1).values),
    "kthvalue": _each(MATRIX, lambda x: x.kthvalue(2, dim=1).values),
    "mode": _each(MATRIX, lambda x: x.mode(1).values),
    "cummax": _each(MATRIX, lambda x: x.cummax(1).values),
    "cummin": _each(MATRIX, lambda x: x.cummin(0).values),
    "amax": _each(MATRIX, lambda x: x.amax(), lambda x: x.amax(1), lambda x: x.amax((0, 1), keepdim=True)),
    "amin": _each(MATRIX, lambda x: x.amin(0)),
    "aminmax": _each(MATRIX, lambda x: torch.stack(x.aminmax()), lambda x: torch.aminmax(x, dim=1).max),
    # --- products
    "dot": [Case(torch.dot, [((3,), (3,))]), Case(lambda x: x @ x, VECTOR)],
    "vdot": [Case(torch.vdot, [((3,), (3,))])],
    "mm": [Case(torch.mm, [((2, 3), (3, 2))]), Case(torch.matmul, [((2, 3), (3, 1))])],
    "bmm": [
        Case(torch.bmm, [((2, 1, 2), (2, 2, 2))]),
        Case(lambda x, y: torch.einsum("bij,bkj->bik", x, y), [((2, 2, 2), (2, 1, 2))]),
        Case(lambda x, y: torch.einsum("i,ij,j->", x, y, x), [((2,), (2, 2))]),
    ],
    "mv": [Case(torch.mv, [((2, 3), (3,))]), Case(lambda x: W @ x, [((3,),)])],
    "addmm": [
        Case(lambda m, x, y: torch.addmm(m, x, y, beta=0.5, alpha=2), [((2,), (2, 3), (3, 2))]),
        Case(lambda x, b: F.linear(x, W, b), [((3, 3), (2,))]),
    ],
    "addmv": [Case(lambda v, m, x: torch.addmv(v, m, x, alpha=2), [((2,), (2, 3), (3,))])],
    "addr": [Case(lambda m, x, y: torch.addr(m, x, y, beta=0, alpha=2), [((2, 3), (2,), (3,))])],
    "baddbmm": [Case(torch.baddbmm, [((2, 1, 2), (2, 1, 2), (2, 2, 2))])],
    "addbmm": [Case(torch.addbmm, [((1, 2), (2, 1, 2), (2, 2, 2))])],
    # --- matrices
    "_linalg_det": [
        Case(torch.det, [((1, 1),), ((2, 2),), ((3, 3),), ((2, 2, 2),)]),
        Case(torch.linalg.det, [((4, 4),)]),
    ],
    "_linalg_slogdet": [Case(lambda x: torch.slogdet(x + C)[1], SQUARE, -0.2, 0.2)],
    "linalg_inv_ex": [Case(lambda x: torch.inverse(x + C), SQUARE, -0.2, 0.2), Case(torch.linalg.inv, [((2, 2, 2),)])],
    "_linalg_solve_ex": [
        Case(lambda x, b: torch.linalg.solve(x + C, b), [((3, 3), (3,)), ((3, 3), (3, 2))], -0.2, 0.2),
        Case(lambda b: torch.linalg.solve(C, b), [((3,),)]),
        Case(lambda b: torch.linalg.solve(C, b, left=False), [((2, 3),)]),
    ],
    "linalg_cross": [
        Case(lambda x, y: torch.cross(x, y, dim=-1), [((3,), (3,)), ((2, 3), (2, 3))]),
        Case(lambda x, y: torch.linalg.cross(x, y, dim=0), [((3, 2), (3, 1))]),
    ],
    # --- losses
    "mse_loss": [
        Case(F.mse_loss, [((3,), (3,)), ((2, 3), (2, 3))]),
        *_each(VECTOR, lambda x: F.mse_loss(x, x**2, reduction="sum")),
    ],
    "soft_margin_loss": _each(VECTOR, lambda x: F.soft_margin_loss(x, torch.tensor([1.0, -1.0, 1.0, -1.0]))),
    "smooth_l1_loss": [Case(lambda x, y: F.smooth_l1_loss(x, y, reduction="none", beta=0.8), [((6,), (6,))])],
    "huber_loss": [Case(lambda x, y: F.huber_loss(x, y, reduction="none", delta=0.8), [((6,), (6,))])],
    "binary_cross_entropy": [
        Case(F.binary_cross_entropy, [((3,), (3,))], 0.1, 0.9),
        Case(lambda x: F.binary_cross_entropy(x, _TARGETS, weight=_WEIGHTS), [((2,),)], 0.1, 0.9),
    ],
    "binary_cross_entropy_with_logits": [
        Case(lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()), [((3,), (3,))]),
        Case(
            lambda x: F.binary_cross_entropy_with_logits(
                x, _TARGETS, weight=_WEIGHTS, pos_weight=torch.tensor(3.0), reduction="sum"
            ),
            [((2,),)],
        ),
    ],
    "nll_loss_forward": [
        *_each(MATRIX, lambda x: F.cross_entropy(x, T), lambda x: F.nll_loss(x, T, reduction="none")),
        *_each(MATRIX, lambda x: F.cross_entropy(x, torch.tensor([2, -100]), reduction="sum")),
        *_each(MATRIX, lambda x: F.cross_entropy(x, T, weight=torch.tensor([1.0, 2.0, 3.0], dtype=x.dtype))),
        *_each(MATRIX, lambda x: F.cross_entropy(x, T, label_smoothing=0.1)),
        *_each(VECTOR, lambda x: F.cross_entropy(x, torch.tensor(2))),
    ],
    # --- layers
    "native_layer_norm": [
        Case(lambda x, w, b: F.layer_norm(x, (3,), w, b), [((2, 3), (3,), (3,))]),
        *_each(MATRIX, lambda x: F.layer_norm(x, (2, 3))),
    ],
    "native_group_norm": [Case(lambda x, w: F.group_norm(x, 2, w), [((1, 4, 2), (4,))])],
    "native_batch_norm": [
        Case(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), [((3, 2), (2,), (2,))]),
        Case(
            lambda x: F.batch_norm(x, torch.tensor([0.5, 1.0], dtype=x.dtype), torch.tensor([2.0, 3.0], dtype=x.dtype)),
            [((3, 2),)],
        ),
    ],
    "convolution": [
        Case(F.conv1d, [((1, 2, 5), (2, 2, 3), (2,))]),
        Case(lambda x, w: F.conv1d(x, w, stride=2, padding=1, dilation=2, groups=2), [((1, 2, 6), (2, 1, 2))]),
        Case(lambda x, w: F.conv2d(x, w, padding=1), [((1, 1, 2, 2), (1, 1, 2, 2))]),
    ],
    "avg_pool2d": [
        Case(lambda x: F.avg_pool2d(x, 2), [((1, 1, 4, 4),)]),
        Case(lambda x: F.avg_pool1d(x, 2, stride=1), [((1, 1, 4),)]),
    ],
    "max_pool2d_with_indices": [Case(lambda x: F.max_pool2d(x, 2), [((1, 2, 4, 4),)])],
    "_scaled_dot_product_flash_attention_for_cpu": [
        Case(F.scaled_dot_product_attention, [((1, 1, 2, 2), (1, 1, 2, 2), (1, 1, 2, 2))]),
        Case(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True, scale=0.5), [((1, 1, 3, 2),)]),
        Case(lambda x: F.scaled_dot_product_attention(x, x, x, torch.ones(2, 2) > 0), [((1, 1, 2, 2),)]),
    ],
    "_safe_softmax": [
        Case(F.scaled_dot_product_attention, [((1, 2, 2), (1, 2, 2), (1, 2, 2))]),
        Case(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), [((1, 3, 2),)]),
    ],
    # --- moves
    "clone": [
        *_each(VECTOR, lambda x: x.repeat_interleave(2)),
        *_one(lambda x: x.clone() * x),
        *_each(MATRIX, lambda x: x.T.contiguous() * 2),
    ],
    "_to_copy": _one(lambda x: x.to(torch.float64, copy=True) * x),
    "flip": _each(MATRIX, lambda x: x.flip(0), torch.fliplr),
    "roll": _each(MATRIX, lambda x: x.roll(1), lambda x: x.roll((1, 2), (0, 1))),
    "repeat": _each(MATRIX, lambda x: x.repeat(2, 1, 2), lambda x: x.tile(2)),
    "rot90": _each(MATRIX, torch.rot90),
    "index": _each(MATRIX, lambda x: x[[1, 0, 1]], lambda x: x[:, [0, 2]], lambda x: x[torch.eye(2, 3) > 0]),
    "index_select": _each(MATRIX, lambda x: x.index_select(1, torch.tensor([2, 0]))),
    "gather": _each(
        MATRIX, lambda x: x.gather(1, torch.tensor([[0, 1], [2, 2]])), lambda x: x.take_along_dim(x.argsort(1), 1)
    ),
    "take": _each(MATRIX, lambda x: x.take(torch.tensor([0, 4, 4]))),
    "masked_select": _each(MATRIX, lambda x: x.masked_select(torch.eye(2, 3) > 0)),
    "tril": _each(SQUARE, torch.tril, lambda x: x.tril(-1)),
    "triu": _each(SQUARE, torch.triu, _changed("triu_", 1)),
    "diag_embed": _each(VECTOR, torch.diag, torch.diag_embed),
    "im2col": [Case(lambda x: F.unfold(x, 2), [((1, 1, 3, 3),)])],
    "pixel_shuffle": [Case(lambda x: F.pixel_shuffle(x, 2), [((1, 4, 1, 2),)])],
    "pixel_unshuffle": [Case(lambda x: F.pixel_unshuffle(x, 2), [((1, 1, 2, 4),)])],
    "reflection_pad1d": [Case(lambda x: F.pad(x, (1, 1), mode="reflect"), [((1, 3),)])],
    "reflection_pad2d": [Case(lambda x: F.pad(x, (1, 1, 1, 0), mode="reflect"), [((1, 2, 3),)])],
    "replication_pad1d": [Case(lambda x: F.pad(x, (1, 2), mode="replicate"), [((1, 3),)])],
    "replication_pad2d": [Case(lambda x: F.pad(x, (1, 2, 0, 1), mode="replicate"), [((1, 2, 3),)])],
    "stack": _each(MATRIX, lambda x: torch.stack([x, x * x], 1)),
    "cat": _each(
        MATRIX,
        lambda x: torch.cat([x, 2 * x, torch.ones(1, 3)]),
        lambda x: torch.column_stack([x, x[:, 0]]),
    ),
    "block_diag": _each(MATRIX, lambda x: torch.block_diag(x, x[:1])),  # type: ignore[no-untyped-call]
    "masked_fill": _each(
        MATRIX,
        lambda x: x.masked_fill(torch.eye(2, 3) > 0, 7.0) * x,
        _changed("masked_fill_", torch.eye(2, 3) > 0, 0.5),
    ),
    "index_fill": _each(MATRIX, lambda x: x.index_fill(1, torch.tensor([0]), 0.5) * x),
    "constant_pad_nd": _each(MATRIX, lambda x: F.pad(x, (1, 0), value=0.5), lambda x: F.pad(x, (-1, 1, 1, 0))),
    "fill": _each(
        MATRIX, _changed("fill_", 3.0), _changed("fill_diagonal_", 0.5), lambda x: (2 * x).fill_(x[0, 0] ** 2)
    ),
    "select_scatter": _each(MATRIX, lambda x: torch.select_scatter(x, x[0] * x[1], 0, 1)),
    "slice_scatter": _each(MATRIX, lambda x: torch.slice_scatter(x, x[:1] ** 2, 0, 1)),
    "diagonal_scatter": _each(MATRIX, lambda x: torch.diagonal_scatter(x, x[:, 0] ** 2)),
    "copy": _each(MATRIX, lambda x: torch.zeros(2, 3, dtype=x.dtype).copy_(x * x), _changed("copy_", torch.ones(3))),
    "masked_scatter": _each(MATRIX, lambda x: x.masked_scatter(torch.eye(2, 3) > 0, x**2)),
    "index_copy": _each(MATRIX, lambda x: x.index_copy(0, torch.tensor([1]), x[:1] ** 2)),
    "put": _each(MATRIX, lambda x: (x * 1).put_(torch.tensor([1, 4]), x[0, :2] ** 2)),
    "scatter": [
        *_each(MATRIX, lambda x: x.scatter(1, torch.tensor([[0, 1, 2], [2, 0, 1]]), x**2)),
        *_each(MATRIX, lambda x: x.scatter(1, torch.tensor([[0], [2]]), 0.5) * x),
    ],
    "where": [*_two(lambda x, y: torch.where(x > 0.3, x * x, y)), *_one(lambda x: torch.where(x > 0, x, 0.0))],
    "embedding": [Case(lambda w: F.embedding(torch.tensor([[1, 0], [2, 1]]), w), [((3, 2),)])],
    "index_put": [
        *_each(MATRIX, lambda x: x.index_put((torch.tensor([0, 1]), torch.tensor([2, 0])), x[0, :2] ** 2)),
        *_each(VECTOR, lambda x: x.index_put((torch.tensor([1, 1, 0]),), x[1:] ** 2, accumulate=True)),
    ],
    "_index_put_impl": _each(VECTOR, lambda x: torch.ops.aten._index_put_impl(x, [torch.tensor([2])], x[:1] ** 2)),
    "scatter_add": _each(MATRIX, lambda x: x.scatter_add(1, torch.tensor([[0, 0, 1], [2, 2, 2]]), x**2)),
    "index_add": _each(MATRIX, lambda x: x.index_add(1, torch.tensor([0, 0]), x[:, :2] ** 2, alpha=0.5)),
    "expand_copy": _each(VECTOR, lambda x: torch.expand_copy(x, (2, 4))),
    "channel_shuffle": [Case(torch.nn.ChannelShuffle(2), [((1, 4, 1, 2),)])],
    "upsample_nearest1d": [Case(lambda x: F.interpolate(x, 4), [((1, 1, 2),)])],
    "upsample_nearest2d": [Case(lambda x: F.interpolate(x, scale_factor=2), [((1, 1, 2, 1),)])],
}

FLAT: dict[str, Function] = {
    "floor_divide": lambda x: x * (x // 0.7),
    "heaviside": lambda x: x * torch.heaviside(x, torch.ones((), dtype=x.dtype)),
}
