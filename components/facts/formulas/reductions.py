"""Operations that add up, pick or measure along dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rules import Array, Fact, Given, Lacking, Rule, Rules


def reduced(given: Given) -> tuple[int, ...]:
    """The dimensions that were reduced; none named means all."""
    rank = len(given.shape)
    named = given.integers("dim", ()) if given.has("dim") else ()
    return tuple(dim % rank for dim in named) if named and rank else tuple(range(rank))


def stretched(given: Given, array: Array, dims: tuple[int, ...] | None = None) -> Array:
    """Put the reduced dimensions back, with one element each."""
    dims = reduced(given) if dims is None else dims
    return array.reshape([1 if dim in dims else size for dim, size in enumerate(given.shape)])


def along(given: Given, name: str = "dim") -> int:
    """The one dimension that the operation is about, from 0."""
    dim, rank = given.integer(name), len(given.shape)
    if not -rank <= dim < max(rank, 1):
        raise Lacking
    return dim % max(rank, 1)


def from_the_end(array: Array, dim: int) -> Array:
    """Each element and all after it, added up."""
    return np.flip(np.cumsum(np.flip(array, dim), axis=dim), dim) if array.ndim else array


def _sum(given: Given) -> Array:
    return np.broadcast_to(stretched(given, given.grad), given.shape)


def _count(given: Given) -> int:
    return int(np.prod([given.shape[dim] for dim in reduced(given)], dtype=np.int64))


def _mean(given: Given) -> Array:
    return _sum(given) / _count(given)


def _product_dims(given: Given) -> tuple[int, ...]:
    return (along(given),) if given.has("dim") else tuple(range(len(given.shape)))


def _others(given: Given) -> Array:
    """The product of all elements but one, for each."""
    x, dims = given("self"), _product_dims(given)
    zeros = int((x == 0).sum())
    if zeros == 0:
        return stretched(given, given("result"), dims) / x
    if zeros > 1 and not given.has("dim"):
        return np.zeros_like(x)
    rows = np.moveaxis(x, dims, range(len(dims))).reshape(_size(x, dims), -1)
    one = np.ones((1, rows.shape[1]))
    before = np.cumprod(np.concatenate([one, rows[:-1]]), axis=0)
    after = np.flip(np.cumprod(np.concatenate([one, np.flip(rows[1:], 0)]), axis=0), 0)
    moved = np.moveaxis(x, dims, range(len(dims))).shape
    return np.moveaxis((before * after).reshape(moved), range(len(dims)), dims)


def _size(x: Array, dims: tuple[int, ...]) -> int:
    return int(np.prod([x.shape[dim] for dim in dims], dtype=np.int64))


def _product(given: Given) -> Array:
    return stretched(given, given.grad, _product_dims(given)) * _others(given)


def _product_words(given: Given) -> str:
    dim = ", along dim {dim}" if given.has("dim") else ""
    try:
        zeros = bool(np.any(given("self") == 0))
    except (Lacking, ValueError):
        zeros = False
    return f"{{grad}} · the product of the other elements{dim}" if zeros else f"{{grad}} · {{result}} / {{self}}{dim}"


def _cumulated_product(given: Given) -> Array:
    """Every later product holds the element once: it counts as 1 there, so that zeros need no quotient."""
    x, dim = np.moveaxis(given("self"), along(given), 0), along(given)
    grad, out = np.moveaxis(given.grad, dim, 0), np.zeros(x.shape)
    for place in range(x.shape[0]):
        without = x.copy()
        without[place] = 1
        out[place] = (grad * np.cumprod(without, axis=0))[place:].sum(axis=0)
    return np.moveaxis(out, 0, dim)


def _variance(given: Given, grad: Array | None = None) -> Array:
    x = given("self")
    return stretched(given, given.grad if grad is None else grad) * 2 / _freedom(given) * (x - _mean_of(given))


def _mean_of(given: Given) -> Array:
    x = given("self")
    if not x.size:
        raise Lacking
    return x.mean(axis=reduced(given), keepdims=True)


def _mean_fact(given: Given) -> Array:
    mean = _mean_of(given)
    return mean.reshape(()) if mean.size == 1 else mean


def _freedom(given: Given) -> float:
    return max(_count(given) - _correction(given), 0)


def _correction(given: Given) -> float:
    return given.number("correction", 1.0)


def _deviation(given: Given, grad: Array | None = None, result: str = "result") -> Array:
    spread = stretched(given, given(result))
    return np.where(spread == 0, 0, _variance(given, grad) / (2 * spread))


def _second(given: Given) -> Array:
    """What came in for the mean that ``var_mean`` and ``std_mean`` give too."""
    return np.broadcast_to(stretched(given, _came(given, 1)) / _count(given), given.shape)


def _came(given: Given, output: int) -> Array:
    try:
        return given.incoming(output)
    except Lacking:
        return np.zeros_like(given.incoming(1 - output))


def _all_extremes(given: Given) -> Array:
    x, result = given("self"), given("result")
    mask = np.isnan(x) if np.isnan(result) else x == result
    return given.grad * mask / max(int(mask.sum()), 1)


def _extremes(given: Given) -> Array:
    mask = given("self") == stretched(given, given("result"))
    return stretched(given, given.grad) * mask / mask.sum(axis=reduced(given), keepdims=True)


def _extreme_words(given: Given) -> str:
    text = "{grad} where {self} = {result}, else 0"
    try:
        mask = given("self") == stretched(given, given("result"))
        shared = bool(np.any(mask.sum(axis=reduced(given)) > 1))
    except (Lacking, ValueError, IndexError):
        return text
    return text.replace(", else", ", shared by equal ones, else") if shared else text


def _picked(given: Given) -> Array:
    """Each output was taken from one place: its gradient goes back there."""
    dim, places, grad = along(given), given.indices("indices"), given.grad
    if places.ndim < len(given.shape):
        places, grad = np.expand_dims(places, dim), np.expand_dims(grad, dim)
    out = np.zeros(given.shape)
    if not out.ndim:
        return grad
    where: list[NDArray[np.int64]] = list(np.indices(places.shape))
    where[dim] = places
    np.add.at(out, tuple(where), grad)
    return out


def _logsumexp(given: Given) -> Array:
    return stretched(given, given.grad) * np.exp(given("self") - stretched(given, given("result")))


def _cumulated_logsumexp(given: Given) -> Array:
    return from_the_end(given.grad * np.exp(-given("result")), along(given)) * np.exp(given("self"))


def _cumsum(given: Given) -> Array:
    return from_the_end(given.grad, along(given))


_PICKED = (Rule("{grad} at place {indices} of dim {dim}, else 0", _picked),)
_ALL_EXTREMES = (Rule(_extreme_words, _all_extremes),)
_EXTREMES = (Rule(_extreme_words, _extremes),)
_PRODUCT = (Rule(_product_words, _product),)
_SPREAD: dict[str, Fact] = {"n": _count, "mean": _mean_fact, "correction": _correction}
_TWO: dict[str, Fact] = _SPREAD | {"grad₁": lambda g: _came(g, 0), "grad₂": lambda g: _came(g, 1)}

REDUCTIONS: Rules = {
    "SumBackward0": (Rule("{grad}, for every element", _sum),),
    "SumBackward1": (Rule("{grad}, for every element along dim {dim}", _sum),),
    "NansumBackward0": (Rule("{grad} where {self} is a number, else 0", lambda g: _sum(g) * ~np.isnan(g("self"))),),
    "MeanBackward0": (Rule("{grad} / {self_sym_numel}, for every element", _mean),),
    "MeanBackward1": (Rule("{grad} / {n}, for every element along dim {dim}", _mean, facts={"n": _count}),),
    "ProdBackward0": _PRODUCT,
    "ProdBackward1": _PRODUCT,
    "VarBackward0": (Rule("{grad} · 2/({n} − {correction}) · ({self} − {mean})", _variance, facts=_SPREAD),),
    "StdBackward0": (
        Rule("{grad} · ({self} − {mean}) / (({n} − {correction}) · {result})", _deviation, facts=_SPREAD),
    ),
    "VarMeanBackward0": (
        Rule(
            "{grad₁} · 2/({n} − {correction}) · ({self} − {mean}) + {grad₂} / {n}",
            lambda g: _variance(g, _came(g, 0)) + _second(g),
            facts=_TWO,
        ),
    ),
    "StdMeanBackward0": (
        Rule(
            "{grad₁} · ({self} − {mean}) / (({n} − {correction}) · {result0}) + {grad₂} / {n}",
            lambda g: _deviation(g, _came(g, 0), "result0") + _second(g),
            facts=_TWO,
        ),
    ),
    "MaxBackward0": _PICKED,
    "MinBackward0": _PICKED,
    "MedianBackward1": _PICKED,
    "ModeBackward0": _PICKED,
    "KthvalueBackward0": _PICKED,
    "CummaxBackward0": _PICKED,
    "CumminBackward0": _PICKED,
    "SortBackward0": (Rule("{grad}, back at the places {indices} of dim {dim}", _picked),),
    "TopkBackward0": (Rule("{grad} at the places {indices} of dim {dim}, else 0", _picked),),
    "MaxBackward1": _ALL_EXTREMES,
    "MinBackward1": _ALL_EXTREMES,
    "MedianBackward0": _ALL_EXTREMES,
    "NanmedianBackward0": _ALL_EXTREMES,
    "AmaxBackward0": _EXTREMES,
    "AminBackward0": _EXTREMES,
    "LogsumexpBackward0": (Rule("{grad} · exp({self} − {result})", _logsumexp),),
    "LogcumsumexpBackward0": (
        Rule("exp {self} · ({grad} · exp(−{result}), added up from the end of dim {dim})", _cumulated_logsumexp),
    ),
    "CumsumBackward0": (Rule("{grad} added up from the end of dim {dim}", _cumsum),),
    "CumprodBackward0": (
        Rule(
            "Σ {grad} · the products that hold the element, without it, along dim {dim}",
            _cumulated_product,
        ),
    ),
}
