"""Operations that give elements another shape or order: their gradients move back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .given import Array, Given, Lacking
from .rules import PASSES, Rule, Rules

Places = NDArray[np.int64]


def dim_of(given: Given, rank: int, name: str = "dim") -> int:
    """Return a saved dimension, counted from the first."""
    dim = given.integer(name)
    if not -rank <= dim < rank:
        raise Lacking
    return dim % rank


def sent_back(given: Given, forward: Callable[[Places], Places]) -> Array:
    """Do to the elements' places what the forward did to the elements, and add each gradient to its element's."""
    places = forward(np.arange(int(np.prod(given.shape, dtype=np.int64))).reshape(given.shape))
    out = np.zeros(given.shape)
    np.add.at(out.reshape(-1), places.reshape(-1), np.broadcast_to(given.grad, places.shape).reshape(-1))
    return out


def _reshaped(given: Given) -> Array:
    return given.grad.reshape(given.shape)


def _transposed(given: Given) -> Array:
    rank = given.grad.ndim
    return np.swapaxes(given.grad, dim_of(given, rank, "dim0"), dim_of(given, rank, "dim1")) if rank else given.grad


def _permuted(given: Given) -> Array:
    dims = [dim % max(given.grad.ndim, 1) for dim in given.integers("dims")]
    if sorted(dims) != list(range(given.grad.ndim)):
        raise Lacking
    return np.transpose(given.grad, np.argsort(dims))


def _repeated(given: Given) -> Array:
    grad, shape = given.grad, given.shape
    repeats = given.integers("repeats")
    sizes = (1,) * (len(repeats) - len(shape)) + shape
    split = [part for pair in zip(repeats, sizes, strict=True) for part in pair]
    return grad.reshape(split).sum(axis=tuple(range(0, 2 * len(sizes), 2))).reshape(shape)


def _concatenated(given: Given) -> Array:
    """An input with one dimension and no element stands for none, as PyTorch allows."""
    dim = dim_of(given, given.grad.ndim)
    if given.shape == (0,):
        return np.zeros(0)
    shapes = [given.shape_of(slot) for slot in range(given.slot)]
    start = sum(shape[dim] for shape in shapes if shape != (0,))
    return given.grad[(slice(None),) * dim + (slice(start, start + given.shape[dim]),)]


def _stacked(given: Given) -> Array:
    return given.grad[(slice(None),) * dim_of(given, given.grad.ndim) + (given.slot,)]


def _pieces(given: Given, dim: int, places: Callable[[int], slice | int]) -> Array:
    """Put what came in for each of several outputs where it was taken from; where nothing came in it is 0."""
    out = np.zeros(given.shape)
    for output in range(given.outputs):
        try:
            piece = given.came(output)
        except Lacking:
            if given.got(output):
                raise
            continue
        out[(slice(None),) * dim + (places(output),)] = piece
    return out


def _split(given: Given) -> Array:
    size = given.integer("split_size")
    return _pieces(given, dim_of(given, len(given.shape)), lambda number: slice(number * size, (number + 1) * size))


def _split_by_sizes(given: Given) -> Array:
    ends = np.cumsum((0, *given.integers("split_sizes"))).tolist()
    return _pieces(given, dim_of(given, len(given.shape)), lambda number: slice(ends[number], ends[number + 1]))


def _unbound(given: Given) -> Array:
    return _pieces(given, dim_of(given, len(given.shape)), lambda number: number)


def _diagonal(given: Given) -> Array:
    offset, first, second = given.integer("offset"), given.integer("dim1"), given.integer("dim2")
    return sent_back(given, lambda places: np.diagonal(places, offset, first, second))


def _rolled(given: Given) -> Array:
    shifts, dims = given.integers("shifts"), given.integers("dims", ())
    if not dims:
        return np.roll(given.grad.reshape(-1), -shifts[0]).reshape(given.shape)
    return np.roll(given.grad, [-shift for shift in shifts], dims)


def _unpadded(given: Given) -> Array:
    """Padding below zero cut elements off: they get 0."""
    grad, pad = given.grad, given.integers("pad")
    for number in range(0, len(pad), 2):
        dim, (before, after) = grad.ndim - 1 - number // 2, pad[number : number + 2]
        grad = grad[(slice(None),) * dim + (slice(max(before, 0), grad.shape[dim] - max(after, 0)),)]
        cut = [(0, 0)] * grad.ndim
        cut[dim] = (max(-before, 0), max(-after, 0))
        if max(cut[dim]) > given.shape[dim]:
            raise Lacking
        grad = np.pad(grad, cut)
    return grad


def _padded_by(mode: Literal["reflect", "edge"]) -> Callable[[Given], Array]:
    def compute(given: Given) -> Array:
        pad = given.integers("padding")
        pairs = [(pad[number], pad[number + 1]) for number in range(0, len(pad), 2)][::-1]
        widths = [(0, 0)] * (len(given.shape) - len(pairs)) + pairs
        if given.grad.shape != tuple(size + sum(pair) for size, pair in zip(given.shape, widths, strict=True)):
            raise Lacking
        return sent_back(given, lambda places: np.pad(places, widths, mode=mode))

    return compute


def _turned_back(given: Given) -> Array:
    first, second = given.integers("dims")
    return np.rot90(given.grad, -given.integer("k"), (first, second))


def _unfolded(given: Given) -> Array:
    dim, size, step = dim_of(given, len(given.shape), "dimension"), given.integer("size"), given.integer("step")
    every = (slice(None),) * dim + (slice(None, None, step),)
    return sent_back(given, lambda places: np.lib.stride_tricks.sliding_window_view(places, size, dim)[every])


def _shuffled(given: Given) -> Array:
    factor = given.integer("upscale_factor")
    *lead, channels, high, wide = given.shape

    def forward(places: Places) -> Places:
        parts = places.reshape(-1, channels // factor**2, factor, factor, high, wide)
        return parts.transpose(0, 1, 4, 2, 5, 3).reshape(*lead, channels // factor**2, high * factor, wide * factor)

    return sent_back(given, forward)


_VIEW = (Rule("{grad}, in the shape of the input", _reshaped),)
_DIAGONAL = (Rule("{grad} on the diagonal, else 0", _diagonal),)
_SIDE_BY_SIDE = "the gradients of the parts, side by side along dim {dim}"

SHAPES: Rules = {
    "ViewBackward0": _VIEW,
    "UnsafeViewBackward0": _VIEW,
    "ReshapeAliasBackward0": _VIEW,
    "SqueezeBackward0": _VIEW,
    "SqueezeBackward1": _VIEW,
    "SqueezeBackward2": _VIEW,
    "SqueezeBackward4": _VIEW,
    "UnsqueezeBackward0": _VIEW,
    "TBackward0": (Rule("{grad}ᵀ", lambda g: g.grad.T),),
    "TransposeBackward0": (Rule("{grad}, dims {dim0} and {dim1} swapped back", _transposed),),
    "PermuteBackward0": (Rule("{grad}, dims {dims} permuted back", _permuted),),
    "ExpandBackward0": (PASSES,),
    "RepeatBackward0": (Rule("Σ {grad} over the {repeats} repeats", _repeated),),
    "CatBackward0": (Rule(lambda g: f"{{grad}}, part {g.slot + 1} along dim {{dim}}", _concatenated, repeats=True),),
    "StackBackward0": (Rule(lambda g: f"{{grad}} at index {g.slot} of dim {{dim}}", _stacked, repeats=True),),
    "SplitBackward0": (Rule(_SIDE_BY_SIDE, _split),),
    "UnsafeSplitBackward0": (Rule(_SIDE_BY_SIDE, _split),),
    "SplitWithSizesBackward0": (Rule(_SIDE_BY_SIDE, _split_by_sizes),),
    "UnbindBackward0": (Rule("the gradients of the parts, stacked along dim {dim}", _unbound),),
    "DiagonalBackward0": _DIAGONAL,
    "DiagonalBackward0_copy": _DIAGONAL,
    "DiagEmbedBackward0": (
        Rule(
            "the diagonal of {grad}",
            lambda g: np.diagonal(g.grad, g.integer("offset"), g.integer("dim1"), g.integer("dim2")),
        ),
    ),
    "TraceBackward0": (Rule("{grad} on the diagonal, else 0", lambda g: g.grad * np.eye(g.shape[0], g.shape[1])),),
    "TrilBackward0": (Rule("the lower triangle of {grad}", lambda g: np.tril(g.grad, g.integer("diagonal"))),),
    "TriuBackward0": (Rule("the upper triangle of {grad}", lambda g: np.triu(g.grad, g.integer("diagonal"))),),
    "FlipBackward0": (Rule("{grad}, flipped back along {dims}", lambda g: np.flip(g.grad, g.integers("dims"))),),
    "RollBackward0": (Rule("{grad}, rolled back by {shifts}", _rolled),),
    "Rot90Backward0": (Rule("{grad}, turned back", _turned_back),),
    "UnfoldBackward0": (Rule("Σ {grad} over the windows that hold the element", _unfolded),),
    "PixelShuffleBackward0": (Rule("{grad}, shuffled back", _shuffled),),
    "ConstantPadNdBackward0": (Rule("{grad} without the padding", _unpadded),),
    "ReflectionPad1DBackward0": (Rule("{grad}, the padding added to what it mirrors", _padded_by("reflect")),),
    "ReflectionPad2DBackward0": (Rule("{grad}, the padding added to what it mirrors", _padded_by("reflect")),),
    "ReplicationPad1DBackward0": (Rule("{grad}, the padding added to the edge", _padded_by("edge")),),
    "ReplicationPad2DBackward0": (Rule("{grad}, the padding added to the edge", _padded_by("edge")),),
}
