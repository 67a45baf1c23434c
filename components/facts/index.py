"""Quick answers about a trace that several parts ask: by id, by name, latest, reachable; each made once, when asked."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeVar, TypeVarTuple

from ..trace import Backward, BackwardStep, Display, Edge, GradientChange, Node, SavedTensor, Tensor, Trace, Values
from .gradient_health import BadGradient, bad_gradients
from .text import line_text

_Keys = TypeVarTuple("_Keys")
_Made = TypeVar("_Made")
_Index = TypeVar("_Index", bound="Once")


class EngineStop(NamedTuple):
    """Why an engine run stopped at a node: what it had saved was freed or changed by a line, or it gave NaN."""

    cause: Literal["freed", "changed", "nan", "other"] = "other"
    line: int | None = None

    @property
    def where(self) -> str:
        """``line 4``."""
        return line_text(self.line)


def saved_tensors(node: Node) -> list[SavedTensor]:
    """Return what a node saved, without the numbers (an exponent, a dimension)."""
    return [saved for saved in node.saved if saved.shape is not None]


class Once:
    """A cache for what others make of an index."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], Any] = {}

    def once(self: _Index, make: Callable[[_Index, *_Keys], _Made], *keys: *_Keys) -> _Made:
        """Return ``make(index, *keys)``, made when it is first asked for and remembered: ``index.once(EventTable)``."""
        asked = make, *keys
        if asked not in self._made:
            self._made[asked] = make(self, *keys)
        result: _Made = self._made[asked]
        return result


class TraceIndex(Once):
    """Look-up tables over one trace; building it is linear in the trace."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.nodes: dict[str, Node] = {node.id: node for node in trace.nodes}
        self.tensors: dict[str, Tensor] = {tensor.id: tensor for tensor in trace.tensors}
        self.edges_from: defaultdict[str, list[Edge]] = defaultdict(list)
        self.edges_to: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in trace.edges:
            self.edges_from[edge.source].append(edge)
            self.edges_to[edge.target].append(edge)
        self.latest: dict[str, Tensor] = {tensor.origin: tensor for tensor in trace.tensors}
        self.made: defaultdict[str, list[Tensor]] = defaultdict(list)
        for tensor in trace.tensors:
            if tensor.node is not None and tensor.name is not None:
                self.made[tensor.node].append(tensor)
        self.freed_by: dict[str, Backward] = {node: backward for backward in trace.backwards for node in backward.freed}
        self.last_change: dict[str, GradientChange] = {
            change.tensor: change for change in trace.gradients if change.tensor is not None
        }
        self.displays_by_step: defaultdict[int | None, list[Display]] = defaultdict(list)
        for display in trace.displays:
            self.displays_by_step[display.step].append(display)
        # What happened at each node the last time that an engine run passed it.
        self.last_step: dict[str, BackwardStep] = {step.node: step for run in trace.backwards for step in run.steps}
        # The AccumulateGrad of each leaf, by the leaf's origin.
        self.accumulates: dict[str, Node] = {
            self.tensors[node.tensor].origin: node for node in trace.nodes if node.tensor in self.tensors
        }
        self._lines = trace.program.source.split("\n")

    @cached_property
    def saved_blocks(self) -> dict[str, list[int]]:
        """The blocks of memory that each node saved, by the node's id; empty without a record of memory."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, block in enumerate(self.trace.memory.allocations if self.trace.memory is not None else ()):
            for node in block.saved_by:
                found[node].append(place)
        return dict(found)

    def produced(self, node: str) -> Tensor | None:
        """Return the named tensor whose ``grad_fn`` a node is; the last, if there are several."""
        return self.made[node][-1] if node in self.made else None

    def targets(self, node: str) -> dict[int, str]:
        """Return by slot what a node's gradients go on to: the name of the node, or of the leaf."""
        below = {edge.slot: self.nodes[edge.target] for edge in self.edges_from.get(node, ())}
        return {slot: target.leaf or target.name for slot, target in below.items()}

    def reachable(self, roots: Sequence[str]) -> set[str]:
        """Return every node that the gradient of ``roots`` can reach, themselves included."""
        found: set[str] = set()
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                pending.extend(edge.target for edge in self.edges_from.get(node, ()))
        return found

    def value_now(self, tensor_id: str) -> Tensor | None:
        """Return the last record of the same tensor object."""
        tensor = self.tensors.get(tensor_id)
        return None if tensor is None else self.latest.get(tensor.origin, tensor)

    def code(self, line: int | None) -> str:
        """Return the program's text of a line, without its indentation."""
        return self._lines[line - 1].strip() if line is not None and 0 < line <= len(self._lines) else ""

    def indentation(self, line: int) -> int:
        """Return how far a line of the program is indented, in characters."""
        text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        return len(text) - len(text.lstrip())

    @cached_property
    def stopped(self) -> set[str]:
        """The nodes at which an engine run stopped with an error."""
        failures = (self.trace.failure, *(run.failure for run in self.trace.backwards))
        return {failure.node for failure in failures if failure is not None and failure.node is not None}

    def stop_at(self, node: str) -> EngineStop:
        """Return why the last engine run that stopped at a node did so."""
        stops = (run.failure for run in reversed(self.trace.backwards))
        failure = next((failure for failure in stops if failure is not None and failure.node == node), None)
        if failure is None:
            return EngineStop()
        if failure.freed_by is not None:
            line = next((run.line for run in self.trace.backwards if run.id == failure.freed_by), None)
            return EngineStop("freed", line)
        if "modified by an inplace operation" in failure.message:
            return EngineStop("changed", next(iter(self.changed_in_place(node)), None))
        return EngineStop("nan") if "returned nan values" in failure.message else EngineStop()

    @cached_property
    def built_by(self) -> dict[str, list[str]]:
        """The nodes that each engine run with ``create_graph`` built, by its id, in order of birth."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for node in self.trace.nodes:
            if node.created_by is not None:
                found[node.created_by].append(node.id)
        return dict(found)

    @cached_property
    def run_of_leaf_visit(self) -> dict[int, Backward]:
        """In which engine run each visit of an ``AccumulateGrad`` was, by the ``id()`` of its record."""
        leaves = {node.id for node in self.trace.nodes if node.leaf is not None}
        return {id(step): run for run in self.trace.backwards for step in run.steps if step.node in leaves}

    @property
    def signature(self) -> str:
        """Tells programs apart: the steps and groups of one mean nothing in another."""
        return f"{zlib.crc32(self.trace.program.source.encode('utf-8', 'surrogatepass')):x}"

    def origin_of(self, tensor_id: str | None) -> str:
        """Return the id of the first record of a tensor object, empty if there is none."""
        tensor = self.tensors.get(tensor_id or "")
        return tensor.origin if tensor is not None else ""

    def saved_name(self, saved: SavedTensor) -> str:
        """Return the variable that a saved tensor belongs to, or PyTorch's own name for it."""
        tensor = self.tensors.get(saved.tensor or "")
        return (tensor.name if tensor is not None else None) or saved.name

    def saved_values(self, saved: SavedTensor) -> Values:
        """Return the numbers of a saved tensor, its own or those of the program's tensor in the same memory."""
        tensor = self.tensors.get(saved.tensor or "")
        return tensor.values if tensor is not None and tensor.shape == saved.shape else saved.values

    def changed_in_place(self, node: str) -> list[int]:
        """Return the lines that changed, after it was saved, a tensor that a node keeps."""
        lines = []
        for saved in self.nodes[node].saved:
            tensor = self.tensors.get(saved.tensor or "")
            version = tensor.version if tensor is not None else None
            if tensor is None or version is None:
                continue
            for step in self.trace.steps:
                for value in step.variables.values():
                    other = self.tensors.get(value)
                    if other is not None and other.origin == tensor.origin and (other.version or 0) > version:
                        lines.append(step.line)
        return list(dict.fromkeys(lines))

    @cached_property
    def bad_gradients(self) -> list[BadGradient]:
        """The gradients that are not a number or infinite, in the order of the engine."""
        return bad_gradients(self.trace)

    @cached_property
    def changes_by_step(self) -> dict[int, list[int]]:
        """The numbers of the changes of a ``.grad`` that a line made itself, by its step."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number, change in enumerate(self.trace.gradients):
            if change.cause != "backward" and change.step is not None:
                found[change.step].append(number)
        return dict(found)

    @cached_property
    def first_line(self) -> dict[str, int]:
        """The line that first bound each tensor to a name, by the tensor's origin."""
        lines: dict[str, int] = {}
        for step in self.trace.steps:
            for value in step.variables.values():
                if value in self.tensors:
                    lines.setdefault(self.tensors[value].origin, step.line)
        return lines

    @cached_property
    def changes(self) -> dict[str, list[GradientChange]]:
        """Every change of each leaf's ``.grad``, in order, by the leaf's origin."""
        found: defaultdict[str, list[GradientChange]] = defaultdict(list)
        for change in self.trace.gradients:
            if change.tensor is not None:
                found[change.tensor].append(change)
        return dict(found)
