"""The first bad number of a run: the operation, line and step that first made a NaN or an infinity, and from what.

It is looked for where a bad number did harm: a NaN in a named tensor, a gradient that is NaN or infinite, an infinite
result. An infinity that a program puts in by itself (a mask of -inf before a softmax) and that does none is no finding.
Forward, numbers are followed from operation to operation in the order of birth; what is not known is not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..trace import Node, Tensor
from .bad_words import backward_text, forward_text, line_alone_text, made_slots
from .events import EventNumbers
from .index import TraceIndex
from .numbers import flat
from .operands import Bad, Operand, Operands, of_gradient

# These pass numbers on or put them in: an infinity in their result was in an argument, or is one.
_MOVES = """
    MaskedFill Where Fill IndexPut IndexPutImpl IndexFill Copy Scatter MaskedScatter Cat Stack Clone Select Index
    View Expand Permute Transpose Slice Unsqueeze Squeeze UnsafeView T Maximum Minimum Max Min Amax Amin Clamp
    Triu Tril Neg Gather Split Unbind Reshape ReshapeAlias Repeat Flip Roll Pad ConstantPadNd ToCopy
"""
_PUT_IN = tuple(f"{name}Backward" for name in _MOVES.split())
_MOST_NODES = 60_000


@dataclass(frozen=True)
class FirstBad:
    """Where a bad number was made first, forward or backward.

    ``node`` made it (``None`` where only the line is known), in engine run ``run`` at its step ``place`` if it was
    backward, in the step of that index of the program if it was forward. ``number`` is the event's.
    """

    bad: Bad
    text: str
    line: int | None
    node: str | None = None
    run: int | None = None
    place: int | None = None
    step: int | None = None
    number: int | None = None


def first_bad(index: TraceIndex) -> tuple[FirstBad, ...]:
    """Return the first bad number that was made forward and the first that was made backward, in order."""
    return index.once(_Search).found()


def _has(tensor: Tensor, bad: Bad) -> bool:
    if tensor.values is None:
        return tensor.summary is not None and (tensor.summary.nan if bad == "nan" else tensor.summary.inf) > 0
    return any(isinstance(one, str) and one.endswith(bad) for one in flat(tensor.values))


class _Search:
    def __init__(self, index: TraceIndex) -> None:
        self._index, self._numbers = index, index.once(Operands)

    def found(self) -> tuple[FirstBad, ...]:
        backward = self._backward()
        tensor = self._first_nan()
        roots = [tensor.node] if tensor is not None and tensor.node is not None else []
        if backward is not None and backward.run is not None:
            roots += self._index.trace.backwards[backward.run].outputs
        roots += [one.node for one in self._infinite() if one.node is not None]
        forward = self._forward(self._index.reachable(roots)) if roots else None
        if forward is None and tensor is not None and (backward is None or self._is_before(tensor, backward)):
            forward = self._line_alone(tensor)
        if forward is not None and backward is not None and not self._is_made(backward):
            backward = None
        both = [one for one in (forward, backward) if one is not None]
        return tuple(sorted(both, key=lambda one: math.inf if one.number is None else one.number))

    # --- what was harmed

    def _first_nan(self) -> Tensor | None:
        """Return the first named tensor that had a NaN, unless its line says so or an optimizer spoiled a parameter."""
        for tensor in self._index.trace.tensors:
            spoiled = tensor.requires_grad and tensor.is_leaf and tensor.id != tensor.origin
            if tensor.name is not None and not spoiled and _has(tensor, "nan"):
                line = self._index.code(self._index.first_line.get(tensor.origin))
                if tensor.node is not None or "nan" not in line.lower():
                    return tensor
        return None

    def _infinite(self) -> list[Tensor]:
        """Return the named results with an infinity."""
        tensors = self._index.trace.tensors
        return [one for one in tensors if one.node is not None and one.name is not None and _has(one, "inf")]

    def _is_end(self, node: str) -> bool:
        """Whether a backward began at a node, or nothing was computed of it where none began."""
        starts = {start for run in self._index.trace.backwards for start in run.outputs}
        return node in starts or (not starts and node not in self._index.edges_to)

    def _is_before(self, tensor: Tensor, backward: FirstBad) -> bool:
        step = self._step_of(tensor)
        number = self._index.once(EventNumbers).of_line(step)
        return number is not None and backward.number is not None and number < backward.number

    def _step_of(self, tensor: Tensor) -> int | None:
        steps = (step.index for step in self._index.trace.steps if tensor.id in step.variables.values())
        return next(steps, None)

    # --- forward

    def _forward(self, graph: set[str]) -> FirstBad | None:
        """Return the first operation of a graph that made a bad number of good ones, or got one from outside."""
        for node in self._index.trace.nodes[:_MOST_NODES]:
            if node.id not in graph or node.created_by is not None:
                continue
            result = self._numbers.output(node.id)
            if node.leaf is not None or not result.bad:
                continue
            inputs = self._numbers.inputs(node)
            ill = [one for one in inputs.values() if one.bad]
            # What comes here with an infinity that was put in, and makes a NaN of it, is the first to make one.
            if not ill or (result.bad == "nan" and not any(one.bad == "nan" for one in ill)):
                sure = self._all_known(node, inputs)
                if result.bad == "inf" and not sure:
                    continue
                return self._made(node, result, forward_text(self._index, node, result, inputs, sure))
            source = next((one.tensor for one in ill if one.tensor is not None and one.tensor.node is None), None)
            if source is not None and result.bad == "nan":
                return self._from_outside(source)
        for tensor in self._infinite():
            if tensor.node is not None and self._is_end(tensor.node):
                node, result = self._index.nodes[tensor.node], self._numbers.output(tensor.node)
                return self._made(node, result, forward_text(self._index, node, result, {}, sure=False))
        return None

    def _all_known(self, node: Node, inputs: dict[str | int, Operand]) -> bool:
        """Whether all that went in is known to be finite: also what the graph does not know, a mask or a constant."""
        if node.name.startswith(_PUT_IN) or (node.name.startswith(("Add", "Sub")) and not {0, 1} <= inputs.keys()):
            return False
        slots = {edge.slot for edge in self._index.edges_from.get(node.id, ())}
        return bool(inputs) and slots <= inputs.keys() and all(one.bad in ("", "inf") for one in inputs.values())

    def _made(self, node: Node, result: Operand, text: str) -> FirstBad:
        number = self._index.once(EventNumbers).of_birth(node.id)
        return FirstBad(result.bad or "", text, node.line, node.id, step=node.step, number=number)

    def _from_outside(self, tensor: Tensor) -> FirstBad:
        """A leaf, or data, that is bad before anything is computed with it."""
        found = self._line_alone(tensor)
        node = self._index.accumulates.get(tensor.origin)
        return replace(found, node=node.id if node is not None else None)

    def _line_alone(self, tensor: Tensor) -> FirstBad:
        step = self._step_of(tensor)
        line = self._index.first_line.get(tensor.origin)
        text = line_alone_text(self._index, tensor, step, line)
        return FirstBad("nan", text, line, tensor.node, step=step, number=self._index.once(EventNumbers).of_line(step))

    # --- backward

    def _backward(self) -> FirstBad | None:
        """Return the first node that sent a bad gradient on though none had come in, or that got one from outside."""
        for run, place in self._visits():
            step = self._index.trace.backwards[run].steps[place]
            incoming = [of_gradient(one) for one in step.grad_outputs]
            outgoing = {slot: of_gradient(one) for slot, one in enumerate(step.grad_inputs) if one is not None}
            came = next((one.bad for one in incoming if one.bad), None)
            slots = [slot for slot, one in outgoing.items() if one.bad]
            if came is None and not slots:
                continue
            slots = [] if came is not None else made_slots(self._index, step) or slots
            text = backward_text(self._index, run, place, slots)
            bad = came or outgoing[slots[0]].bad or ""
            number = self._index.once(EventNumbers).of_visit(self._index.trace.backwards[run].id, place)
            node = self._index.nodes[step.node]
            return FirstBad(bad, text, node.line, node.id, run, place, node.step, number)
        return None

    def _is_made(self, found: FirstBad) -> bool:
        """Whether a bad gradient is not only what came of bad numbers that the node had saved."""
        step = self._index.trace.backwards[found.run or 0].steps[found.place or 0]
        came_in = any(of_gradient(one).bad for one in step.grad_outputs)
        return came_in or bool(made_slots(self._index, step))

    def _visits(self) -> Iterator[tuple[int, int]]:
        """Yield engine run and step of the bad gradients, in order."""
        for bad in self._index.bad_gradients:
            yield bad.run, bad.place
