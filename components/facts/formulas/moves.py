"""Operations that move elements or choose some by their places: what came from a place goes back there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .language import Array
from .rules import PASSES, Given, Lacking, Rule, Rules, unknown

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


# --- another shape or order


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
            piece = given.incoming(output)
        except Lacking:
            if given.has_incoming(output):
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


def _roll_words(given: Given) -> str:
    return f"{{grad}}, rolled back by {{shifts}}{' along dim {dims}' if given.integers('dims', ()) else ''}"


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


def _at_diagonal(words: str, name: str = "offset") -> Callable[[Given], str]:
    """A sentence about a diagonal, with its offset where that is not 0."""
    return lambda given: words.replace("@", f" {{{name}}}" if given.integer(name, 0) else "")


def _triangle(side: str) -> Callable[[Given], str]:
    return _at_diagonal(f"{{grad}} on and {side} the diagonal@, else 0", "diagonal")


_DIAGONAL = (Rule(_at_diagonal("{grad} on the diagonal@, else 0"), _diagonal),)
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
    "TBackward0": (Rule("{grad}ᵀ"),),
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
            _at_diagonal("the diagonal@ of {grad}"),
            lambda g: np.diagonal(g.grad, g.integer("offset"), g.integer("dim1"), g.integer("dim2")),
        ),
    ),
    "TraceBackward0": (Rule("{grad} on the diagonal, else 0", lambda g: g.grad * np.eye(g.shape[0], g.shape[1])),),
    "TrilBackward0": (Rule(_triangle("below"), lambda g: np.tril(g.grad, g.integer("diagonal"))),),
    "TriuBackward0": (Rule(_triangle("above"), lambda g: np.triu(g.grad, g.integer("diagonal"))),),
    "FlipBackward0": (Rule("{grad}, flipped back along {dims}", lambda g: np.flip(g.grad, g.integers("dims"))),),
    "RollBackward0": (Rule(_roll_words, _rolled),),
    "Rot90Backward0": (Rule("{grad}, turned back", _turned_back),),
    "UnfoldBackward0": (Rule("Σ {grad} over the windows that hold the element", _unfolded),),
    "PixelShuffleBackward0": (Rule("{grad}, shuffled back", _shuffled),),
    "ConstantPadNdBackward0": (Rule("{grad} without the padding", _unpadded),),
    "ReflectionPad1DBackward0": (Rule("{grad}, the padding added to what it mirrors", _padded_by("reflect")),),
    "ReflectionPad2DBackward0": (Rule("{grad}, the padding added to what it mirrors", _padded_by("reflect")),),
    "ReplicationPad1DBackward0": (Rule("{grad}, the padding added to the edge", _padded_by("edge")),),
    "ReplicationPad2DBackward0": (Rule("{grad}, the padding added to the edge", _padded_by("edge")),),
}


# --- chosen places: indexing, gathering, scattering, embeddings


def at(given: Given, rank: int, part: slice | int | NDArray[np.int64]) -> tuple[Any, ...]:
    """A part of the one dimension that the operation is about."""
    return (slice(None),) * dim_of(given, rank) + (part,)


def _selected(given: Given) -> Array:
    out = np.zeros(given.shape)
    out[at(given, out.ndim, given.integer("index"))] = given.grad
    return out


def sliced(given: Given) -> slice:
    """The slice that was taken; without an end it goes on to the last."""
    return slice(given.integer("start", 0), given.integer("end", 2**63 - 1), given.integer("step", 1))


def _from_slice(given: Given) -> Array:
    out = np.zeros(given.shape)
    out[at(given, out.ndim, sliced(given))] = given.grad
    return out


def slice_text(given: Given) -> str:
    """``1:``, ``0:2``, ``0::2``: as in a program."""
    part = sliced(given)
    end = part.stop if part.stop < 2**62 else ""
    step = f":{part.step}" if part.step != 1 else ""
    return f"{part.start}:{end}{step}".replace("-", "−")


def _indices(given: Given, rank: int) -> tuple[Any, ...]:
    names = (f"indices[{dim}]" for dim in range(rank))
    return tuple(given.index_or_mask(name) if given.has(name) else slice(None) for name in names)


def _index_words(given: Given) -> str:
    count = sum(saved.name.startswith("indices[") for saved in given.node.saved)
    last = max((dim for dim in range(64) if given.has(f"indices[{dim}]")), default=-1)
    parts = [f"{{indices[{dim}]}}" if given.has(f"indices[{dim}]") else ":" for dim in range(last + 1)]
    return ", ".join(parts) if count else "the indices"


def _indexed(given: Given) -> Array:
    places = _indices(given, sum(saved.name.startswith("indices[") for saved in given.node.saved) + len(given.shape))
    while places and isinstance(places[-1], slice):
        places = places[:-1]
    return sent_back(given, lambda where: where[places])


def _put_over(given: Given) -> Array:
    if given.flag("accumulate"):
        return given.grad
    grad = given.grad.copy()
    grad[_written_places(given)] = 0
    return grad


def _written_places(given: Given) -> tuple[Any, ...]:
    return _indices(given, given.grad.ndim)


def _along(given: Given) -> tuple[Any, ...]:
    return at(given, given.grad.ndim, given.indices("index"))


def _without(given: Given) -> Array:
    grad = given.grad.copy()
    grad[_along(given)] = 0
    return grad


def _read_along(given: Given) -> Array:
    """What ``index_add`` and ``index_copy`` wrote from the source."""
    return given.grad[_along(given)] * given.number("alpha", 1.0)


def _index_selected(given: Given) -> Array:
    return sent_back(given, lambda where: where[at(given, where.ndim, given.indices("index"))])


def _spread(given: Given, rank_of: Array) -> tuple[Any, ...]:
    """The places that ``gather`` and ``scatter`` mean: an index along one dimension, the own place in the others."""
    index = given.indices("index")
    where: list[Any] = list(np.indices(index.shape))
    where[dim_of(given, rank_of.ndim)] = index
    return tuple(where)


def _gathered(given: Given) -> Array:
    out = np.zeros(given.shape)
    np.add.at(out, _spread(given, out), given.grad)
    return out


def _scattered_over(given: Given) -> Array:
    grad = given.grad.copy()
    grad[_spread(given, grad)] = 0
    return grad


def _scattered(given: Given) -> Array:
    """PyTorch gives the source a gradient of the index's shape."""
    return given.grad[_spread(given, given.grad)]


def _rows(given: Given) -> Array:
    out, places = np.zeros(given.shape), given.indices("indices")
    read = places != given.integer("padding_idx", -1)
    counts = np.bincount(places[read], minlength=out.shape[0]) if given.flag("scale_grad_by_freq") else None
    grad = given.grad[read]
    np.add.at(out, places[read], grad if counts is None else grad / counts[places[read]][:, None])
    return out


def _row_words(given: Given) -> str:
    shared = ", over how often each was read" if given.flag("scale_grad_by_freq") else ""
    return f"{{grad}} added to the rows {{indices}}{shared}, else 0"


def _masked(given: Given) -> Array:
    mask = np.broadcast_to(given("mask") != 0, np.broadcast_shapes(given("mask").shape, given.shape))
    if mask.shape != given.shape:
        raise Lacking
    out = np.zeros(given.shape)
    out[mask] = given.grad
    return out


def _taken(given: Given) -> Array:
    """``masked_scatter`` takes the source's elements one after the other, as many as the mask has places."""
    out = np.zeros(given.shape)
    found = given.grad[np.broadcast_to(given("mask") != 0, given.grad.shape)]
    out.reshape(-1)[: found.size] = found
    return out


_ADDED_ALONG = "{grad} added at {index} of dim {dim}, else 0"
_WITHOUT = "{grad}, but 0 at {index} of dim {dim}"
_READ = "{grad} at {index} of dim {dim}"

# What an operation in place on a view sends back is known only while it runs: these have symbols alone.
_CHANGED_PART = "what the operation on the changed part sends back"

PLACES: Rules = {
    "CopySlices": (
        Rule("{grad} outside the part that was changed; inside, " + _CHANGED_PART, unknown),
        Rule(_CHANGED_PART, unknown, repeats=True),
    ),
    "AsStridedBackward0": (Rule("{grad} added at the elements that were viewed, else 0", unknown),),
    "SelectBackward0": (Rule("{grad} at index {index} of dim {dim}, else 0", _selected),),
    "SliceBackward0": (Rule(lambda g: f"{{grad}} at {slice_text(g)} of dim {{dim}}, else 0", _from_slice),),
    "IndexBackward0": (Rule(lambda g: f"{{grad}} added at [{_index_words(g)}], else 0", _indexed),),
    "IndexPutBackward0": (
        Rule(
            lambda g: "{grad}" if g.flag("accumulate") else f"{{grad}}, but 0 at [{_index_words(g)}]",
            _put_over,
        ),
        Rule(lambda g: f"{{grad}} at [{_index_words(g)}]", lambda g: g.grad[_written_places(g)]),
    ),
    "IndexSelectBackward0": (Rule(_ADDED_ALONG, _index_selected),),
    "IndexAddBackward0": (
        PASSES,
        Rule(lambda g: _READ if g.number("alpha", 1.0) == 1 else f"{_READ}, · {{alpha}}", _read_along),
    ),
    "IndexCopyBackward0": (Rule(_WITHOUT, _without), Rule(_READ, _read_along)),
    "IndexFillBackward0": (Rule(_WITHOUT, _without),),
    "IndexFillBackward1": (Rule(_WITHOUT, _without), Rule("Σ " + _READ, lambda g: _read_along(g).sum())),
    "GatherBackward0": (Rule("{grad} added at {index} along dim {dim}, else 0", _gathered),),
    "TakeBackward0": (
        Rule(
            "{grad} added at {index} of all elements, else 0",
            lambda g: sent_back(g, lambda where: where.reshape(-1)[g.indices("index")]),
        ),
    ),
    "ScatterBackward0": (
        Rule("{grad}, but 0 at {index} along dim {dim}", _scattered_over),
        Rule("{grad} at {index} along dim {dim}", _scattered),
    ),
    "ScatterBackward1": (Rule("{grad}, but 0 at {index} along dim {dim}", _scattered_over),),
    "ScatterAddBackward0": (PASSES, Rule("{grad} at {index} along dim {dim}", _scattered)),
    "MaskedSelectBackward0": (Rule("{grad} put where {mask}, else 0", _masked),),
    "EmbeddingBackward0": (Rule(_row_words, _rows),),
    "MaskedScatterBackward0": (
        Rule("0 where {mask}, else {grad}"),
        Rule("{grad} where {mask}, in the order it was taken, else 0", _taken),
    ),
}
