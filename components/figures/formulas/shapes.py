"""Operations that only move elements: their gradients move back."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.figures.formulas.given import Array, Given, Lacking, summed_to
from components.figures.formulas.rules import Rule, Rules


def _reshaped(given: Given) -> Array:
    return given.grad.reshape(given.shape)


def _dim(given: Given, rank: int, name: str = "dim") -> int:
    dim = given.integer(name)
    if not -rank <= dim < rank:
        raise Lacking
    return dim % rank


def _transposed(given: Given) -> Array:
    rank = given.grad.ndim
    return np.swapaxes(given.grad, _dim(given, rank, "dim0"), _dim(given, rank, "dim1")) if rank else given.grad


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


def _selected(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim = _dim(given, out.ndim)
    out[(slice(None),) * dim + (given.integer("index"),)] = given.grad
    return out


def _sliced(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim = _dim(given, out.ndim)
    part = slice(given.integer("start", 0), given.integer("end", out.shape[dim]), given.integer("step", 1))
    out[(slice(None),) * dim + (part,)] = given.grad
    return out


def _indexed(given: Given) -> Array:
    out = np.zeros(given.shape)
    places: list[Any] = []
    for dim in range(out.ndim):
        name = f"indices[{dim}]"
        places.append(given.whole(name) if given.has(name) else slice(None))
    np.add.at(out, tuple(places), given.grad)
    return out


def _index_selected(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim = _dim(given, out.ndim)
    np.add.at(np.moveaxis(out, dim, 0), given.whole("index"), np.moveaxis(given.grad, dim, 0))
    return out


def _gathered(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim = _dim(given, out.ndim)
    places: list[Any] = list(np.indices(given.grad.shape))
    places[dim] = given.whole("index")
    np.add.at(out, tuple(places), given.grad)
    return out


def _rows(given: Given) -> Array:
    out = np.zeros(given.shape)
    places = given.whole("indices")
    keep = places != given.integer("padding_idx", -1)
    np.add.at(out, places[keep], given.grad[keep])
    return out


def _concatenated(given: Given) -> Array:
    dim = _dim(given, given.grad.ndim)
    start = sum(given.shape_of(slot)[dim] for slot in range(given.slot))
    return np.take(given.grad, range(start, start + given.shape[dim]), axis=dim)


def _stacked(given: Given) -> Array:
    return np.take(given.grad, given.slot, axis=_dim(given, given.grad.ndim))


def _pieces(given: Given) -> list[Array | None]:
    """What came in for each of several outputs, ``None`` where nothing did."""
    found: list[Array | None] = []
    for output in range(given.outputs):
        try:
            found.append(given.came(output))
        except Lacking:
            found.append(None)
    return found


def _split(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim, size = _dim(given, out.ndim), given.integer("split_size")
    for number, piece in enumerate(_pieces(given)):
        if piece is not None:
            out[(slice(None),) * dim + (slice(number * size, (number + 1) * size),)] = piece
    return out


def _unbound(given: Given) -> Array:
    out = np.zeros(given.shape)
    dim = _dim(given, out.ndim)
    for number, piece in enumerate(_pieces(given)):
        if piece is not None:
            out[(slice(None),) * dim + (number,)] = piece
    return out


def _diagonal(given: Given) -> Array:
    if len(given.shape) != 2 or (given.integer("dim1") % 2, given.integer("dim2") % 2) != (0, 1):
        raise Lacking
    out = np.zeros(given.shape)
    offset = given.integer("offset")
    places = np.arange(given.grad.size)
    out[places + max(-offset, 0), places + max(offset, 0)] = given.grad
    return out


def _trace(given: Given) -> Array:
    return given.grad * np.eye(given.shape[0], given.shape[1])


def _flipped(given: Given) -> Array:
    return np.flip(given.grad, tuple(dim % given.grad.ndim for dim in given.integers("dims")))


def _rolled(given: Given) -> Array:
    shifts, dims = given.integers("shifts"), given.integers("dims", ())
    if not dims:
        return np.roll(given.grad.reshape(-1), -shifts[0]).reshape(given.shape)
    return np.roll(given.grad, [-shift for shift in shifts], dims)


def _unpadded(given: Given) -> Array:
    pad, grad = given.integers("pad"), given.grad
    for number in range(0, len(pad), 2):
        dim = grad.ndim - 1 - number // 2
        grad = np.take(grad, range(pad[number], grad.shape[dim] - pad[number + 1]), axis=dim)
    return grad


def _back(words: str) -> Rule:
    return Rule(words, _reshaped)


_VIEW = (_back("{grad}, in the shape of the input"),)

SHAPES: Rules = {
    "ViewBackward0": _VIEW,
    "UnsafeViewBackward0": _VIEW,
    "ReshapeAliasBackward0": _VIEW,
    "SqueezeBackward0": _VIEW,
    "SqueezeBackward1": _VIEW,
    "SqueezeBackward2": _VIEW,
    "UnsqueezeBackward0": _VIEW,
    "TBackward0": (Rule("{grad}ᵀ", lambda g: g.grad.T),),
    "TransposeBackward0": (Rule("{grad}, dims {dim0} and {dim1} swapped back", _transposed),),
    "PermuteBackward0": (Rule("{grad}, dims {dims} permuted back", _permuted),),
    "ExpandBackward0": (Rule("Σ {grad} over what was expanded", lambda g: summed_to(g.grad, g.shape)),),
    "RepeatBackward0": (Rule("Σ {grad} over the {repeats} repeats", _repeated),),
    "SelectBackward0": (Rule("{grad} at index {index} of dim {dim}, else 0", _selected),),
    "SliceBackward0": (Rule("{grad} at the slice of dim {dim}, else 0", _sliced),),
    "IndexBackward0": (Rule("{grad} added at the indices, else 0", _indexed),),
    "IndexSelectBackward0": (Rule("{grad} added at {index} of dim {dim}, else 0", _index_selected),),
    "GatherBackward0": (Rule("{grad} added at {index} along dim {dim}, else 0", _gathered),),
    "EmbeddingBackward0": (Rule("{grad} added to the rows {indices}, else 0", _rows),),
    "CatBackward0": tuple(Rule(f"{{grad}}, part {n + 1} along dim {{dim}}", _concatenated) for n in range(20)),
    "StackBackward0": tuple(Rule(f"{{grad}} at index {n} of dim {{dim}}", _stacked) for n in range(20)),
    "SplitBackward0": (Rule("the gradients of the parts, side by side along dim {dim}", _split),),
    "UnbindBackward0": (Rule("the gradients of the parts, stacked along dim {dim}", _unbound),),
    "DiagonalBackward0": (Rule("{grad} on the diagonal, else 0", _diagonal),),
    "TraceBackward0": (Rule("{grad} on the diagonal, else 0", _trace),),
    "TrilBackward0": (Rule("the lower triangle of {grad}", lambda g: np.tril(g.grad, g.integer("diagonal"))),),
    "TriuBackward0": (Rule("the upper triangle of {grad}", lambda g: np.triu(g.grad, g.integer("diagonal"))),),
    "FlipBackward0": (Rule("{grad}, flipped back along {dims}", _flipped),),
    "RollBackward0": (Rule("{grad}, rolled back by {shifts}", _rolled),),
    "ConstantPadNdBackward0": (Rule("{grad} without the padding", _unpadded),),
}
