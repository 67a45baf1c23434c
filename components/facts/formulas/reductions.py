"""Operations that add up, pick or measure along dimensions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .language import Array
from .rules import Fact, Given, Lacking, Letter, Phrase, Rule, Rules, Template, holds, template_for


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


def rows(given: Given) -> tuple[int, ...]:
    """The dimension that ``softmax`` and the like go along; a number by itself has none."""
    return (along(given),) if given.shape else ()


def as_rows(given: Given, array: Array) -> Array:
    """Put the reduced dimensions back into what has none of them."""
    dims = reduced(given)
    shape = [1 if dim in dims else size for dim, size in enumerate(given.shape)]
    return array.reshape(shape) if array.ndim and array.size == math.prod(shape) else array


def spread(given: Given, array: Array) -> Array:
    """One number for all the elements that were reduced to it."""
    return np.broadcast_to(array, given.shape)


def _as_product(given: Given, array: Array) -> Array:
    shape = [1 if dim in _product_dims(given) else size for dim, size in enumerate(given.shape)]
    return array.reshape(shape) if array.ndim and array.size == math.prod(shape) else array


def _product(given: Given) -> str:
    zeros = holds(given, lambda: given("self") == 0)
    return "{grad} · {p}" if zeros else "{grad} · {result} / {self}"


def _along_words(given: Given) -> str:
    return " along dim {dim}" if given.has("dim") else ""


def _deviation(result: str, grad: str = "{grad}") -> Template:
    formula = f"{grad} · ({{self}} − {{mean}}) / (({{n}} − {{correction}}) · {{{result}}})"

    def words(given: Given) -> str:
        special = holds(given, lambda: given(result) == 0)
        return f"0 where {{{result}}} = 0, else {formula}" if special else formula

    return words


def _of_both(given: Given) -> str:
    first = template_for(_deviation("result0", "{grad₁}"), given)
    return f"{f'({first})' if first.startswith('0') else first} + {{grad₂}} / {{n}}"


def _is_largest(given: Given) -> Array:
    result = as_rows(given, given("result"))
    return np.isnan(given("self")) if np.isnan(result).all() else given("self") == result


def _equal(given: Given) -> Array:
    """How many elements were the result."""
    count = np.asarray(_is_largest(given).sum(axis=reduced(given), keepdims=True), dtype=np.float64)
    return count.reshape(()) if count.size == 1 else count


def _extreme(given: Given) -> str:
    if holds(given, lambda: np.isnan(given("result"))):
        return "0 where {self} is a number, else {grad} / {n}"
    shared = holds(given, lambda: _equal(given) > 1)
    return f"{{grad}}{' / {n}' if shared else ''} where {{self}} = {{result}}, else 0"


def from_the_end(array: Array, dim: int) -> Array:
    """Each element and all after it, added up."""
    return np.flip(np.cumsum(np.flip(array, dim), axis=dim), dim) if array.ndim else array


def _count(given: Given) -> int:
    return int(np.prod([given.shape[dim] for dim in reduced(given)], dtype=np.int64))


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


def _cumulated_product(given: Given) -> Array:
    """Every later product holds the element once: it counts as 1 there, so that zeros need no quotient."""
    x, dim = np.moveaxis(given("self"), along(given), 0), along(given)
    grad, out = np.moveaxis(given.grad, dim, 0), np.zeros(x.shape)
    for place in range(x.shape[0]):
        without = x.copy()
        without[place] = 1
        out[place] = (grad * np.cumprod(without, axis=0))[place:].sum(axis=0)
    return np.moveaxis(out, 0, dim)


def _mean_of(given: Given) -> Array:
    x = given("self")
    if not x.size:
        raise Lacking
    return x.mean(axis=reduced(given), keepdims=True)


def _mean_fact(given: Given) -> Array:
    mean = _mean_of(given)
    return mean.reshape(()) if mean.size == 1 else mean


def _correction(given: Given) -> float:
    return given.number("correction", 1.0)


def _came(given: Given, output: int) -> Array:
    try:
        return given.incoming(output)
    except Lacking:
        return np.zeros_like(given.incoming(1 - output))


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


def _cumulated_logsumexp(given: Given) -> Array:
    return from_the_end(given.grad * np.exp(-given("result")), along(given)) * np.exp(given("self"))


def _cumsum(given: Given) -> Array:
    return from_the_end(given.grad, along(given))


_PICKED = (Rule("{grad} at place {indices} of dim {dim}, else 0", _picked),)
_EXTREMES = (Rule(_extreme, shaped=as_rows, facts={"n": Letter(_equal, "how many are equal to it")}),)
_PRODUCT = (
    Rule(
        _product,
        facts={"p": Letter(_others, lambda g: f"the product of the other elements{_along_words(g)}")},
        shaped=_as_product,
    ),
)
_SPREAD: dict[str, Fact] = {"n": _count, "mean": _mean_fact, "correction": _correction}
_TWO: dict[str, Fact] = _SPREAD | {"grad₁": lambda g: _came(g, 0), "grad₂": lambda g: _came(g, 1)}

_EVERY = Phrase(lambda g: f", for every element{_along_words(g)}", spread)

REDUCTIONS: Rules = {
    "SumBackward0": (Rule("{grad}", then=_EVERY, shaped=as_rows),),
    "SumBackward1": (Rule("{grad}", then=_EVERY, shaped=as_rows),),
    "NansumBackward0": (Rule("{grad} where {self} is a number, else 0", shaped=as_rows),),
    "MeanBackward0": (Rule("{grad} / {self_sym_numel}", then=_EVERY, shaped=as_rows),),
    "MeanBackward1": (Rule("{grad} / {n}", then=_EVERY, shaped=as_rows, facts={"n": _count}),),
    "ProdBackward0": _PRODUCT,
    "ProdBackward1": _PRODUCT,
    "VarBackward0": (Rule("{grad} · 2/({n} − {correction}) · ({self} − {mean})", shaped=as_rows, facts=_SPREAD),),
    "StdBackward0": (Rule(_deviation("result"), shaped=as_rows, facts=_SPREAD),),
    "VarMeanBackward0": (
        Rule(
            "{grad₁} · 2/({n} − {correction}) · ({self} − {mean}) + {grad₂} / {n}",
            shaped=as_rows,
            facts=_TWO,
        ),
    ),
    "StdMeanBackward0": (Rule(_of_both, shaped=as_rows, facts=_TWO),),
    "MaxBackward0": _PICKED,
    "MinBackward0": _PICKED,
    "MedianBackward1": _PICKED,
    "ModeBackward0": _PICKED,
    "KthvalueBackward0": _PICKED,
    "CummaxBackward0": _PICKED,
    "CumminBackward0": _PICKED,
    "SortBackward0": (Rule("{grad}, back at the places {indices} of dim {dim}", _picked),),
    "TopkBackward0": (Rule("{grad} at the places {indices} of dim {dim}, else 0", _picked),),
    "MaxBackward1": _EXTREMES,
    "MinBackward1": _EXTREMES,
    "MedianBackward0": _EXTREMES,
    "NanmedianBackward0": _EXTREMES,
    "AmaxBackward0": _EXTREMES,
    "AminBackward0": _EXTREMES,
    "LogsumexpBackward0": (Rule("{grad} · exp({self} − {result})", shaped=as_rows),),
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
