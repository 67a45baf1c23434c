"""Layers of networks and losses: normalisations, convolutions, pooling, attention."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import sympy

from ..arrays import Expr, Symbols, elements, filled, over, single
from ..call import AtenCall, TableEntry
from ..functions import HALF, ONE, TWO, ZERO, logarithm, power, total
from .elementwise import softplus
from .matrices import matrix_product
from .reductions import along, mean, softmax, variance

# Arguments that an operation changes though its schema does not say so.
SILENT_WRITES = {"native_batch_norm": ("running_mean", "running_var")}
_MEAN, _SUM = 1, 2


def _normal(row: Symbols, eps: Expr) -> Symbols:
    middle, spread = mean(list(row)), variance(list(row), ZERO)
    return filled(((x - middle) * power(spread + eps, -HALF) for x in row), row.shape)


def _scaled(call: AtenCall, array: Symbols, shape: tuple[int, ...]) -> Symbols:
    """``array * weight + bias``, whose shape comes to ``shape``, where they are given."""
    if call.has("weight"):
        array = over(lambda x, w: x * w, array, call.symbols("weight").reshape(shape))
    if call.has("bias"):
        array = over(lambda x, b: x + b, array, call.symbols("bias").reshape(shape))
    return array


def _layer_norm(call: AtenCall) -> tuple[Symbols | None, ...]:
    x, shape = call.symbols("input"), tuple(call.given["normalized_shape"])
    rows = x.reshape(-1, int(np.prod(shape)))
    eps = call.one("eps")
    out = np.stack([_normal(row, eps) for row in rows]).reshape(x.shape)
    return _scaled(call, out, shape), None, None


def _group_norm(call: AtenCall) -> tuple[Symbols | None, ...]:
    x = call.symbols("input")
    eps = call.one("eps")
    rows = x.reshape(x.shape[0] * int(call.given["group"]), -1)
    out = np.stack([_normal(row, eps) for row in rows]).reshape(x.shape)
    return _scaled(call, out, (x.shape[1], *(1,) * (x.ndim - 2))), None, None


def _batch_norm(call: AtenCall) -> tuple[Symbols | None, ...]:
    x, eps = call.symbols("input"), call.one("eps")
    shape = (x.shape[1], *(1,) * (x.ndim - 2))
    if call.given["training"]:
        channels = np.moveaxis(x, 1, 0)
        rows = channels.reshape(x.shape[1], -1)
        normal = np.stack([_normal(row, eps) for row in rows])
        out = np.moveaxis(normal.reshape(channels.shape), 0, 1)
    else:
        centre, spread = (call.symbols(name).reshape(shape) for name in ("running_mean", "running_var"))
        out = over(lambda v, m, s: (v - m) * power(s + eps, -HALF), x, centre, spread)
    return _scaled(call, out, shape), None, None


def _windows(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: list[int], padding: list[int], dilation: list[int]
) -> Iterator[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """Yield, for each place of the output, pairs of places in the kernel and in the input."""
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    ]
    for start in np.ndindex(*counts):
        pairs = []
        for tap in np.ndindex(*kernel):
            at = tuple(o * s - p + t * d for o, s, p, t, d in zip(start, stride, padding, tap, dilation, strict=True))
            if all(0 <= a < n for a, n in zip(at, size, strict=True)):
                pairs.append((tap, at))
        yield pairs


def _wide(values: list[int], rank: int) -> list[int]:
    return list(values) * rank if len(values) == 1 else list(values)


def _convolution(call: AtenCall) -> Symbols:
    if call.given["transposed"]:
        raise NotImplementedError
    x, weight = call.symbols("input"), call.symbols("weight")
    rank, channels = x.ndim - 2, weight.shape[1]
    options = [_wide(call.given[name], rank) for name in ("stride", "padding", "dilation")]
    windows = list(_windows(x.shape[2:], weight.shape[2:], *options))
    call.budget.admit_work(x.shape[0] * weight.size * len(windows))
    per_group = weight.shape[0] // int(call.given["groups"])

    def cell(sample: int, out: int, pairs: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Expr:
        first = out // per_group * channels
        return total(
            [x[(sample, first + c, *at)] * weight[(out, c, *tap)] for c in range(channels) for tap, at in pairs]
        )

    places = itertools.product(range(x.shape[0]), range(weight.shape[0]), windows)
    result = filled((cell(*place) for place in places), call.results().shape)
    if not call.has("bias"):
        return result
    return over(lambda y, b: y + b, result, call.symbols("bias").reshape(-1, *(1,) * rank))


def _average(call: AtenCall) -> Symbols:
    x, kernel = call.symbols("self"), call.given["kernel_size"]
    padding = list(call.given["padding"])
    if call.given["ceil_mode"] or call.given.get("divisor_override") or any(padding):
        raise NotImplementedError
    rank = len(kernel)
    stride = _wide(call.given["stride"] or kernel, rank)
    flat = x.reshape(-1, *x.shape[-rank:])
    windows = list(_windows(x.shape[-rank:], tuple(kernel), stride, [0] * rank, [1] * rank))
    cells = (mean([row[at] for _, at in pairs]) for row in flat for pairs in windows)
    return filled(cells, call.results().shape)


def _largest(call: AtenCall) -> tuple[Symbols, None]:
    """The indices count within one channel's plane."""
    call.note_chosen()
    x, indices = call.symbols("self"), call.result[1].numpy(force=True)
    planes, places = (
        x.reshape(-1, x.shape[-2] * x.shape[-1]),
        indices.reshape(-1, indices.shape[-2] * indices.shape[-1]),
    )
    return np.take_along_axis(planes, places, axis=1).reshape(indices.shape), None


def _attention(call: AtenCall) -> tuple[Symbols, None]:
    """``softmax(query @ key.T * scale + mask) @ value``, where a causal mask hides what comes later."""
    if call.given["dropout_p"]:
        raise NotImplementedError
    query, key, value = (call.symbols(name) for name in ("query", "key", "value"))
    scale = call.one("scale") if call.has("scale") else power(sympy.Integer(query.shape[-1]), -HALF)
    scores = over(lambda x: x * scale, matrix_product(call, query, key.swapaxes(-1, -2)))
    if call.has("attn_mask"):
        scores = over(lambda x, mask: x + mask, scores, call.symbols("attn_mask"))
    if call.given["is_causal"]:
        later = np.triu(np.ones(scores.shape[-2:], dtype=bool), 1)
        scores = over(lambda x, hidden: -sympy.oo if hidden else x, scores, later)
    return matrix_product(call, along(scores, scores.ndim - 1, softmax), value), None


def reduced(call: AtenCall, losses: Symbols) -> Symbols:
    """Do what the argument ``reduction`` says: 0 for none, 1 for the mean, 2 for the sum."""
    kind = int(call.given["reduction"])
    if kind == _MEAN:
        return single(mean(list(elements(losses))))
    return single(total(list(elements(losses)))) if kind == _SUM else losses


def _smooth(call: AtenCall, width: str, scaled: bool) -> Symbols:
    """Quadratic near zero, linear beyond; ``smooth_l1`` divides by the width of the quadratic part."""
    beta = call.one(width)

    def side(x: Expr, y: Expr, at: float, target: float) -> Expr:
        if abs(at - target) < float(beta):
            return HALF * power(x - y, TWO) / (beta if scaled else ONE)
        gap = x - y if at > target else y - x
        return gap - HALF * beta if scaled else beta * (gap - HALF * beta)

    return reduced(call, call.sided(side, "self", "target"))


def _weighted(call: AtenCall, losses: Symbols) -> Symbols:
    if call.has("weight"):
        losses = over(lambda loss, weight: loss * weight, losses, call.symbols("weight"))
    return reduced(call, losses)


def _cross_entropy(p: Expr, y: Expr) -> Expr:
    parts = [(y, p), (ONE - y, ONE - p)]
    return -total([share * logarithm(chance) for share, chance in parts if share != 0])


def _binary(call: AtenCall) -> Symbols:
    return _weighted(call, over(_cross_entropy, call.symbols("self"), call.symbols("target")))


def _binary_with_logits(call: AtenCall) -> Symbols:
    positive = call.symbols("pos_weight") if call.has("pos_weight") else single(ONE)

    def loss(x: Expr, y: Expr, weight: Expr) -> Expr:
        return (ONE - y) * x + (ONE + (weight - ONE) * y) * softplus(-x)

    return _weighted(call, over(loss, call.symbols("self"), call.symbols("target"), positive))


NETWORKS: dict[str, TableEntry] = {
    "native_layer_norm": _layer_norm,
    "native_group_norm": _group_norm,
    "native_batch_norm": _batch_norm,
    "convolution": _convolution,
    "avg_pool2d": _average,
    "max_pool2d_with_indices": _largest,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "smooth_l1_loss": lambda call: _smooth(call, "beta", scaled=True),
    "huber_loss": lambda call: _smooth(call, "delta", scaled=False),
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_with_logits": _binary_with_logits,
}
