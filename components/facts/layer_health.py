"""Whether gradients vanish or explode on their way through the layers of a model.

*The rule.* Gradients are judged against the model's own layers, never against fixed sizes: what comes to a layer is the
root mean square of the gradient at its product with its weight. From the layers at the loss to the farthest ones it
vanishes if it falls to less than a ``RATIO``-th, and explodes if it grows to more than ``RATIO`` times; most of that
must not come from one place, because vanishing and exploding are products of many factors, and one small factor (a last
layer that begins near zero, a mean over a large batch) is neither. A weight that is used again and again, as in a
recurrent net, vanishes only if it does in all its uses, and explodes with the farthest. Where an optimizer moves the
farthest weights like the nearest ones (Adam does), the program trains, and nothing is said.

*Source.* That the gradients of a model's layers should be alike in size, and how they shrink layer by layer where they
are not: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS
2010. That they shrink or grow as a product of one factor per step: R. Pascanu, T. Mikolov and Y. Bengio, On the
difficulty of training recurrent neural networks, ICML 2013. The limit itself, ten thousand, is the Lab's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from ..trace import Backward, Tensor
from .gradient_health import root_mean_square
from .index import TraceIndex
from .numbers import finite
from .operands import of_tensor
from .text import number_text

RATIO = 1e4
_DECADES = math.log10(RATIO)
# Of all decades, those that one step between two layers may have.
_ONE_STEP = 0.6
_FEWEST_LAYERS = 4
_PRODUCTS = ("Mm", "Addmm", "Bmm", "Baddbmm", "Convolution", "Linear", "Mv", "Addmv", "MkldnnConvolution")
_PRODUCT = tuple(f"{name}Backward" for name in _PRODUCTS)
# A weight comes to its product through these.
_MOVED = ("TBackward", "TransposeBackward", "PermuteBackward", "ViewBackward", "ToCopyBackward", "ExpandBackward")


class _Layer(NamedTuple):
    """What came to a layer in an engine run, as a power of ten; ``leaf`` is the weight's ``AccumulateGrad``."""

    place: int
    node: str
    leaf: str
    size: float


@dataclass(frozen=True)
class Trend:
    """How gradients go through the layers of one engine run; ``leaves`` are the origins of the weights concerned."""

    illness: Literal["exploding", "vanishing"]
    text: str
    node: str
    run: int
    place: int
    leaves: frozenset[str]


def trends(index: TraceIndex) -> tuple[Trend, ...]:
    """Return of each model the first engine run in which gradients vanish, or explode, if they do in most of its runs.

    A model is what has the same weights.
    """
    weights = _weights(index)
    models: defaultdict[frozenset[str], list[tuple[int, list[_Layer]]]] = defaultdict(list)
    for number, run in enumerate(index.trace.backwards):
        layers = _layers(run, weights)
        if len(layers) >= _FEWEST_LAYERS:
            models[frozenset(layer.leaf for layer in layers)].append((number, layers))
    found: list[Trend] = []
    for runs in models.values():
        for judge in (_vanishing, _exploding):
            ill = [trend for number, layers in runs if (trend := judge(index, number, layers)) is not None]
            found += ill[:1] if 2 * len(ill) >= len(runs) else []
    return tuple(found)


def _weights(index: TraceIndex) -> dict[str, str]:
    """Return the ``AccumulateGrad`` of the matrix that each product multiplies with, by the product's node."""
    found: dict[str, str] = {}
    for node in index.trace.nodes:
        if node.name.startswith(_PRODUCT):
            for edge in index.edges_from.get(node.id, ()):
                leaf = _leaf_behind(index, edge.target)
                if leaf is not None:
                    found[node.id] = leaf
    return found


def _leaf_behind(index: TraceIndex, node: str) -> str | None:
    for _ in range(4):
        known = index.nodes[node]
        if known.leaf is not None:
            tensor = index.tensors.get(known.tensor or "")
            return node if tensor is not None and len(tensor.shape) > 1 else None
        below = index.edges_from.get(node, ())
        if not known.name.startswith(_MOVED) or len(below) != 1:
            return None
        node = below[0].target
    return None


def _layers(run: Backward, weights: dict[str, str]) -> list[_Layer]:
    """Return the layers in the order of the engine, the one at the loss first."""
    layers = []
    for place, step in enumerate(run.steps):
        if step.node in weights:
            size = next((root_mean_square(one) for one in step.grad_outputs if one is not None), None)
            if size is not None and size > 0 and math.isfinite(size):
                layers.append(_Layer(place, step.node, weights[step.node], math.log10(size)))
    return layers


def _vanishing(index: TraceIndex, run: int, layers: Sequence[_Layer]) -> Trend | None:
    """Of the uses of a weight the one with the largest gradient counts."""
    best: dict[str, _Layer] = {}
    for layer in layers:
        if layer.leaf not in best or layer.size > best[layer.leaf].size:
            best[layer.leaf] = layer
    kept = list(best.values())
    if len(kept) < _FEWEST_LAYERS or not _falls([layer.size for layer in kept]) or _far_ones_learn(index, kept):
        return None
    near, far = kept[0], kept[-1]
    ill = frozenset(_origin(index, one.leaf) for one in kept if one.size <= near.size - _DECADES)
    return Trend("vanishing", _text(index, near, far, len(kept), "smaller"), far.node, run, far.place, ill)


def _exploding(index: TraceIndex, run: int, layers: Sequence[_Layer]) -> Trend | None:
    if not _falls([-layer.size for layer in layers]):
        return None
    far = layers[-1]
    ill = frozenset(_origin(index, one.leaf) for one in layers if one.size >= layers[0].size + _DECADES)
    # A weight that is used again and again is best compared with itself.
    uses = [layer for layer in layers if layer.leaf == far.leaf]
    told = uses if len(uses) >= _FEWEST_LAYERS else layers
    return Trend("exploding", _text(index, told[0], far, len(told), "larger"), far.node, run, far.place, ill)


def _falls(sizes: Sequence[float]) -> bool:
    """Whether powers of ten fall by as much as the limit, in more than one place."""
    ends = max(1, min(3, len(sizes) // 4))
    if min(sizes[:ends]) - max(sizes[-ends:]) < _DECADES:
        return False
    steps = [before - after for before, after in pairwise(sizes)]
    return max(steps) <= _ONE_STEP * (sizes[0] - sizes[-1])


def _far_ones_learn(index: TraceIndex, layers: Sequence[_Layer]) -> bool:
    """Whether the farthest weights were moved, for their size, like the nearest: by a tenth of it at least."""
    half = len(layers) // 2
    moved = [_moved(index, _origin(index, layer.leaf)) for layer in layers]
    near = [one for one in moved[:half] if one is not None]
    far = [one for one in moved[-half:] if one is not None]
    return bool(near and far) and max(far) > 0 and float(np.median(far)) >= 0.1 * float(np.median(near))


def _moved(index: TraceIndex, origin: str) -> float | None:
    """Return how far a weight is at the end from where it began, beside its size; ``None`` if it was never changed."""
    records = index.once(_records).get(origin, [])
    if len(records) < 2:
        return None
    first, last = of_tensor(records[0]), of_tensor(records[-1])
    if first.array is not None and last.array is not None and first.array.shape == last.array.shape:
        size = float(np.linalg.norm(first.array))
        return float(np.linalg.norm(last.array - first.array)) / size if size else None
    one, other = first.summary, last.summary
    if one is None or other is None:
        return None
    ends = [tuple(finite(getattr(s, name)) or 0.0 for name in ("mean", "std", "min", "max")) for s in (one, other)]
    return math.dist(*ends) / ends[0][1] if ends[0][1] else None


def _records(index: TraceIndex) -> dict[str, list[Tensor]]:
    found: defaultdict[str, list[Tensor]] = defaultdict(list)
    for tensor in index.trace.tensors:
        if tensor.is_leaf and tensor.requires_grad:
            found[tensor.origin].append(tensor)
    return found


def _origin(index: TraceIndex, leaf: str) -> str:
    return index.origin_of(index.nodes[leaf].tensor)


def _text(index: TraceIndex, near: _Layer, far: _Layer, count: int, word: str) -> str:
    apart = abs(near.size - far.size)
    # A gradient that is at the one layer's product comes to the other's through the products before it: one less.
    factor = number_text(10 ** ((far.size - near.size) / (count - 1)), 2)
    each = f"passes on about {factor} of it" if word == "smaller" else f"multiplies it by about {factor}"
    names = [index.nodes[layer.leaf].leaf or "" for layer in (far, near)]
    alone = near.leaf == far.leaf
    where, than = (f"the first use of {names[0]}", "its last") if alone else names
    sizes = f"root mean square {number_text(10**far.size, 2)} against {number_text(10**near.size, 2)}"
    return (
        f"The gradient at {where} is {_times(apart)} times {word} than at {than} "
        f"({sizes}): each of the {count - 1} products on the way {each}."
    )


def _times(decades: float) -> str:
    return f"{10**decades:,.0f}" if decades < 6 else f"10^{decades:.0f}"
