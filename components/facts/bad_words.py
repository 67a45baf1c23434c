"""How a bad number is told: what was computed, with the numbers that went in, and what came of it.

``log(0) on line 5 made -inf``. Only what the trace knows is said; where something in between was not recorded, that is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..trace import BackwardStep, Node, Tensor
from .index import TraceIndex
from .numbers import finite
from .operands import ELEMENTWISE, Array, Operand, of_gradient, of_saved, of_tensor
from .saved_words import LONGEST_WORD, saved_word
from .text import line_text, number_text, shape_text
from .words import Words

_SIGNS = {"DivBackward0": "/", "MulBackward0": "*", "AddBackward0": "+", "SubBackward0": "-", "PowBackward0": "**"}
_MOST_SHOWN = 6
_MOST_NAMES = 3
_LARGEST = {"float16": "65504", "bfloat16": "3.39e+38", "float32": "3.403e+38", "float64": "1.798e+308"}
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
# Where a derivative is infinite: at a zero of what the node saved.
_INFINITE_AT_ZERO = {
    "SqrtBackward0": "result",
    "LogBackward0": "self",
    "Log2Backward0": "self",
    "Log10Backward0": "self",
    "ReciprocalBackward0": "result",
    "DivBackward0": "other",
    "LinalgVectorNormBackward0": "result",
    "NormBackward0": "result",
    "NormBackward1": "result",
    "CdistBackward0": "result",
}
_CHOOSING = ("Where", "MaskedFill")
# What meets in a product of matrices does not stand in the same place of both.
_PRODUCTS = tuple(
    f"{name}Backward" for name in ("Mm", "Addmm", "Bmm", "Baddbmm", "Mv", "Addmv", "Convolution", "Linear")
)


def operation(node: Node) -> str:
    """Return the function behind a node: ``log`` of ``LogBackward0``."""
    name = re.sub(r"Backward\d*$", "", node.name)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


# --- forward


def forward_text(
    index: TraceIndex, node: Node, result: Operand, inputs: Mapping[str | int, Operand], sure: bool
) -> str:
    """Return what an operation made of which numbers; ``sure`` is whether all that went in is known to be finite."""
    where = line_text(node.line)
    made = index.produced(node.id)
    if not sure:
        name = f"{made.name} on {where}" if made is not None else f"The result of {operation(node)} on {where}"
        verb = "is" if result.array is not None and result.array.size == 1 else "has"
        came = _counted(result)
        return f"{name} {verb} {came}: the first that is known, of what was computed before it not all was recorded."
    known = _named(index, node, inputs)
    call, came, share = operation(node), _counted(result), ""
    spot = _spot(result)
    if spot is not None and node.name in ELEMENTWISE and result.array is not None:
        numbers = [_element(one, result.array.shape, spot) for key, one in _in_order(inputs) if isinstance(key, int)]
        if numbers and None not in numbers:
            call = _called(node, [str(one) for one in numbers])
            came = _value(result.array[spot])
            share = _share(result, came)
            if result.array.size == 1:
                known = [name.partition(" = ")[0] for name in known if " = " in name]
    said = f"{call} on {where} made {came}{_too_large(node, result, inputs)}{share}"
    return f"{said}; {'its input' if len(known) == 1 else 'its inputs'}: {', '.join(known)}." if known else f"{said}."


def _called(node: Node, numbers: list[str]) -> str:
    sign = _SIGNS.get(node.name)
    if sign is None:
        return f"{operation(node)}({numbers[0]})"
    if len(numbers) == 1:
        exponent = next(
            (saved.value for saved in node.saved if saved.shape is None and saved.name in ("exponent", "other")), "?"
        )
        numbers = [*numbers, str(exponent)]
    return f" {sign} ".join(f"({one})" if one.startswith("-") else one for one in numbers)


def _named(index: TraceIndex, node: Node, inputs: Mapping[str | int, Operand]) -> list[str]:
    """What went in, in the program's words: ``p - 1 = [0, -0.5]``; what has none is told by its numbers."""
    said = []
    for key, one in _in_order(inputs)[:_MOST_NAMES]:
        name = one.tensor.name if one.tensor is not None else None
        if name is None and isinstance(key, int):
            name = index.once(Words).argument(node.id, key)
        said.append(_equation(name, shown(one)))
    return list(dict.fromkeys(said))


def _equation(name: str | None, numbers: str) -> str:
    return f"{name[:LONGEST_WORD]} = {numbers}" if name and name != numbers else numbers


def _in_order(inputs: Mapping[str | int, Operand]) -> list[tuple[str | int, Operand]]:
    return sorted(inputs.items(), key=lambda pair: (isinstance(pair[0], str), str(pair[0])))


def _too_large(node: Node, result: Operand, inputs: Mapping[str | int, Operand]) -> str:
    """Where an infinity is a number too large for its type, and none at a pole."""
    dtype = result.dtype or next((one.dtype for one in inputs.values() if one.dtype), "")
    if result.bad != "inf" or dtype not in _LARGEST or node.name.startswith(("Log", "Reciprocal", "Rsqrt", "Atanh")):
        return ""
    arrays = [one.array for one in inputs.values()]
    if node.name.startswith(("Div", "Pow")) and any(array is None or not np.all(array) for array in arrays):
        return ""
    return f" (the largest {dtype} is {_LARGEST[dtype]})"


def line_alone_text(index: TraceIndex, tensor: Tensor, step: int | None, line: int | None) -> str:
    """Return what is known where no node of the graph made a number: the line, and what its names were before."""
    came = of_tensor(tensor)
    verb = "is" if came.array is not None and came.array.size == 1 else "has"
    before = _before(index, step, line)
    there = f"; what the line had: {', '.join(before)}" if before else ""
    return f"{tensor.name} {verb} {_counted(came)} from {line_text(line)} on{there}."


def _before(index: TraceIndex, step: int | None, line: int | None) -> list[str]:
    names = list(dict.fromkeys(_NAME.findall(index.code(line).partition("=")[2])))
    found: dict[str, Tensor] = {}
    for one in index.trace.steps[: step or 0]:
        for name in names:
            tensor = index.tensors.get(one.variables.get(name, ""))
            if tensor is not None:
                found[name] = tensor
    return [f"{name} = {shown(of_tensor(tensor))}" for name, tensor in list(found.items())[:_MOST_NAMES]]


# --- backward


def made_slots(index: TraceIndex, step: BackwardStep) -> list[int]:
    """Return the slots for which a node itself made a bad gradient: where all that it had saved is finite.

    What was saved NaN or infinite was made forward; only a 0 that came in makes something new, a NaN, of an infinity.
    """
    node, incoming = index.nodes[step.node], [of_gradient(one) for one in step.grad_outputs]
    saved = [of_saved(index, one) for one in node.saved if one.shape is not None]
    outgoing = [of_gradient(one) for one in step.grad_inputs]
    return [slot for slot, one in enumerate(outgoing) if one.bad and _made_spot(node, one, incoming, saved)[0]]


def _made_spot(
    node: Node, result: Operand, incoming: Sequence[Operand], saved: Sequence[Operand]
) -> tuple[bool, tuple[int, ...] | None]:
    """Return whether a bad gradient was made of what was not bad yet, and the first element that was, if known."""
    alone = not any(one.bad for one in saved)
    if result.array is None or not incoming or incoming[0].array is None or node.name not in ELEMENTWISE:
        return alone, _spot(result) if alone else None
    made: Array = ~np.isfinite(result.array)
    try:
        zero = np.broadcast_to(incoming[0].array == 0, result.array.shape)
        for one in saved:
            if one.array is None:
                return alone, _spot(result) if alone else None
            wide: Array = np.broadcast_to(one.array, result.array.shape)
            made &= np.isfinite(wide) | (np.isinf(wide) & zero)
    except ValueError:
        return alone, _spot(result) if alone else None
    places = np.argwhere(made)
    return bool(len(places)), tuple(int(place) for place in places[0]) if len(places) else None


def backward_text(index: TraceIndex, run: int, place: int, slots: Sequence[int]) -> str:
    """Return how a node made bad gradients, for ``slots``, of what came in; without any they came in from no node."""
    backward = index.trace.backwards[run]
    step = backward.steps[place]
    node = index.nodes[step.node]
    call = f"{backward.call}() of {line_text(backward.line)}"
    incoming = [of_gradient(one) for one in step.grad_outputs]
    if not slots:
        came = _counted(next(one for one in incoming if one.bad))
        if place == 0:
            return f"{call} began with {came}."
        why = "no node had sent it on: a hook on the way did, or a gradient that was given"
        return f"{came} came to {node.name} in {call}; {why}."
    result = of_gradient(step.grad_inputs[slots[0]])
    said = f"{node.name} ({line_text(node.line)}) made {_made(index, step, slots)} in {call}"
    saved = [
        (one.name, saved_word(index, node, one), of_saved(index, one)) for one in node.saved if one.shape is not None
    ]
    spot = _made_spot(node, result, incoming, [one for _, _, one in saved])[1] or _spot(result)
    if spot is not None and incoming and not node.name.startswith(_PRODUCTS):
        gradient = _element(incoming[0], result.shape, spot)
        at = [(own, name, _element(one, result.shape, spot)) for own, name, one in saved]
        if gradient is not None and all(value is not None for _, _, value in at):
            zero = _chosen(index, node, run, place) if gradient == "0" else ""
            return f"{said}: {gradient} came in{_where(node, at, gradient, result)}.{zero}"
    return f"{said}{_all_that_went_in(index, node, incoming)}."


def _made(index: TraceIndex, step: BackwardStep, slots: Sequence[int]) -> str:
    """``inf``; where a node made more than one kind, ``inf for a and NaN for b``."""
    counts = {slot: _counted(of_gradient(step.grad_inputs[slot])) for slot in slots}
    if len(set(counts.values())) == 1:
        return counts[slots[0]]
    names = {slot: index.once(Words).argument(step.node, slot) for slot in slots}
    return " and ".join(f"{count} for {names[slot] or f'input {slot + 1}'}" for slot, count in counts.items())


def _where(node: Node, at: Sequence[tuple[str, str, str | None]], gradient: str, result: Operand) -> str:
    """The saved numbers at one place, and whether the derivative is infinite there."""
    said = f" where {', '.join(_equation(name, str(value)) for _, name, value in at)}" if at else ""
    if not any(own == _INFINITE_AT_ZERO.get(node.name) and value == "0" for own, _, value in at):
        return said
    product = "; 0 times infinity is NaN" if gradient == "0" and result.bad == "nan" else ""
    return f"{said}, and the derivative is infinite there{product}"


def _all_that_went_in(index: TraceIndex, node: Node, incoming: Sequence[Operand]) -> str:
    came = ", ".join(shown(one) for one in incoming if one.bad is not None)
    saved = [(saved_word(index, node, one), of_saved(index, one)) for one in node.saved if one.shape is not None]
    kept = ", ".join(_equation(name, shown(one)) for name, one in saved[:_MOST_NAMES] if one.bad is not None)
    return (f": {came} came in" if came else "") + (f"; it had saved {kept}" if kept else "")


def _chosen(index: TraceIndex, node: Node, run: int, place: int) -> str:
    """Where the 0 that came in is from: a ``where`` above that took the other branch."""
    above = {step.node for step in index.trace.backwards[run].steps[:place]}
    pending, seen = [node.id], {node.id}
    while pending:
        for edge in index.edges_to.get(pending.pop(), ()):
            user = index.nodes[edge.source]
            if edge.source in seen or edge.source not in above:
                continue
            if user.name.startswith(_CHOOSING):
                word = f"{operation(user)}()"
                return (
                    f" The 0 comes from {word} on {line_text(user.line)}, which took another value there: "
                    f"{word} keeps a value out of the result, not its derivative out of backward()."
                )
            seen.add(edge.source)
            pending.append(edge.source)
    return ""


# --- numbers


def shown(one: Operand) -> str:
    """Return few numbers as they are; of many the shape, the ends and how many are bad or zero."""
    if one.array is not None and one.array.size <= _MOST_SHOWN:
        texts = [_value(number) for number in one.array.ravel()]
        return (
            texts[0]
            if not one.shape
            else f"[{', '.join(texts)}]"
            if len(one.shape) == 1
            else f"{shape_text(list(one.shape))} {', '.join(texts)}"
        )
    said = [shape_text(list(one.shape))]
    if one.array is not None:
        fine = one.array[np.isfinite(one.array)]
        if fine.size:
            said.append(f"from {_value(fine.min())} to {_value(fine.max())}")
        zeros = int(np.count_nonzero(one.array == 0))
        said += [f"{zeros:,} of them 0"] if zeros else []
    elif one.summary is not None:
        ends = [finite(end) for end in (one.summary.min, one.summary.max)]
        said += [f"from {_value(ends[0])} to {_value(ends[1])}"] if None not in ends else []
        said += [f"{one.summary.zero:,} of them 0"] if one.summary.zero else []
    if one.bad:
        said.append(_counted(one))
    return " ".join(said[:2]) + "".join(f", {part}" for part in said[2:])


def _counted(one: Operand) -> str:
    """``NaN``, ``-inf``, ``NaN in 3 of 8 elements``, ``NaN in 1 and inf in 2 of 8 elements``."""
    if one.array is not None and one.array.size == 1:
        return _value(one.array.ravel()[0])
    counts = _counts(one) or {"inf": 0}
    return f"{_together(counts)} of {int(np.prod(one.shape, dtype=np.int64)):,} elements"


def _counts(one: Operand) -> dict[str, int]:
    """How many elements are bad, by the word for them: the sign of an infinity only where the numbers are known."""
    if one.array is None:
        counts = {"NaN": one.nan or 0, "inf": one.inf or 0}
    else:
        counts = {
            "NaN": one.nan or 0,
            "inf": int(np.isposinf(one.array).sum()),
            "-inf": int(np.isneginf(one.array).sum()),
        }
    return {word: count for word, count in counts.items() if count}


def _share(one: Operand, word: str) -> str:
    """How many elements are what was said, ``word``, and how many are bad in another way."""
    if one.array is None or one.array.size == 1:
        return ""
    counts = _counts(one)
    first = {word: counts.pop(word)}
    return f"{_together(first | counts).removeprefix(word)} of {one.array.size:,} elements"


def _together(counts: Mapping[str, int]) -> str:
    """``inf in 1, -inf in 2 and NaN in 3``."""
    *parts, last = [f"{word} in {count:,}" for word, count in counts.items()]
    return f"{', '.join(parts)} and {last}" if parts else last


def _spot(one: Operand) -> tuple[int, ...] | None:
    """The first element that is not finite."""
    if one.array is None:
        return None
    places = np.argwhere(~np.isfinite(one.array))
    return tuple(int(place) for place in places[0]) if len(places) else None


def _element(one: Operand, shape: Iterable[int], spot: tuple[int, ...]) -> str | None:
    """The number at a place, of what is broadcast too; ``None`` where it is not known."""
    if one.array is None:
        return None
    try:
        wide: Array = np.broadcast_to(one.array, tuple(shape))
    except ValueError:
        return None
    return _value(wide[spot])


def _value(number: object) -> str:
    """Four digits, or as many as it takes to tell 1.0001 from 1."""
    if not isinstance(number, int | float | np.number) or math.isnan(float(number)):
        return "NaN"
    short, exact = number_text(float(number)), type(number)
    return short if exact(short) == number else number_text(float(number), 7)
