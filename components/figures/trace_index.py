"""Quick answers about a trace that several pictures ask: by id, by name, latest, reachable."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from components.trace import Backward, BackwardStep, Edge, GradientChange, Node, Tensor, Trace


class TraceIndex:
    """Look-up tables over one trace; building it is linear in the trace."""

    def __init__(self, trace: Trace) -> None:
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
        self.last_step: dict[str, BackwardStep] = self.steps_of(None)
        # The AccumulateGrad of each leaf, by the leaf's origin.
        self.accumulates: dict[str, Node] = {
            self.tensors[node.tensor].origin: node for node in trace.nodes if node.tensor in self.tensors
        }
        self._lines = trace.program.source.split("\n")

    def produced(self, node: str) -> Tensor | None:
        """Return the named tensor whose ``grad_fn`` a node is; the last, if there are several."""
        return self.made[node][-1] if node in self.made else None

    def steps_of(self, backward: str | None) -> dict[str, BackwardStep]:
        """Return what happened at each node in one engine run, or the last time that any run passed it."""
        runs = (run for run in self.trace.backwards if backward in (None, run.id))
        return {step.node: step for run in runs for step in run.steps}

    def reachable(self, roots: list[str]) -> set[str]:
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

    @cached_property
    def stopped(self) -> set[str]:
        """The nodes at which an engine run stopped with an error."""
        failures = (self.trace.failure, *(run.failure for run in self.trace.backwards))
        return {failure.node for failure in failures if failure is not None and failure.node is not None}

    @cached_property
    def last_pass(self) -> dict[str, tuple[Backward, int]]:
        """The last engine run that passed each node, and the node's place in it, from 1."""
        runs = self.trace.backwards
        return {step.node: (run, place) for run in runs for place, step in enumerate(run.steps, start=1)}

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
