"""Quick answers about a trace that several pictures ask: by id, by name, latest, reachable."""

from __future__ import annotations

from collections import defaultdict

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
        self.produced: dict[str, Tensor] = {}
        for tensor in trace.tensors:
            if tensor.node is not None and tensor.name is not None:
                self.produced[tensor.node] = tensor
        self.freed_by: dict[str, Backward] = {node: backward for backward in trace.backwards for node in backward.freed}
        self.last_change: dict[str, GradientChange] = {
            change.tensor: change for change in trace.gradients if change.tensor is not None
        }
        self.last_step: dict[str, BackwardStep] = {
            step.node: step for backward in trace.backwards for step in backward.steps
        }

    def reachable(self, roots: list[str]) -> set[str]:
        """Return every node that the gradient of ``roots`` can reach, themselves included."""
        found: set[str] = set()
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                pending.extend(edge.target for edge in self.edges_from[node])
        return found

    def value_now(self, tensor_id: str) -> Tensor:
        """Return the last record of the same tensor object."""
        tensor = self.tensors[tensor_id]
        return self.latest.get(tensor.origin, tensor)
