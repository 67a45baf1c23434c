"""Operations that only move elements, done by PyTorch itself: on the elements' numbers instead of their values.

Views are not here: they share the memory that they look at, and so its expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..arrays import Symbols, filled
from ..atoms import lifted
from ..call import AtenCall, TableEntry, numbered
from ..functions import total


def moved(*sources: str) -> Callable[[AtenCall], Symbols]:
    """Make an entry of the arguments whose elements come out again."""

    def entry(call: AtenCall) -> Symbols:
        names = [name for name in sources if call.has(name)]
        groups = [_symbols(call, name) for name in names]
        tensors, cells = numbered([array for group in groups for array in group])
        replaced: dict[str, Any] = {}
        for name, group in zip(names, groups, strict=True):
            own, tensors = tensors[: len(group)], tensors[len(group) :]
            replaced[name] = _as_given(call.given[name], own)
        return _looked_up(call.again(replaced), cells)

    return entry


def _symbols(call: AtenCall, name: str) -> list[Symbols]:
    return call.list_of_symbols(name) if isinstance(call.given[name], list | tuple) else [call.symbols(name)]


def _as_given(given: Any, numbers: list[torch.Tensor]) -> Any:
    if isinstance(given, list | tuple):
        return numbers
    return numbers[0] if isinstance(given, torch.Tensor) else numbers[0].item()


def _looked_up(places: torch.Tensor, cells: Symbols) -> Symbols:
    return filled((cells[int(at)] for at in places.reshape(-1).tolist()), tuple(places.shape))


def _put(call: AtenCall) -> Symbols:
    """``x[indices] = values``; with ``accumulate``, what falls on one place adds up."""
    if not call.given["accumulate"]:
        return moved("self", "values")(call)
    symbols = call.symbols("self")
    places = torch.arange(symbols.size).reshape(symbols.shape)
    chosen = torch.ops.aten.index.Tensor(places, call.given["indices"])
    values = np.broadcast_to(call.symbols("values"), tuple(chosen.shape))
    return _added(symbols, chosen.reshape(-1).tolist(), list(values.reshape(-1)))


def _scatter_add(call: AtenCall) -> Symbols:
    symbols, source = call.symbols("self"), call.symbols("src")
    index, dim = call.integers("index"), call.dim()
    places = np.arange(symbols.size).reshape(symbols.shape)
    chosen, values = [], []
    for place in np.ndindex(index.shape):
        target = list(place)
        target[dim : dim + 1] = [index[place]] if place else []
        chosen.append(int(places[tuple(target)]))
        values.append(source[place])
    return _added(symbols, chosen, values)


def _index_add(call: AtenCall) -> Symbols:
    alpha = call.one("alpha")
    symbols, source = (np.atleast_1d(call.symbols(name)) for name in ("self", "source"))
    places = np.moveaxis(np.arange(symbols.size).reshape(symbols.shape), call.dim(), 0)
    rows = np.moveaxis(source, call.dim(), 0)
    chosen, values = [], []
    for row, target in enumerate(np.atleast_1d(call.integers("index"))):
        chosen += places[int(target)].reshape(-1).tolist()
        values += [alpha * value for value in rows[row].reshape(-1)]
    return _added(symbols, chosen, values).reshape(call.symbols("self").shape)


def _added(symbols: Symbols, places: list[int], values: list[Any]) -> Symbols:
    """Add each value to the element at its place."""
    terms: list[list[Any]] = [[element] for element in symbols.reshape(-1)]
    for place, value in zip(places, values, strict=True):
        terms[place].append(value)
    return filled((total(parts) for parts in terms), symbols.shape)


def _as_it_is(call: AtenCall) -> Symbols:
    """What was written has nothing to do with what was there."""
    return lifted(call.result)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Results that have the shape of a tensor, or are drawn: whatever the arguments came from, they are constants.
FREE_OF_VALUES = _names(
    """
    zeros_like ones_like full_like empty_like rand_like randn_like randint_like new_zeros new_ones new_full new_empty
    new_empty_strided bernoulli uniform normal normal_functional random exponential geometric cauchy log_normal
    multinomial empty_strided zero is_same_size
    """
)

_ONE_SOURCE = _names(
    """
    clone _to_copy flip roll repeat rot90 index index_select gather take masked_select tril triu diag_embed expand_copy
    im2col pixel_shuffle pixel_unshuffle channel_shuffle reflection_pad1d reflection_pad2d replication_pad1d
    replication_pad2d upsample_nearest1d upsample_nearest2d
    """
)

MOVES: dict[str, TableEntry] = {
    **{name: moved("self") for name in _ONE_SOURCE},
    **dict.fromkeys(("cat", "stack", "block_diag"), moved("tensors")),
    **dict.fromkeys(("masked_fill", "index_fill", "constant_pad_nd", "fill"), moved("self", "value")),
    **dict.fromkeys(("select_scatter", "slice_scatter", "diagonal_scatter", "copy"), moved("self", "src")),
    **dict.fromkeys(("masked_scatter", "index_copy", "put"), moved("self", "source")),
    **dict.fromkeys(FREE_OF_VALUES, _as_it_is),
    "scatter": moved("self", "src", "value"),
    "where": moved("self", "other"),
    "embedding": moved("weight"),
    "index_put": _put,
    "_index_put_impl": _put,
    "scatter_add": _scatter_add,
    "index_add": _index_add,
}
