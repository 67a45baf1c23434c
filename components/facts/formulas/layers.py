"""The layers of neural networks: those that normalise, with norms and softmax, and those whose windows slide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .moves import sent_back
from .reductions import along, stretched
from .rules import Array, Given, Lacking, Rule, Rules, sign

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


Part = tuple[slice, ...]
_MOST_OFFSETS = 400
_MOST_PADDING = 100


def _all(part: Iterable[slice | int]) -> tuple[Any, ...]:
    """A part of every sample and channel."""
    return (slice(None), slice(None), *part)


class _Convolution:
    """The two sides that a kernel connects, padded: ``wide`` has the windows, ``narrow`` one number for each.

    For a convolution the input is wide and the gradient that came in narrow; for a transposed one it is the reverse.
    The weight's first dimension is the narrow side's channels, its second those of the wide side in a group.
    """

    def __init__(self, given: Given) -> None:
        self.transposed, self.groups = given.flag("transposed"), given.integer("groups")
        self.padding = given.integers("padding")
        self._stride, self._dilation = given.integers("stride"), given.integers("dilation")

    def padded(self, wide: Array) -> Array:
        """Return the wide side with its padding."""
        if max(self.padding) > _MOST_PADDING:
            raise Lacking
        return np.pad(wide, [(0, 0), (0, 0), *((size, size) for size in self.padding)])

    def cropped(self, wide: Array) -> Array:
        """Return the wide side without its padding."""
        return wide[_all(slice(size, wide.shape[2 + dim] - size) for dim, size in enumerate(self.padding))]

    def offsets(self, kernel: tuple[int, ...], windows: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Part]]:
        """Yield each place in the kernel, and where in the wide side it meets all the windows."""
        if np.prod(kernel) > _MOST_OFFSETS:
            raise Lacking
        for place in product(*(range(size) for size in kernel)):
            starts = [at * step for at, step in zip(place, self._dilation, strict=True)]
            sizes = zip(starts, self._stride, windows, strict=True)
            yield place, tuple(slice(start, start + step * (count - 1) + 1, step) for start, step, count in sizes)

    def grouped(self, array: Array, axis: int = 1) -> list[Array]:
        """Return the channels of each group."""
        return np.split(array, self.groups, axis=axis)

    def weight_gradient(self, wide: Array, narrow: Array, shape: tuple[int, ...]) -> Array:
        """Each number of the kernel: what it multiplied, times what came of it."""
        out, wide = np.zeros(shape), self.padded(wide)
        for place, part in self.offsets(shape[2:], narrow.shape[2:]):
            pairs = zip(self.grouped(narrow), self.grouped(wide[_all(part)]), strict=True)
            out[_all(place)] = np.concatenate([np.einsum("nap,nbp->ab", _flat(a), _flat(b)) for a, b in pairs])
        return out

    def wide_gradient(self, narrow: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """Every window adds to what it holds."""
        out = self.padded(np.zeros(shape))
        for place, part in self.offsets(weight.shape[2:], narrow.shape[2:]):
            kernel = weight[_all(place)]
            pairs = zip(self.grouped(narrow), self.grouped(kernel, 0), strict=True)
            parts = [np.einsum("na...,ab->nb...", a, k) for a, k in pairs]
            out[_all(part)] += np.concatenate(parts, axis=1)
        return self.cropped(out)

    def narrow_gradient(self, wide: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """Every window is added up, times the kernel."""
        out, wide = np.zeros(shape), self.padded(wide)
        for place, part in self.offsets(weight.shape[2:], shape[2:]):
            kernel = weight[_all(place)]
            pairs = zip(self.grouped(wide[_all(part)]), self.grouped(kernel, 0), strict=True)
            out += np.concatenate([np.einsum("nb...,ab->na...", b, k) for b, k in pairs], axis=1)
        return out


def _flat(array: Array) -> Array:
    """All windows in one dimension."""
    return array.reshape(*array.shape[:2], -1)


def _of_input(given: Given) -> Array:
    seen = _Convolution(given)
    back = seen.narrow_gradient if seen.transposed else seen.wide_gradient
    return back(given.grad, given("weight"), given.shape)


def _of_weight(given: Given) -> Array:
    seen, x = _Convolution(given), given("input")
    wide, narrow = (given.grad, x) if seen.transposed else (x, given.grad)
    return seen.weight_gradient(wide, narrow, given.shape)


def _largest(given: Given, dims: int) -> Array:
    """The place of each window's largest element is saved, counted over the last dimensions."""
    lead = given.shape[:-dims]
    grad, places = given.grad.reshape(*lead, -1), given.indices("result1").reshape(*lead, -1)
    out = np.zeros((*lead, int(np.prod(given.shape[-dims:]))))
    where: list[NDArray[np.int64]] = list(np.indices(places.shape))
    where[-1] = places
    np.add.at(out, tuple(where), grad)
    return out.reshape(given.shape)


def _spread(given: Given, windows: tuple[list[tuple[slice, int]], ...], divisor: int | None = None) -> Array:
    """Share the gradient of each window among its elements; a window says how many it counts."""
    out = np.zeros(given.shape)
    for row, column in product(*(range(size) for size in given.grad.shape[-2:])):
        (high, rows), (wide, columns) = windows[0][row], windows[1][column]
        out[..., high, wide] += given.grad[..., row, column][..., None, None] / (divisor or rows * columns)
    return out


def _average_pool(given: Given) -> Array:
    kernel, padding = given.integers("kernel_size"), given.integers("padding")
    stride, counts_padding = given.integers("stride") or kernel, given.flag("count_include_pad")
    divisor = given.integer("divisor_override") if given.has("divisor_override") else None
    return _spread(
        given,
        tuple(
            _windows(
                (given.shape[dim - 2], given.grad.shape[dim - 2]),
                kernel[dim % len(kernel)],
                stride[dim % len(stride)],
                padding[dim % len(padding)],
                counts_padding,
            )
            for dim in (0, 1)
        ),
        divisor,
    )


def _windows(
    sizes: tuple[int, int], kernel: int, stride: int, padding: int, counts_padding: bool
) -> list[tuple[slice, int]]:
    size, found = sizes[0], []
    for number in range(sizes[1]):
        start = number * stride - padding
        end = min(start + kernel, size + padding)
        inside = slice(max(start, 0), max(min(end, size), 0))
        found.append((inside, end - start if counts_padding else inside.stop - inside.start))
    return found


def _adaptive_pool(given: Given) -> Array:
    windows: list[list[tuple[slice, int]]] = []
    for dim in (-2, -1):
        size, count = given.shape[dim], given.grad.shape[dim]
        ends = [(number * size // count, -(-(number + 1) * size // count)) for number in range(count)]
        windows.append([(slice(start, end), end - start) for start, end in ends])
    return _spread(given, (windows[0], windows[1]))


def _nearest(given: Given) -> Array:
    """Each element was copied: to whole multiples of its size."""
    out, size = given.grad.shape[-2:], given.shape[-2:]
    rows, columns = (np.arange(wide) * narrow // wide for wide, narrow in zip(out, size, strict=True))
    return sent_back(given, lambda places: places[..., rows[:, None], columns])


_AVERAGED = "{grad} / the number of elements of each window, for each of them"
_OF_THE_LARGEST = "{grad} at the largest element of each window, else 0"

WINDOWS: Rules = {
    "ConvolutionBackward0": (
        Rule("{grad} spread over its windows by {weight}", _of_input),
        Rule("Σ over the windows of {input} · {grad}", _of_weight),
        Rule("Σ {grad} of each channel", lambda g: g.grad.sum(axis=(0, *range(2, g.grad.ndim)))),
    ),
    "MaxPool2DWithIndicesBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 2)),),
    "MaxPool3DWithIndicesBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 3)),),
    "AdaptiveMaxPool2DBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 2)),),
    "AvgPool2DBackward0": (Rule(_AVERAGED, _average_pool),),
    "AdaptiveAvgPool2DBackward0": (Rule(_AVERAGED, _adaptive_pool),),
    "UpsampleNearest2DBackward0": (Rule("Σ {grad} over the copies of each element", _nearest),),
}
