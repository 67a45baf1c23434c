"""Operations that read or write chosen places of a tensor: indexing, gathering, scattering, embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .given import Array, Given, Lacking
from .rules import PASSES, Rule, Rules, kept
from .shapes import dim_of, sent_back


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
    return tuple(given.places(name) if given.has(name) else slice(None) for name in names)


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
    return at(given, given.grad.ndim, given.whole("index"))


def _without(given: Given) -> Array:
    grad = given.grad.copy()
    grad[_along(given)] = 0
    return grad


def _read_along(given: Given) -> Array:
    """What ``index_add`` and ``index_copy`` wrote from the source."""
    return given.grad[_along(given)] * given.number("alpha", 1.0)


def _index_selected(given: Given) -> Array:
    return sent_back(given, lambda where: where[at(given, where.ndim, given.whole("index"))])


def _spread(given: Given, rank_of: Array) -> tuple[Any, ...]:
    """The places that ``gather`` and ``scatter`` mean: an index along one dimension, the own place in the others."""
    index = given.whole("index")
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
    out, places = np.zeros(given.shape), given.whole("indices")
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
        Rule("{grad} outside the part that was changed; inside, " + _CHANGED_PART),
        Rule(_CHANGED_PART, repeats=True),
    ),
    "AsStridedBackward0": (Rule("{grad} added at the elements that were viewed, else 0"),),
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
            lambda g: sent_back(g, lambda where: where.reshape(-1)[g.whole("index")]),
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
        Rule("0 where {mask}, else {grad}", lambda g: kept(g, g("mask") == 0)),
        Rule("{grad} where {mask}, in the order it was taken, else 0", _taken),
    ),
}
