"""Norms, softmax and the layers that normalise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .given import Array, Given
from .reductions import along, stretched
from .rules import Rule, Rules, sign

Words = Callable[[Given], str]


def _norm_words(order_name: str) -> Words:
    def words(given: Given) -> str:
        order = given.number(order_name, 2.0)
        texts = {
            0: "0",
            1: "{grad} · sign {self}",
            2: "{grad} · {self} / {result}",
            math.inf: "{grad} · sign {self} where |{self}| = {result}, else 0",
            -math.inf: "{grad} · sign {self} where |{self}| = {result}, else 0",
        }
        general = f"{{grad}} · sign {{self}} · (|{{self}}| / {{result}})^({{{order_name}}} − 1)"
        return texts.get(order, general)

    return words


def norm_slope(x: Array, result: Array, order: float) -> Array:
    """The derivative of a norm by each element; 0 where there is none, as PyTorch has it."""
    size = np.abs(x)
    if order == 0:
        return np.zeros_like(x)
    if math.isinf(order):
        return sign(x) * (size == result)
    if order == 1:
        return sign(x)
    slope = x / result if order == 2 else sign(x) * (size / result) ** (order - 1)
    return np.where((result == 0) | ((x == 0) & (order < 1)), 0, slope)


def _norm(given: Given, order_name: str) -> Array:
    order = given.number(order_name, 2.0)
    x, result = given("self"), stretched(given, given("result"))
    slope = norm_slope(x, result, order)
    if math.isinf(order):
        from_all = tuple(dim for dim, size in enumerate(result.shape) if size == 1)
        slope = slope / (np.abs(x) == result).sum(axis=from_all, keepdims=True)
    return stretched(given, given.grad) * slope


def _distance(given: Given) -> Array:
    away = given("self") - given("other")
    slope = norm_slope(away, given("result"), given.number("p"))
    return given.grad * (slope if given.slot == 0 else -slope)


def _distance_rule(minus: str) -> Rule:
    def words(given: Given) -> str:
        if given.number("p") != 2:
            return f"{minus}{{grad}} · the slope of the norm of order {{p}} at {{self}} − {{other}}"
        return f"{minus}{{grad}} · ({{self}} − {{other}}) / {{result}}"

    return Rule(words, _distance, reduce=True)


def _softmax(given: Given) -> Array:
    y = given("result")
    if not y.ndim:
        return 0 * given.grad
    return y * (given.grad - (given.grad * y).sum(axis=along(given), keepdims=True))


def _log_softmax(given: Given) -> Array:
    if not given.shape:
        return 0 * given.grad
    return given.grad - np.exp(given("result")) * given.grad.sum(axis=along(given), keepdims=True)


class _Normalised:
    """One view of layers that subtract a mean and divide by a spread: the axes they do it over, what is per channel."""

    def __init__(self, given: Given, mean: Array, inverse: Array, axes: tuple[int, ...], weight: Array | float) -> None:
        self.inverse, self.axes, self.weight, self.grad = inverse, axes, weight, given.grad
        self.normal = (given("input") - mean) * inverse

    def backward(self) -> Array:
        """The gradient of the input: the parts along the mean and the spread are taken out."""
        grad = self.grad * self.weight
        part = (grad * self.normal).mean(axis=self.axes, keepdims=True)
        return self.inverse * (grad - grad.mean(axis=self.axes, keepdims=True) - self.normal * part)


def _layer(given: Given) -> _Normalised:
    x = given("input")
    axes = tuple(range(x.ndim - len(given.integers("normalized_shape")), x.ndim))
    return _Normalised(
        given, given("result1"), given("result2"), axes, _weight(given, given.integers("normalized_shape"))
    )


def _batch(given: Given) -> _Normalised:
    x = given("input")
    shape = (1, -1) + (1,) * (x.ndim - 2)
    if given.flag("training"):
        mean, inverse = given("result1"), given("result2")
    else:
        mean, inverse = given("running_mean"), 1 / np.sqrt(given("running_var") + given.number("eps"))
    axes = (0, *range(2, x.ndim))
    return _Normalised(given, mean.reshape(shape), inverse.reshape(shape), axes, _weight(given, shape))


def _batch_backward(given: Given) -> Array:
    seen = _batch(given)
    return seen.backward() if given.flag("training") else seen.grad * seen.weight * seen.inverse


def _weight(given: Given, shape: tuple[int, ...]) -> Array | float:
    return given("weight").reshape(shape) if given.has("weight") else 1.0


def _groups(given: Given) -> tuple[Array, Array, Array]:
    """The input less its mean and over its spread, the weight and the inverse spread, by sample and group."""
    x, count = given("input"), given.integer("group")
    lead = (x.shape[0], count)
    by_group = x.reshape(*lead, -1)
    inverse = given("result2").reshape(*lead, 1)
    normal = (by_group - given("result1").reshape(*lead, 1)) * inverse
    weight = np.broadcast_to(_weight(given, (1, -1) + (1,) * (x.ndim - 2)), x.shape).reshape(by_group.shape)
    return normal, weight, inverse


def _group_backward(given: Given) -> Array:
    normal, weight, inverse = _groups(given)
    grad = given.grad.reshape(normal.shape) * weight
    part = (grad * normal).mean(axis=2, keepdims=True)
    return (inverse * (grad - grad.mean(axis=2, keepdims=True) - normal * part)).reshape(given.shape)


def _group_normal(given: Given) -> Array:
    return _groups(given)[0].reshape(given("input").shape)


def _per_channel(array: Array, first: int = 1) -> Array:
    return array.sum(axis=(0, *range(first + 1, array.ndim)))


def _outer(given: Given, array: Array) -> Array:
    """Sum over the dimensions before those that a layer normalises."""
    return array.sum(axis=tuple(range(array.ndim - len(given.shape))))


_OF_N = " with n = (input − mean) / spread, means over what is normalised"


def _words(given: Given) -> str:
    grad = "{grad}·{weight}" if given.has("weight") else "{grad}"
    if given.node.name == "NativeBatchNormBackward0" and not given.flag("training"):
        return f"{grad} / spread with spread = √(running variance + {{eps}})"
    return f"({grad} − mean({grad}) − n · mean({grad}·n)) / spread{_OF_N}"


LAYER = {"n": lambda g: _layer(g).normal}
BATCH = {"n": lambda g: _batch(g).normal}
GROUP = {"n": _group_normal}
_SUM = "Σ {grad}"
_SUM_N = "Σ {grad} · {n}" + _OF_N

NORMALISATIONS: Rules = {
    "LinalgVectorNormBackward0": (Rule(_norm_words("ord"), lambda g: _norm(g, "ord")),),
    "NormBackward1": (Rule(_norm_words("p"), lambda g: _norm(g, "p")),),
    "DistBackward0": (_distance_rule(""), _distance_rule("−")),
    "SoftmaxBackward0": (Rule("{result} · ({grad} − Σ {grad}·{result})", _softmax),),
    "SafeSoftmaxBackward0": (Rule("{result} · ({grad} − Σ {grad}·{result})", _softmax),),
    "LogSoftmaxBackward0": (Rule("{grad} − exp({result}) · Σ {grad}", _log_softmax),),
    "NativeLayerNormBackward0": (
        Rule(_words, lambda g: _layer(g).backward()),
        Rule(_SUM_N, lambda g: _outer(g, g.grad * _layer(g).normal), facts=LAYER),
        Rule(_SUM, lambda g: _outer(g, g.grad)),
    ),
    "NativeBatchNormBackward0": (
        Rule(_words, _batch_backward),
        Rule(_SUM_N, lambda g: _per_channel(g.grad * _batch(g).normal), facts=BATCH),
        Rule(_SUM, lambda g: _per_channel(g.grad)),
    ),
    "NativeGroupNormBackward0": (
        Rule(_words, _group_backward),
        Rule(_SUM_N, lambda g: _per_channel(g.grad * _group_normal(g)), facts=GROUP),
        Rule(_SUM, lambda g: _per_channel(g.grad)),
    ),
}
