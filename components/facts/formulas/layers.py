"""The layers of neural networks: those that normalise, with norms and softmax, and those whose windows slide."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .language import Array, sign
from .moves import sent_back
from .reductions import as_rows, reduced, rows
from .rules import Fact, Given, Lacking, Letter, Rule, Rules, holds


def _norm_text(given: Given, order_name: str, x: str, negative: str = "") -> str:
    """The derivative of a norm by each element; 0 where there is none, as PyTorch has it."""
    order, grad = given.number(order_name, 2.0), f"{negative}{{grad}}"
    at_zero = "0 where {result} = 0, else " if holds(given, lambda: given("result") == 0) else ""
    size = f"|{x.strip('()')}|"
    if order == 0:
        return "0"
    if order == 1:
        return f"{grad} · sign {x}"
    if math.isinf(order):
        shared = " / {n}" if holds(given, lambda: _equal(given) > 1) else ""
        return f"{grad} · sign {x}{shared} where {size} = {{result}}, else 0"
    if order == 2:
        return f"{at_zero}{grad} · {x} / {{result}}"
    if order < 1 and holds(given, lambda: given("self") == 0):
        at_zero = f"0 where {{result}} = 0 or {x} = 0, else "
    return f"{at_zero}{grad} · sign {x} · ({size} / {{result}})^({{{order_name}}} − 1)"


def _equal(given: Given) -> Array:
    """How many elements are as large as an infinite norm."""
    if given.has("other"):
        return np.ones(())
    result = as_rows(given, given("result"))
    count = (np.abs(given("self")) == result).sum(axis=reduced(given), keepdims=True)
    return np.asarray(count.reshape(()) if count.size == 1 else count, dtype=np.float64)


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


def _norm(order_name: str) -> Rule:
    return Rule(
        lambda given: _norm_text(given, order_name, "{self}"),
        shaped=as_rows,
        facts={"n": Letter(_equal, "how many are")},
    )


def _distance(negative: str) -> Rule:
    return Rule(lambda given: _norm_text(given, "p", "({self} − {other})", negative), reduce=True, facts={"n": _equal})


# --- layers that subtract a mean and divide by a spread


def _layer_axes(given: Given) -> tuple[int, ...]:
    rank = len(given.incoming_shape)
    return tuple(range(rank - len(given.integers("normalized_shape")), rank))


def _outer_axes(given: Given) -> tuple[int, ...]:
    """The dimensions before those that a layer normalises."""
    return tuple(range(len(given.incoming_shape) - len(given.shape)))


def _batch_axes(given: Given) -> tuple[int, ...]:
    return (0, *range(2, len(given.incoming_shape)))


def _by_channel(given: Given, array: Array) -> Array:
    """One number for each channel."""
    return array.reshape((1, -1) + (1,) * (len(given.incoming_shape) - 2)) if array.ndim == 1 else array


def _in_training(given: Given) -> bool:
    return given.flag("training") or not given.has("training")


def _middle(given: Given) -> Array:
    return given("result1") if _in_training(given) else given("running_mean")


def _spread_of(given: Given) -> Array:
    if _in_training(given):
        return 1 / given("result2")
    return np.sqrt(given("running_var") + given.number("eps"))


def _of_input(given: Given) -> str:
    grad = "{grad}·{weight}" if given.has("weight") else "{grad}"
    if not _in_training(given):
        return f"{grad} / {{s}}"
    return f"({grad} − mean({grad}) − {{z}} · mean({grad}·{{z}})) / {{s}}"


_PARTS: dict[str, Fact] = {
    "z": "({input} − {m}) / {s}",
    "m": Letter(_middle, "the mean"),
    "s": Letter(_spread_of, "√(variance + eps)"),
}
_SUM, _SUM_OF_NORMAL = "Σ {grad}", "Σ {grad} · {z}"


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


_IN_GROUPS = (
    "({grad}·{weight} − mean({grad}·{weight}) − z · mean({grad}·{weight}·z)) / s"
    " with z = (input − mean) / s, means over the group"
)

NORMALISATIONS: Rules = {
    "LinalgVectorNormBackward0": (_norm("ord"),),
    "NormBackward1": (_norm("p"),),
    "DistBackward0": (_distance(""), _distance("−")),
    "SoftmaxBackward0": (Rule("{result} · ({grad} − Σ {grad}·{result})", over=rows),),
    "SafeSoftmaxBackward0": (Rule("{result} · ({grad} − Σ {grad}·{result})", over=rows),),
    "LogSoftmaxBackward0": (Rule("{grad} − exp({result}) · Σ {grad}", over=rows),),
    "NativeLayerNormBackward0": (
        Rule(_of_input, over=_layer_axes, facts=_PARTS),
        Rule(_SUM_OF_NORMAL, over=_outer_axes, facts=_PARTS),
        Rule(_SUM, over=_outer_axes),
    ),
    "NativeBatchNormBackward0": (
        Rule(_of_input, over=_batch_axes, facts=_PARTS, shaped=_by_channel),
        Rule(_SUM_OF_NORMAL, over=_batch_axes, facts=_PARTS, shaped=_by_channel),
        Rule(_SUM, over=_batch_axes),
    ),
    "NativeGroupNormBackward0": (
        Rule(lambda g: _IN_GROUPS if g.has("weight") else _IN_GROUPS.replace("·{weight}", ""), _group_backward),
        Rule(_SUM_OF_NORMAL, over=_batch_axes, facts={"z": Letter(_group_normal, "(input − mean) / s, in its group")}),
        Rule(_SUM, over=_batch_axes),
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


def _of_wide(given: Given) -> Array:
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
        Rule("{grad} spread over its windows by {weight}", _of_wide),
        Rule("Σ over the windows of {input} · {grad}", _of_weight),
        Rule("Σ {grad}", over=_batch_axes),
    ),
    "MaxPool2DWithIndicesBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 2)),),
    "MaxPool3DWithIndicesBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 3)),),
    "AdaptiveMaxPool2DBackward0": (Rule(_OF_THE_LARGEST, lambda g: _largest(g, 2)),),
    "AvgPool2DBackward0": (Rule(_AVERAGED, _average_pool),),
    "AdaptiveAvgPool2DBackward0": (Rule(_AVERAGED, _adaptive_pool),),
    "UpsampleNearest2DBackward0": (Rule("Σ {grad} over the copies of each element", _nearest),),
}
