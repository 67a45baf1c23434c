"""The lines of a Lab picture under construction: gradients, views, derivatives, and where tracking stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from ...facts.folding import Folding, Scope
from ...trace import Edge, Tensor
from .records import Box, LabOptions, Link
from .words import edge_words, tensor_words


class LabLinks:
    """Collects lines in ``made``."""

    def __init__(self, scope: Scope, folding: Folding, options: LabOptions) -> None:
        self._scope, self._index, self._folding, self._options = scope, scope.index, folding, options
        self._groups = {group.id for group in folding.folded}
        self.made: list[Link] = []

    def box_of(self, node: str) -> str:
        """Return the id of the box that a node of the scope is in."""
        home = int(self._folding.home[self._scope.place[node]])
        return self._folding.folded[~home].id if home < 0 else node

    def between_boxes(self) -> None:
        """Edges between functions and folds; those that end in a leaf of its own are drawn with the leaf."""
        scope, home = self._scope, self._folding.home
        sources, targets = home[scope.sources], home[scope.targets]
        # A leaf with a box of its own is at home at its own place, behind the functions.
        apart = np.flatnonzero((sources != targets) & (targets < len(scope.functions)))
        between: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
        for place in apart.tolist():
            edge = scope.edges[place]
            between[self.box_of(edge.source), self.box_of(edge.target)].append(edge)
        for (source, target), edges in between.items():
            self.add(source, target, edges)

    def add(self, source: str, target: str, edges: list[Edge]) -> None:
        """Between two nodes every edge is drawn; with a fold at an end they are one, which says how many it is."""
        links = [self._link(source, target, edge) for edge in edges]
        if len(links) == 1 or (source not in self._groups and target not in self._groups):
            self.made += links
            return
        kinds = max((link.kinds for link in links), key=len)
        self.made.append(Link(source, target, kinds, f"×{len(links):,}"))

    def _link(self, source: str, target: str, edge: Edge) -> Link:
        step = self._index.last_step.get(edge.source)
        gradient = step.grad_inputs[edge.slot] if step is not None and edge.slot < len(step.grad_inputs) else None
        kinds = ("gradient", "travelled") if gradient is not None else ("gradient",)
        return Link(source, target, kinds, edge_words(gradient, self._options), (edge.source, edge.slot))

    def views(self, outputs: Mapping[str, str]) -> None:
        """A dotted line from a view to its base, where the two are apart and the view has a box of its own."""
        for node, tensors in self._index.made.items():
            if node not in self._scope.place or self.box_of(node) != node:
                continue
            linked = {
                self.box_of(edge.target)
                for edge in self._index.edges_from.get(node, ())
                if edge.target in self._scope.place
            }
            for tensor in tensors:
                base = self._index.tensors.get(tensor.view_of or "")
                end = self._end(base, outputs) if base is not None else None
                if base is not None and end is not None and end.removesuffix("~leaf") not in {node, *linked}:
                    self.made.append(Link(node, end, ("view",), f"view of {base.name}" if base.name else "view"))

    def derivatives(self) -> None:
        """From what a ``create_graph`` pass built down to what it had started from."""
        linked: set[tuple[str, str]] = set()
        for node, start, run in self._scope.differentiated:
            ends = self.box_of(node), self.box_of(start)
            if ends[0] != ends[1] and ends not in linked:
                linked.add(ends)
                where = f", line {run.line}" if run.line is not None else ""
                self.made.append(Link(*ends, ("derivative",), f"{run.call}{where}"))

    def cuts(self, outputs: Mapping[str, str]) -> list[Box]:
        """Link results that autograd does not know to what they were computed from; return their boxes."""
        known = {leaf.tensor for leaf in self._scope.leaves if leaf.tensor is not None}
        boxes = []
        for cut in self._scope.cuts:
            ends = [end for source in cut.sources if (end := self._end(source, outputs)) is not None]
            if not ends or cut.tensor.id in known:
                continue
            latest = self._index.latest.get(cut.tensor.origin, cut.tensor)
            words = tensor_words(latest, self._options)
            boxes.append(Box(cut.tensor.id, ("untracked",), cut.tensor.name or "", words, "not tracked"))
            self.made += [Link(cut.tensor.id, end, ("cut",), cut.how) for end in dict.fromkeys(ends)]
        return boxes

    def _end(self, tensor: Tensor, outputs: Mapping[str, str]) -> str | None:
        """Return the box that stands for a tensor: its output box, its node's, its leaf's."""
        if tensor.node is not None and tensor.node in self._scope.place:
            return outputs.get(tensor.node) or self.box_of(tensor.node)
        node = self._index.accumulates.get(tensor.origin)
        if node is None or node.id not in self._scope.place:
            return None
        box = self.box_of(node.id)
        return f"{node.id}~leaf" if box == node.id else box
