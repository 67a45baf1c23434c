"""One Lab picture under construction: a node, or a fold of nodes, becomes a box; edges become links between boxes.

A leaf that is used often is drawn beside each use: one box with edges to a hundred ranks is what no layout can finish.
The box by the use that was born first (the lowest in the picture) is the leaf itself, with its ``AccumulateGrad``; the
others are copies of it.
"""

from __future__ import annotations

from collections import defaultdict

from components.figures.lab_fold import Rung
from components.figures.lab_records import Box, LabGraph, LabOptions, Link
from components.figures.lab_untracked import Cut, cuts
from components.figures.lab_words import (
    edge_words,
    function_words,
    leaf_words,
    saved_tensors,
    saved_words,
    tensor_words,
)
from components.figures.text import bytes_text, plural
from components.figures.trace_index import TraceIndex
from components.trace import Edge, Node, Tensor

_USES_BEFORE_COPIES = 3
_MOST_OUTPUTS_PER_FOLD = 3
_MOST_CUTS = 8


class LabDrawing:
    """Draws ``nodes`` of a trace, folded as ``rung`` says; ``saved`` is whether saved tensors get boxes."""

    def __init__(self, index: TraceIndex, nodes: list[Node], rung: Rung, options: LabOptions, saved: bool) -> None:
        self._index, self._nodes, self._rung, self._options = index, nodes, rung, options
        self._with_saved = saved
        self._inside = {node.id for node in nodes}
        self._steps = index.steps_of(options.backward)
        self._boxes: list[Box] = []
        self._links: list[Link] = []
        self._outputs: dict[str, str] = {}
        self._home, self._members = self._homes()

    def graph(self) -> LabGraph:
        """Return the picture."""
        for node in reversed(self._nodes):
            home = self._home[node.id]
            if home in self._members:
                if self._members[home][-1] == node.id:
                    self._fold(home)
            elif node.leaf is None:
                self._function(node)
        self._output_boxes()
        self._edges()
        self._leaves()
        self._views()
        self._derivatives()
        self._cuts()
        folded = self._rung.by if self._members else None
        return LabGraph(tuple(self._boxes), tuple(self._links), len(self._nodes), folded, self._members)

    def _homes(self) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Return the box that each node is in, and the nodes of each box that holds more than one."""
        groups: defaultdict[object, list[str]] = defaultdict(list)
        for node in self._nodes:
            groups[self._rung.folds.get(node.id, node.id)].append(node.id)
        home, members = {}, {}
        for inside in groups.values():
            box = inside[0] if len(inside) == 1 else f"{inside[0]}~fold"
            home.update(dict.fromkeys(inside, box))
            if len(inside) > 1:
                members[box] = tuple(inside)
        return home, members

    # --- boxes

    def _function(self, node: Node) -> None:
        kinds = ["function"]
        if node.order > 1:
            kinds.append("order2")
        if node.id in self._index.freed_by:
            kinds.append("released")
        detail = function_words(self._index, node, self._options)
        if node.id in self._index.stopped:
            kinds.append("stopped")
            freed_by = self._index.freed_by.get(node.id)
            detail += "\nstopped here" + (f": freed by line {freed_by.line}" if freed_by is not None else "")
        if saved_tensors(node) and not self._with_saved:
            detail += f"\nsaves {bytes_text(node.saved_bytes)}"
        self._boxes.append(Box(node.id, tuple(kinds), node.name, "", detail.strip("\n")))
        if saved_tensors(node) and self._with_saved:
            freed = ("freed",) if node.id in self._index.freed_by else ()
            box = Box(f"{node.id}~saved", ("saved", *freed), *saved_words(self._index, node))
            self._boxes.append(box)
            self._links.append(Link(node.id, box.id, ("saved", *freed)))

    def _fold(self, home: str) -> None:
        inside = [self._index.nodes[node] for node in self._members[home]]
        fold = self._rung.folds[inside[0].id]
        saving = [node for node in inside if node.saved_bytes]
        kinds = ["folded"]
        if fold.order2:
            kinds.append("order2")
        if saving and all(node.id in self._index.freed_by for node in saving):
            kinds.append("released")
        detail = self._index.code(fold.line)[:40]
        if saving:
            detail += f"\nsaves {bytes_text(sum(node.saved_bytes for node in saving))}"
        stopped = [node.name for node in inside if node.id in self._index.stopped]
        if stopped:
            kinds.append("stopped")
            detail += f"\nstopped here, at {stopped[-1]}"
        count = plural(len(inside), "node")
        self._boxes.append(Box(home, tuple(kinds), f"{fold.text}:", count, detail.strip("\n")))

    def _output_boxes(self) -> None:
        """What the program holds on to: results that nothing was made of, and where a backward started."""
        started = {node for run in self._index.trace.backwards for node in run.outputs}
        per_home: defaultdict[str, dict[str, tuple[Node, Tensor | None]]] = defaultdict(dict)
        for node in self._nodes:
            used = any(edge.source in self._inside for edge in self._index.edges_to.get(node.id, ()))
            made: list[Tensor | None] = list(self._index.made.get(node.id, ()))
            if node.leaf is None and (node.id in started or not used):
                made = made or ([None] if node.id in started else [])
                for tensor in made:
                    per_home[self._home[node.id]][tensor.name or "" if tensor else ""] = node, tensor
        for home, outputs in per_home.items():
            most = _MOST_OUTPUTS_PER_FOLD if home in self._members else len(outputs)
            for node, tensor in list(outputs.values())[-most:]:
                self._output(home, node, tensor, node.id in started)

    def _output(self, home: str, node: Node, tensor: Tensor | None, started: bool) -> None:
        box_id = tensor.id if tensor is not None else f"{node.id}~output"
        title = (tensor.name if tensor is not None else None) or "output"
        value = tensor_words(tensor, self._options) if tensor is not None else ""
        step = self._steps.get(node.id)
        arrived = started and step is not None and len(step.grad_outputs) > 0
        label = edge_words(step.grad_outputs[0], self._options) if step is not None and arrived else ""
        self._outputs.setdefault(node.id, box_id)
        self._boxes.append(Box(box_id, ("output",), title, value))
        self._links.append(Link(box_id, home, ("output", "travelled") if label else ("output",), label))

    # --- links

    def _edges(self) -> None:
        """Edges between functions and folds; those that end in a leaf of its own are drawn with the leaf."""
        between: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
        for node in self._nodes:
            for edge in self._index.edges_from.get(node.id, ()):
                ends = self._home[edge.source], self._home.get(edge.target, "")
                if edge.target in self._inside and ends[0] != ends[1] and not self._lone_leaf(edge.target):
                    between[ends].append(edge)
        for (source, target), edges in between.items():
            self._links += self._merged(source, target, edges)

    def _lone_leaf(self, node: str) -> bool:
        return self._index.nodes[node].leaf is not None and self._home[node] == node

    def _merged(self, source: str, target: str, edges: list[Edge]) -> list[Link]:
        """Between two nodes every edge is drawn; with a fold at an end they are one, which says how many it is."""
        links = [self._link(source, target, edge) for edge in edges]
        if len(links) == 1 or (source not in self._members and target not in self._members):
            return links
        kinds = max((link.kinds for link in links), key=len)
        return [Link(source, target, kinds, f"×{len(links):,}")]

    def _link(self, source: str, target: str, edge: Edge) -> Link:
        step = self._steps.get(edge.source)
        gradient = step.grad_inputs[edge.slot] if step is not None and edge.slot < len(step.grad_inputs) else None
        kinds = ("gradient", "travelled") if gradient is not None else ("gradient",)
        return Link(source, target, kinds, edge_words(gradient, self._options))

    def _leaves(self) -> None:
        for node in reversed(self._nodes):
            if not self._lone_leaf(node.id):
                continue
            users: dict[str, list[Edge]] = {}
            for edge in self._index.edges_to.get(node.id, ()):
                if edge.source in self._inside:
                    users.setdefault(self._home[edge.source], []).append(edge)
            self._leaf(node)
            for position, (user, edges) in enumerate(users.items()):
                end = node.id
                if position and len(users) > _USES_BEFORE_COPIES:
                    end = f"{node.id}~{position}"
                    self._boxes.append(Box(end, ("leaf", "copy"), node.leaf or ""))
                self._links += self._merged(user, end, edges)

    def _leaf(self, node: Node) -> None:
        """An ``AccumulateGrad`` and, below it, the leaf that it adds to."""
        tensor = self._index.value_now(node.tensor) if node.tensor is not None else None
        change = self._index.last_change.get(tensor.origin if tensor is not None else "")
        total = change.total if change is not None else None
        value, grad = leaf_words(tensor, total, change is not None, self._options)
        leaf = f"{node.id}~leaf"
        self._boxes.append(Box(node.id, ("function",), node.name))
        self._boxes.append(Box(leaf, ("leaf",), node.leaf or "", value, grad))
        self._links.append(Link(node.id, leaf, ("gradient", "travelled") if grad else ("gradient",)))

    def _views(self) -> None:
        """A dotted line from a view to its base, where the two are apart and the view has a box of its own."""
        for node in self._nodes:
            if self._home[node.id] != node.id:
                continue
            linked = {self._home.get(edge.target) for edge in self._index.edges_from.get(node.id, ())}
            for tensor in self._index.made.get(node.id, ()):
                base = self._index.tensors.get(tensor.view_of or "")
                end = self._end(base) if base is not None else None
                if base is not None and end is not None and end.removesuffix("~leaf") not in {node.id, *linked}:
                    self._links.append(Link(node.id, end, ("view",), f"view of {base.name}" if base.name else "view"))

    def _derivatives(self) -> None:
        """From what a ``create_graph`` pass built down to what it had started from."""
        runs = {run.id: run for run in self._index.trace.backwards if run.create_graph}
        linked: set[tuple[str, str]] = set()
        for node in self._nodes:
            run = runs.get(node.created_by or "")
            above = (self._index.nodes[edge.source] for edge in self._index.edges_to.get(node.id, ()))
            if run is None or node.leaf is not None or any(other.created_by == run.id for other in above):
                continue
            for start in run.outputs:
                ends = self._home[node.id], self._home.get(start, "")
                if start in self._inside and ends[0] != ends[1] and ends not in linked:
                    linked.add(ends)
                    where = f", line {run.line}" if run.line is not None else ""
                    self._links.append(Link(*ends, ("derivative",), f"{run.call}{where}"))

    def _cuts(self) -> None:
        known = {leaf.tensor for leaf in self._nodes if leaf.tensor is not None}
        for cut in cuts(self._index, _MOST_CUTS):
            ends = [end for source in cut.sources if (end := self._end(source)) is not None]
            if ends and cut.tensor.id not in known:
                self._cut(cut, ends)

    def _cut(self, cut: Cut, ends: list[str]) -> None:
        latest = self._index.latest.get(cut.tensor.origin, cut.tensor)
        words = tensor_words(latest, self._options)
        self._boxes.append(Box(cut.tensor.id, ("untracked",), cut.tensor.name or "", words, "not tracked"))
        self._links += [Link(cut.tensor.id, end, ("cut",), cut.how) for end in dict.fromkeys(ends)]

    def _end(self, tensor: Tensor) -> str | None:
        """Return the box that stands for a tensor: its output box, its node's, its leaf's."""
        if tensor.node is not None and tensor.node in self._inside:
            return self._outputs.get(tensor.node) or self._home[tensor.node]
        node = self._index.accumulates.get(tensor.origin)
        if node is None or node.id not in self._inside:
            return None
        return f"{node.id}~leaf" if self._lone_leaf(node.id) else self._home[node.id]
