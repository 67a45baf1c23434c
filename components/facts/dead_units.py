"""Which ReLU units of a run are dead: zero for all inputs of all recorded passes, so that no gradient passes them.

That is read off the results where their numbers were recorded; of larger layers off the gradient of the bias before
the ReLU, which is zero in every call for a unit that nothing comes through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..trace import Node, SavedTensor
from .events import EventNumbers
from .index import TraceIndex
from .operands import Array, of_gradient, of_values
from .text import line_text, plural, some_of

# That a unit is zero for a few inputs says nothing.
_FEWEST_INPUTS = 8
_MOST_UNITS_NAMED = 8


@dataclass(frozen=True)
class DeadUnits:
    """The dead units of one ReLU, of so many; ``node`` is that of its first pass, ``number`` the event of its birth."""

    node: str
    line: int | None
    units: tuple[int, ...]
    of: int
    text: str
    number: int | None


@dataclass(frozen=True)
class _Pass:
    node: Node
    result: SavedTensor
    array: Array | None

    @property
    def units(self) -> int:
        shape = self.result.shape or [0]
        return shape[_axis(len(shape))]

    @property
    def inputs(self) -> int:
        return prod(self.result.shape or [0]) // max(1, self.units)


def dead_units(index: TraceIndex) -> tuple[DeadUnits, ...]:
    """Return the ReLUs that have dead units, in the order of the program."""
    layers: defaultdict[tuple[object, ...], list[_Pass]] = defaultdict(list)
    seen: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for node in index.trace.nodes:
        if not node.name.startswith("ReluBackward") or node.created_by is not None:
            continue
        # Two ReLUs of one line are told apart by their order in it.
        seen[node.step, node.line, node.module] += 1
        result = next((one for one in node.saved if one.name == "result" and one.shape is not None), None)
        if result is not None and len(result.shape or []) > 1:
            known = of_values(index.saved_values(result), result.shape or [], result.dtype or "")
            one = _Pass(node, result, known.array)
            layers[node.line, node.module, seen[node.step, node.line, node.module], one.units].append(one)
    found = (_dead(index, passes) for passes in layers.values())
    return tuple(one for one in found if one is not None)


def _axis(dimensions: int) -> int:
    """The last axis is the units', of pictures (four axes) the channels'."""
    return 1 if dimensions == 4 else dimensions - 1


def _dead(index: TraceIndex, passes: Sequence[_Pass]) -> DeadUnits | None:
    inputs = sum(one.inputs for one in passes)
    zero, how = _zero_results(passes), f"0 for all {inputs:,} inputs"
    if zero is None:
        zero, how = _no_gradients(index, passes[0].node), "never given a gradient"
    if zero is None or len(zero) != passes[0].units:
        return None
    units = tuple(int(place) for place in np.flatnonzero(zero))
    whole = len(units) == len(zero)
    if not units or inputs < (2 if whole else _FEWEST_INPUTS):
        return None
    node = passes[0].node
    where = f"relu on {line_text(node.line)}{f' ({node.module})' if node.module else ''}"
    verb = "is" if len(units) == 1 else "are"
    which = (
        f"all {plural(len(zero), 'unit')} {verb}" if whole else f"{len(units):,} of {plural(len(zero), 'unit')} {verb}"
    )
    times = f" in {plural(len(passes), 'pass')}" if len(passes) > 1 else ""
    named = "" if whole else f": {some_of([str(unit) for unit in units], _MOST_UNITS_NAMED)}"
    number = index.once(EventNumbers).of_birth(node.id)
    return DeadUnits(node.id, node.line, units, len(zero), f"{where}: {which} {how}{times}{named}.", number)


def _zero_results(passes: Sequence[_Pass]) -> Array | None:
    """Whether each unit is zero for all inputs, ``None`` where not all numbers are known."""
    zero: list[Array] = []
    for one in passes:
        if one.array is None or not one.array.size:
            return None
        axis = _axis(one.array.ndim)
        zero.append(np.all(np.moveaxis(one.array, axis, -1).reshape(-1, one.units) == 0, axis=0))
    every: Array = np.all(zero, axis=0)
    return every


def _no_gradients(index: TraceIndex, node: Node) -> Array | None:
    """Whether the bias that is added before a ReLU got no gradient in any call, unit by unit; ``None`` if not known."""
    before = [index.nodes[edge.target] for edge in index.edges_from.get(node.id, ())]
    if len(before) != 1 or not before[0].name.startswith(("Addmm", "Convolution")):
        return None
    slot = 0 if before[0].name.startswith("Addmm") else 2
    leaves = [index.nodes[edge.target] for edge in index.edges_from[before[0].id] if edge.slot == slot]
    if len(leaves) != 1 or leaves[0].leaf is None:
        return None
    changes = [one for one in index.changes.get(index.origin_of(leaves[0].tensor), ()) if one.cause == "backward"]
    arrays = [of_gradient(change.added).array for change in changes]
    if not arrays or any(array is None or array.ndim != 1 for array in arrays):
        return None
    none: Array = np.all([array == 0 for array in arrays], axis=0)
    return none
