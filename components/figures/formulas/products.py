"""Products of matrices, losses, and the rest of ``torch.nn`` that has a formula of one line."""

from __future__ import annotations

import numpy as np

from components.figures.formulas.given import Array, Given, Lacking
from components.figures.formulas.rules import Rule, Rules, each


def _over(given: Given) -> float:
    """What a loss divides by: the number of elements for ``reduction="mean"`` (1), nothing for a sum (2)."""
    return float(given("self").size) if given.integer("reduction") == 1 else 1.0


def _mse(given: Given) -> Array:
    sign = 1 if given.slot == 0 else -1
    return sign * given.grad * 2 * (given("self") - given("target")) / _over(given)


def _smooth(given: Given) -> Array:
    difference, beta = given("self") - given("target"), given.number("beta")
    inner = np.where(np.abs(difference) < beta, difference / beta, np.sign(difference))
    return (1 if given.slot == 0 else -1) * given.grad * inner / _over(given)


def _huber(given: Given) -> Array:
    difference, delta = given("self") - given("target"), given.number("delta")
    return (1 if given.slot == 0 else -1) * given.grad * np.clip(difference, -delta, delta) / _over(given)


def _cross_entropy(given: Given) -> Array:
    p, target = given("self"), given("target")
    weight = given("weight") if given.has("weight") else 1.0
    return given.grad * weight * (p - target) / np.maximum(p * (1 - p), 1e-12) / _over(given)


def _with_logits(given: Given) -> Array:
    if given.has("pos_weight"):
        raise Lacking
    weight = given("weight") if given.has("weight") else 1.0
    return given.grad * weight * (1 / (1 + np.exp(-given("self"))) - given("target")) / _over(given)


def _nll(given: Given) -> Array:
    target = given.whole("target")
    if len(given.shape) != 2:
        raise Lacking
    out = np.zeros(given.shape)
    rows = np.flatnonzero(target != given.integer("ignore_index"))
    weight = given("weight")[target[rows]] if given.has("weight") else 1.0
    grad = given.grad if given.grad.ndim == 0 else given.grad[rows]
    out[rows, target[rows]] = (
        -weight * grad / (given.number("total_weight") if given.integer("reduction") == 1 else 1.0)
    )
    return out


def _addmm(given: Given) -> Array:
    alpha, beta = given.number("alpha"), given.number("beta")
    if given.slot == 0:
        total = given.grad * beta
        extra = total.ndim - len(given.shape)
        total = total.sum(axis=tuple(range(extra))) if extra else total
        ones = tuple(dim for dim, size in enumerate(given.shape) if size == 1)
        return total.sum(axis=ones, keepdims=True) if ones else total
    return given.grad @ given("mat2").T * alpha if given.slot == 1 else given("mat1").T @ given.grad * alpha


def _max_pool(given: Given) -> Array:
    out = np.zeros(given.shape)
    flat = out.reshape(*out.shape[:-2], -1)
    places = given.whole("result1").reshape(*given.grad.shape[:-2], -1)
    grad = given.grad.reshape(*given.grad.shape[:-2], -1)
    for position in np.ndindex(*grad.shape):
        flat[(*position[:-1], places[position])] += grad[position]
    return out


def _average_pool(given: Given) -> Array:
    kernel = given.integers("kernel_size")
    stride = given.integers("stride") or kernel
    if any(given.integers("padding")) or given.flag("ceil_mode") or given.has("divisor_override"):
        raise Lacking
    out, (high, wide) = np.zeros(given.shape), (kernel * 2)[:2]
    for *lead, row, column in np.ndindex(*given.grad.shape):
        top, left = row * stride[0], column * stride[-1]
        out[(*lead, slice(top, top + high), slice(left, left + wide))] += given.grad[(*lead, row, column)] / (
            high * wide
        )
    return out


def _prelu(given: Given) -> Array:
    x = given("self")
    return given.grad * (np.where(x > 0, 1, given("weight")) if given.slot == 0 else np.where(x > 0, 0, x))


def _inverse(given: Given) -> Array:
    turned = np.swapaxes(given("inverse"), -1, -2)
    return -turned @ given.grad @ turned


PRODUCTS: Rules = {
    "MmBackward0": (
        Rule("{grad} @ {mat2}ᵀ", lambda g: g.grad @ g("mat2").T),
        Rule("{self}ᵀ @ {grad}", lambda g: g("self").T @ g.grad),
    ),
    "MvBackward0": (
        Rule("{grad} ⊗ {vec}", lambda g: np.outer(g.grad, g("vec"))),
        Rule("{self}ᵀ @ {grad}", lambda g: g("self").T @ g.grad),
    ),
    "DotBackward0": (
        Rule("{grad} · {tensor}", lambda g: g.grad * g("tensor")),
        Rule("{grad} · {self}", lambda g: g.grad * g("self")),
    ),
    "BmmBackward0": (
        Rule("{grad} @ {mat2}ᵀ", lambda g: g.grad @ np.swapaxes(g("mat2"), 1, 2)),
        Rule("{self}ᵀ @ {grad}", lambda g: np.swapaxes(g("self"), 1, 2) @ g.grad),
    ),
    "AddmmBackward0": (
        Rule("Σ {grad} over the rows", _addmm),
        Rule("{grad} @ {mat2}ᵀ", _addmm),
        Rule("{mat1}ᵀ @ {grad}", _addmm),
    ),
    "LinalgInvExBackward0": (Rule("−{inverse}ᵀ @ {grad} @ {inverse}ᵀ", _inverse),),
    "MseLossBackward0": (
        Rule("{grad} · 2·({self} − {target}) / n", _mse),
        Rule("−{grad} · 2·({self} − {target}) / n", _mse),
    ),
    "SmoothL1LossBackward0": (
        Rule("{grad} · d/β where |d| < β, else {grad} · sign d, over n, with d = {self} − {target}", _smooth),
        Rule("−{grad} · d/β where |d| < β, else −{grad} · sign d, over n, with d = {self} − {target}", _smooth),
    ),
    "HuberLossBackward0": (
        Rule("{grad} · ({self} − {target}, between −δ and δ) / n", _huber),
        Rule("−{grad} · ({self} − {target}, between −δ and δ) / n", _huber),
    ),
    "BinaryCrossEntropyBackward0": (
        Rule("{grad} · ({self} − {target}) / ({self} · (1 − {self})) / n", _cross_entropy),
    ),
    "BinaryCrossEntropyWithLogitsBackward0": (Rule("{grad} · (σ({self}) − {target}) / n", _with_logits),),
    "NllLossBackward0": (Rule("−{grad} / {total_weight} at the class {target}, else 0", _nll),),
    "PreluKernelBackward0": (
        each("{grad} where {self} > 0, else {grad} · {weight}", _prelu),
        each("0 where {self} > 0, else {grad} · {self}", _prelu),
    ),
    "MaxPool2DWithIndicesBackward0": (Rule("{grad} at the largest of each window, else 0", _max_pool),),
    "AvgPool2DBackward0": (Rule("{grad} / (size of the window), for each of its elements", _average_pool),),
    "ConvolutionBackward0": (
        Rule("{grad} convolved with the flipped {weight}"),
        Rule("{input} convolved with {grad}"),
        Rule("Σ {grad} of each channel"),
    ),
}
