"""The graph behind a backward run: what it reaches, where one run's graph joins another's, which leaves lie below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property

from ..trace import Backward, Edge, Node, Tensor, Trace

# Nodes that hand on the numbers of their input in another shape.
_VIEWS = ("T", "Transpose", "Permute", "View", "UnsafeView", "Reshape", "AsStrided", "Expand", "Unsqueeze", "Squeeze")


class Ancestry:
    """A trace's graph, walked from outputs to leaves. Ids that the trace does not know lead nowhere."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.nodes = {node.id: node for node in trace.nodes}

    @cached_property
    def below(self) -> dict[str, list[Edge]]:
        """The edges that leave each node, by its id."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.trace.edges:
            found[edge.source].append(edge)
        return found

    def reached(self, outputs: Iterable[str], without: Collection[str] = ()) -> set[str]:
        """Return the ids of all nodes from the outputs down, not entering those of ``without``."""
        pending = [node for node in outputs if node not in without]
        seen = set(pending)
        while pending:
            for edge in self.below.get(pending.pop(), ()):
                if edge.target not in seen and edge.target not in without:
                    seen.add(edge.target)
                    pending.append(edge.target)
        return seen

    def joins(self, later: Backward, earlier: Backward) -> list[Edge]:
        """Return the edges by which the graph of a later run enters what an earlier run went through.

        Leaves are no part of it: each graph has them in common.
        """
        old = self.reached(earlier.outputs)
        new = self.reached(later.outputs, without=old)
        edges = (edge for node in sorted(new) for edge in self.below.get(node, ()))
        return [edge for edge in edges if edge.target in old and not self.is_leaf(edge.target)]

    def is_leaf(self, node: str) -> bool:
        """Whether the node adds up a leaf's gradient."""
        found = self.nodes.get(node)
        return found is not None and found.name == "AccumulateGrad"

    def leaves(self, nodes: Iterable[str]) -> list[Node]:
        """Return the leaves among some nodes."""
        return [self.nodes[node] for node in sorted(nodes) if self.is_leaf(node)]

    def above(self, outputs: Iterable[str], wanted: str) -> set[str]:
        """Return the nodes on the ways from the outputs to a node, without that node."""
        inside = self.reached(outputs)
        parents: dict[str, list[str]] = defaultdict(list)
        for node in inside:
            for edge in self.below.get(node, ()):
                parents[edge.target].append(node)
        pending, seen = [wanted], {wanted}
        while pending:
            for parent in parents.get(pending.pop(), ()):
                if parent not in seen:
                    seen.add(parent)
                    pending.append(parent)
        return (seen - {wanted}) & inside

    def inputs(self, node: str) -> list[Node]:
        """Return the leaves that a node takes directly, or by way of another shape of them."""
        found, pending, seen = [], [node], {node}
        while pending:
            for edge in self.below.get(pending.pop(), ()):
                target = self.nodes.get(edge.target)
                if target is None or target.id in seen:
                    continue
                seen.add(target.id)
                if self.is_leaf(target.id):
                    found.append(target)
                elif target.name.removesuffix("Backward0").removesuffix("Backward1") in _VIEWS:
                    pending.append(target.id)
        return found

    @cached_property
    def versions(self) -> dict[str, list[Tensor]]:
        """The records of each named tensor that has more than one version, by its name."""
        found: dict[str, list[Tensor]] = defaultdict(list)
        for tensor in self.trace.tensors:
            if tensor.name is not None:
                found[tensor.name].append(tensor)
        return {name: records for name, records in found.items() if len({record.version for record in records}) > 1}
