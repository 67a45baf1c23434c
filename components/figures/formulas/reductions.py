"""Operations that add up, pick or normalise along dimensions."""

from __future__ import annotations

import numpy as np

from components.figures.formulas.given import Array, Given, Lacking
from components.figures.formulas.rules import Rule, Rules


def _dims(given: Given) -> tuple[int, ...]:
    """The dimensions that were reduced; none named means all."""
    rank = len(given.shape)
    named = given.integers("dim", ()) if given.has("dim") else ()
    return tuple(dim % rank for dim in named) if named and rank else tuple(range(rank))


def _stretched(given: Given, array: Array, dims: tuple[int, ...] | None = None) -> Array:
    """Put the reduced dimensions back, with one element each."""
    dims = _dims(given) if dims is None else dims
    shape = [1 if dim in dims else size for dim, size in enumerate(given.shape)]
    return array.reshape(shape)


def _dim(given: Given) -> int:
    dim = given.integer("dim")
    rank = len(given.shape)
    if not -rank <= dim < max(rank, 1):
        raise Lacking
    return dim % max(rank, 1)


def _sum(given: Given) -> Array:
    return np.broadcast_to(_stretched(given, given.grad), given.shape)


def _mean(given: Given) -> Array:
    summed = _sum(given)
    return summed * given.grad.size / max(summed.size, 1)


def _product(given: Given) -> Array:
    dims = (_dim(given),) if given.has("dim") else tuple(range(len(given.shape)))
    return _stretched(given, given.grad, dims) * _stretched(given, given("result"), dims) / given("self")


def _variance(given: Given) -> Array:
    x, dims = given("self"), _dims(given)
    count = np.prod([x.shape[dim] for dim in dims]) - given.number("correction", 1.0)
    return _stretched(given, given.grad) * 2 / count * (x - x.mean(axis=dims, keepdims=True))


def _deviation(given: Given) -> Array:
    return _variance(given) / (2 * _stretched(given, given("result")))


def _all_extremes(given: Given) -> Array:
    x = given("self")
    mask = x == given("result")
    return given.grad * mask / max(int(mask.sum()), 1)


def _extremes(given: Given) -> Array:
    mask = given("self") == _stretched(given, given("result"))
    return _stretched(given, given.grad) * mask / mask.sum(axis=_dims(given), keepdims=True)


def _picked(given: Given) -> Array:
    """Each output was taken from one place: its gradient goes back there."""
    dim = _dim(given)
    places, grad = given.whole("indices"), given.grad
    if places.ndim < len(given.shape):
        places, grad = np.expand_dims(places, dim), np.expand_dims(grad, dim)
    out = np.zeros(given.shape)
    np.put_along_axis(out, places, grad, axis=dim)
    return out


def _logsumexp(given: Given) -> Array:
    return _stretched(given, given.grad) * np.exp(given("self") - _stretched(given, given("result")))


def _norm(given: Given) -> Array:
    order = given.number("ord", 2.0)
    x, result, grad = given("self"), _stretched(given, given("result")), _stretched(given, given.grad)
    if order == 2:
        return grad * x / result
    if order == 1:
        return grad * np.sign(x)
    return grad * np.sign(x) * np.abs(x) ** (order - 1) / result ** (order - 1)


def _norm_words(given: Given) -> str:
    order = given.number("ord", 2.0)
    if order == 2:
        return "{grad} · {self} / {result}"
    return "{grad} · sign {self}" if order == 1 else "{grad} · sign {self} · |{self}|^(p−1) / {result}^(p−1)"


def _cumsum(given: Given) -> Array:
    dim = _dim(given)
    return np.flip(np.cumsum(np.flip(given.grad, dim), axis=dim), dim)


def _cumprod(given: Given) -> Array:
    dim = _dim(given)
    both = given.grad * given("result")
    return np.flip(np.cumsum(np.flip(both, dim), axis=dim), dim) / given("self")


def _softmax(given: Given) -> Array:
    y = given("result")
    return y * (given.grad - (given.grad * y).sum(axis=_dim(given), keepdims=True))


def _log_softmax(given: Given) -> Array:
    return given.grad - np.exp(given("result")) * given.grad.sum(axis=_dim(given), keepdims=True)


def _layer_norm(given: Given) -> Array:
    x, mean, spread = given("input"), given("result1"), given("result2")
    axes = tuple(range(x.ndim - len(given.integers("normalized_shape")), x.ndim))
    normal = (x - mean) * spread
    if given.slot == 1:
        return (given.grad * normal).sum(axis=tuple(range(axes[0])))
    if given.slot == 2:
        return given.grad.sum(axis=tuple(range(axes[0])))
    grad = given.grad * (given("weight") if given.has("weight") else 1)
    along = (grad * normal).mean(axis=axes, keepdims=True)
    return spread * (grad - grad.mean(axis=axes, keepdims=True) - normal * along)


def _batch_norm(given: Given) -> Array:
    if not given.flag("training"):
        raise Lacking
    x = given("input")
    axes = (0, *range(2, x.ndim))
    shape = [1, -1] + [1] * (x.ndim - 2)
    mean, spread = given("result1").reshape(shape), given("result2").reshape(shape)
    normal = (x - mean) * spread
    if given.slot == 1:
        return (given.grad * normal).sum(axis=axes)
    if given.slot == 2:
        return given.grad.sum(axis=axes)
    grad = given.grad * (given("weight").reshape(shape) if given.has("weight") else 1)
    along = (grad * normal).mean(axis=axes, keepdims=True)
    return spread * (grad - grad.mean(axis=axes, keepdims=True) - normal * along)


_NORMALISED = "spread · ({grad}·weight − its mean − n · mean({grad}·weight·n)) with n = (input − mean) · spread"

REDUCTIONS: Rules = {
    "SumBackward0": (Rule("{grad}, for every element", _sum),),
    "SumBackward1": (Rule("{grad}, for every element along dim {dim}", _sum),),
    "MeanBackward0": (Rule("{grad} / {self_sym_numel}, for every element", _mean),),
    "MeanBackward1": (Rule("{grad} / (number of elements), along dim {dim}", _mean),),
    "ProdBackward0": (Rule("{grad} · {result} / {self}", _product),),
    "ProdBackward1": (Rule("{grad} · {result} / {self}, along dim {dim}", _product),),
    "VarBackward0": (Rule("{grad} · 2/(n − correction) · ({self} − mean {self})", _variance),),
    "StdBackward0": (Rule("{grad} · ({self} − mean {self}) / ((n − correction) · {result})", _deviation),),
    "MaxBackward0": (Rule("{grad} at place {indices}, else 0", _picked),),
    "MinBackward0": (Rule("{grad} at place {indices}, else 0", _picked),),
    "SortBackward0": (Rule("{grad}, back at the places {indices}", _picked),),
    "TopkBackward0": (Rule("{grad} at the places {indices}, else 0", _picked),),
    "MaxBackward1": (Rule("{grad} where {self} = {result}, shared by equal ones, else 0", _all_extremes),),
    "MinBackward1": (Rule("{grad} where {self} = {result}, shared by equal ones, else 0", _all_extremes),),
    "MedianBackward0": (Rule("{grad} where {self} = {result}, else 0", _all_extremes),),
    "AmaxBackward0": (Rule("{grad} where {self} = {result}, shared by equal ones, else 0", _extremes),),
    "AminBackward0": (Rule("{grad} where {self} = {result}, shared by equal ones, else 0", _extremes),),
    "LogsumexpBackward0": (Rule("{grad} · exp({self} − {result})", _logsumexp),),
    "LinalgVectorNormBackward0": (Rule(_norm_words, _norm),),
    "CumsumBackward0": (Rule("{grad} added up from the end, along dim {dim}", _cumsum),),
    "CumprodBackward0": (Rule("({grad} · {result}) added up from the end / {self}", _cumprod),),
    "SoftmaxBackward0": (Rule("{result} · ({grad} − Σ {grad}·{result})", _softmax),),
    "LogSoftmaxBackward0": (Rule("{grad} − exp({result}) · Σ {grad}", _log_softmax),),
    "NativeLayerNormBackward0": (
        Rule(_NORMALISED, _layer_norm),
        Rule("Σ {grad} · (input − mean) · spread", _layer_norm),
        Rule("Σ {grad}", _layer_norm),
    ),
    "NativeBatchNormBackward0": (
        Rule(_NORMALISED, _batch_norm),
        Rule("Σ {grad} · (input − mean) · spread", _batch_norm),
        Rule("Σ {grad}", _batch_norm),
    ),
}
