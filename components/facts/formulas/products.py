"""Products of vectors and matrices, and what is built on them."""

from __future__ import annotations

import numpy as np

from .language import Array
from .layers import norm_slope
from .rules import Given, Lacking, Rule, Rules


def turned(array: Array) -> Array:
    """The transposes of the last two dimensions."""
    return np.swapaxes(array, -1, -2)


def _inverse(array: Array) -> Array:
    return np.asarray(np.linalg.inv(array), dtype=np.float64)


def _solution(matrix: Array, right: Array) -> Array:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _scaled(formula: str, by: str, *, reduce: bool = False) -> Rule:
    """A gradient times a saved ``alpha`` or ``beta``, which is not written where it is 1."""

    def words(given: Given) -> str:
        return formula if given.number(by, 1.0) == 1 else f"{formula} · {{{by}}}"

    return Rule(words, reduce=reduce)


_ADDED = _scaled("{grad}", "beta", reduce=True)


def _solved(given: Given) -> Array:
    """The right side's gradient: the transposed system, solved for what came in."""
    matrix = turned(given("A")) if given.flag("left") else given("A")
    vector = given.grad.ndim == given("A").ndim - 1
    grad = given.grad[..., None] if vector else given.grad
    back = _solution(matrix, grad) if given.flag("left") else turned(_solution(matrix, turned(grad)))
    return back[..., 0] if vector else back


def _of_system(given: Given) -> Array:
    back, result = _solved(given), given("result")
    if back.ndim == given("A").ndim - 1:
        return -back[..., :, None] * result[..., None, :]
    return -back @ turned(result) if given.flag("left") else -turned(result) @ back


def _of_matrix(given: Given, array: Array) -> Array:
    """One number for each matrix."""
    return array[..., None, None] if array.ndim == len(given.shape) - 2 else array


def _of_cholesky(given: Given) -> Array:
    lower = turned(given("L")) if given.flag("upper") else given("L")
    grad = turned(given.grad) if given.flag("upper") else given.grad
    half = np.tril(turned(lower) @ grad)
    half = (half + turned(np.tril(half, -1))) / 2
    inverse = _inverse(lower)
    return turned(inverse) @ half @ inverse


def _of_symmetric(given: Given) -> Array:
    """Eigenvectors turn with the differences of the eigenvalues; they may come without a gradient."""
    values, vectors = given("eigenvalues"), given("eigenvectors")
    inner = np.zeros_like(vectors)
    if given.has_incoming(0):
        inner = inner + given.incoming(0)[..., None] * np.eye(values.shape[-1])
    if given.has_incoming(1):
        apart = values[..., None, :] - values[..., :, None] + np.eye(values.shape[-1])
        inner = inner + turned(vectors) @ given.incoming(1) / apart * (1 - np.eye(values.shape[-1]))
    back = vectors @ inner @ turned(vectors)
    return (back + turned(back)) / 2


def _of_distances(given: Given) -> Array:
    """Each row of one side is at a distance from each row of the other."""
    away = given("x1")[..., :, None, :] - given("x2")[..., None, :, :]
    slope = norm_slope(away, given("result")[..., None], given.number("p")) * given.grad[..., None]
    return slope.sum(axis=-2) if given.slot == 0 else -slope.sum(axis=-3)


def _attention(given: Given) -> Array:
    """Attention is ``softmax(query @ keyᵀ · scale + mask) @ value``; the softmax is made again from what was saved."""
    if given.number("dropout_p", 0.0):
        raise Lacking
    query, key, value = given("query"), given("key"), given("value")
    scale = given.number("scale", query.shape[-1] ** -0.5)
    scores = query @ turned(key) * scale + (given("attn_mask") if given.has("attn_mask") else 0)
    shares = np.exp(scores - given("logsumexp")[..., None])
    shares = np.tril(shares) if given.flag("is_causal") else shares
    if given.slot == 2:
        return turned(shares) @ given.grad
    back = given.grad @ turned(value)
    back = shares * (back - (back * shares).sum(axis=-1, keepdims=True)) * scale
    return back @ key if given.slot == 0 else turned(back) @ query


_SHARES = " with P = softmax({query} @ {key}ᵀ · scale)"
_OF_SCORES = "P · (g − Σ g·P) · scale"

_MATRICES = (Rule("{grad} @ {mat2}ᵀ"), Rule("{self}ᵀ @ {grad}"))
_BATCHES = (_ADDED, _scaled("{grad} @ {batch2}ᵀ", "alpha"), _scaled("{batch1}ᵀ @ {grad}", "alpha"))

PRODUCTS: Rules = {
    "MmBackward0": _MATRICES,
    "BmmBackward0": _MATRICES,
    "MvBackward0": (Rule("{grad} ⊗ {vec}"), Rule("{self}ᵀ @ {grad}")),
    "DotBackward0": (Rule("{grad} · {tensor}"), Rule("{grad} · {self}")),
    "AddmmBackward0": (_ADDED, _scaled("{grad} @ {mat2}ᵀ", "alpha"), _scaled("{mat1}ᵀ @ {grad}", "alpha")),
    "AddmvBackward0": (_ADDED, _scaled("{grad} ⊗ {vec}", "alpha"), _scaled("{mat}ᵀ @ {grad}", "alpha")),
    "BaddbmmBackward0": _BATCHES,
    "AddbmmBackward0": _BATCHES,
    "LinalgCrossBackward0": (Rule("{other} × {grad}", reduce=True), Rule("{grad} × {self}", reduce=True)),
    "LinalgInvExBackward0": (Rule("−{inverse}ᵀ @ {grad} @ {inverse}ᵀ"),),
    "LinalgSolveExBackward0": (
        Rule("−g ⊗ {result} with g = the gradient of the right side", _of_system),
        Rule(lambda g: "{A}ᵀ⁻¹ @ {grad}" if g.flag("left") else "{grad} @ {A}ᵀ⁻¹"),
    ),
    "LinalgDetBackward0": (Rule("{grad} · {result} · {A}⁻¹ᵀ", shaped=_of_matrix),),
    "LinalgSlogdetBackward0": (Rule("{grad₂} · {A}⁻¹ᵀ", facts={"grad₂": lambda g: g.incoming(1)}, shaped=_of_matrix),),
    "LinalgEighBackward0": (
        Rule("V @ (diagonal of grad₁ + Vᵀ @ grad₂ / (λⱼ − λᵢ)) @ Vᵀ, made symmetric", _of_symmetric),
    ),
    "CdistBackward0": (
        Rule("Σ {grad} · the slope of the norm of order {p} at {x1} − {x2}", _of_distances),
        Rule("−Σ {grad} · the slope of the norm of order {p} at {x1} − {x2}", _of_distances),
    ),
    "ScaledDotProductFlashAttentionForCpuBackward0": (
        Rule(f"{_OF_SCORES} @ {{key}}{_SHARES}, g = {{grad}} @ {{value}}ᵀ", _attention),
        Rule(f"({_OF_SCORES})ᵀ @ {{query}}{_SHARES}, g = {{grad}} @ {{value}}ᵀ", _attention),
        Rule(f"Pᵀ @ {{grad}}{_SHARES}", _attention),
    ),
    "LinalgCholeskyExBackward0": (Rule("{L}⁻¹ᵀ @ half of {L}ᵀ @ {grad}, made symmetric, @ {L}⁻¹", _of_cholesky),),
}
