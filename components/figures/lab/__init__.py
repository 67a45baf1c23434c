"""Which graphs a program has, and the Lab view of one of them, small enough to be read.

The output is on top and gradient flows down to the leaves, the way ``backward()`` goes. A node, or a fold of nodes,
becomes a box. A leaf that is used often is drawn beside each use: one box with edges to a hundred ranks is what no
layout can finish. The box by the use that was born first (the lowest in the picture) is the leaf itself, with its
``AccumulateGrad``; the others are copies of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...facts import TraceIndex
from ...facts.calls import forward
from ...facts.failing import failed_operation
from ...facts.folding import MOST_AT_FIRST, MOST_BOXES, Folding, Homes, Scope
from ...facts.groups import Group, group_facts
from ...facts.index import saved_tensors
from ...facts.sharing import Sharing
from ...facts.text import bytes_text, order_text, plural, printable
from ...facts.untracked import cuts
from ...trace import Edge, Node, Tensor, Trace
from .beyond import as_calls, with_failed
from .records import Box, Frame, LabGraph, LabOptions, Link, Root
from .words import edge_words, function_words, grad_words, leaf_value, saved_words, stop_words, tensor_words

_MOST_LONE_BOXES = 12
_USES_BEFORE_COPIES = 3
_MOST_OUTPUTS_PER_FOLD = 3
_FRAMES_FROM = 40
_CODE = 40


def lab_roots(trace: Trace | TraceIndex) -> list[Root]:
    """Return the graphs that the program made: of each backward's outputs, then of each result left at the end."""
    index = trace if isinstance(trace, TraceIndex) else TraceIndex(trace)
    trace = index.trace
    roots: dict[tuple[str, ...], str] = {}
    for backward in trace.backwards:
        nodes = tuple(backward.outputs)
        if nodes and not backward.internal:
            roots.setdefault(nodes, _root_label(index, nodes, backward.line))
    for tensor in trace.tensors:
        if tensor.node is not None and tensor.name is not None and tensor.node not in index.edges_to:
            roots.setdefault((tensor.node,), tensor.name)
    return [Root(label, nodes) for nodes, label in roots.items()]


def _root_label(index: TraceIndex, nodes: tuple[str, ...], line: int | None) -> str:
    names = [tensor.name or "output" for node in nodes if (tensor := index.produced(node)) is not None]
    label = ", ".join(names) or "output"
    return label if line is None else f"{label} (line {line})"


def lab_graph(trace: Trace | TraceIndex, root: Root | None = None, options: LabOptions | None = None) -> LabGraph:
    """Return the Lab view of one graph, or of all that the program built.

    A large graph is folded; one that would have more than ``MOST_BOXES`` boxes loses those of its saved tensors.
    """
    options = options or LabOptions()
    index = trace if isinstance(trace, TraceIndex) else TraceIndex(trace)
    scope = lab_scope(index, root)
    if not scope.nodes:
        return _lone_boxes(index, options)
    folding = scope.folded(options.opened)
    drawing = _LabDrawing(folding, options, options.saved)
    graph = drawing.graph()
    if options.saved and len(graph.boxes) > MOST_BOXES:
        drawing = _LabDrawing(folding, options, False)
        graph = drawing.graph()
    unrecorded = forward(index)
    if unrecorded is not None:
        return as_calls(graph, unrecorded)
    failed = failed_operation(index)
    return graph if failed is None else with_failed(graph, failed, drawing.end_of)


def lab_scope(index: TraceIndex, root: Root | None = None) -> Scope:
    """Return the nodes of one graph, or of all that the program built, and how they can be folded.

    Where autograd recorded nothing, they are the calls of modules.
    """
    unrecorded = forward(index)
    if unrecorded is not None:
        return unrecorded.index.once(Scope, None, MOST_AT_FIRST)
    return index.once(Scope, root.nodes if root is not None else None)


def _lone_boxes(index: TraceIndex, options: LabOptions) -> LabGraph:
    """No graph: the tensors themselves, which autograd knows nothing about, and where it stopped looking."""
    latest = [tensor for tensor in index.latest.values() if tensor.name is not None][-_MOST_LONE_BOXES:]
    ids = {tensor.origin: tensor.id for tensor in latest}
    boxes = tuple(_lone_box(tensor, options) for tensor in latest)
    links = tuple(
        Link(ids[cut.tensor.origin], ids[source.origin], ("cut",), cut.how)
        for cut in cuts(index, _MOST_LONE_BOXES)
        for source in cut.sources
        if cut.tensor.origin in ids and source.origin in ids
    )
    graph = LabGraph(boxes, links, 0, homes=Homes(alone={box.id for box in boxes}))
    failed = failed_operation(index)
    return graph if failed is None else with_failed(graph, failed, lambda tensor: ids.get(tensor.origin))


def _lone_box(tensor: Tensor, options: LabOptions) -> Box:
    kinds = ("leaf",) if tensor.requires_grad else ("untracked",)
    return Box(tensor.id, kinds, tensor.name or "", tensor_words(tensor, options))


class _LabDrawing:
    """One picture under construction; ``saved`` is whether saved tensors get boxes."""

    def __init__(self, folding: Folding, options: LabOptions, saved: bool) -> None:
        self._scope, self._index, self._folding, self._options = folding.scope, folding.scope.index, folding, options
        self._with_saved = saved
        self._boxes: list[Box] = []
        self._links = _LabLinks(folding, options)
        self._outputs: dict[str, str] = {}

    def graph(self) -> LabGraph:
        """Return the picture."""
        for item in reversed(self._visible()):
            if isinstance(item, Group):
                self._fold(item)
            elif item.leaf is None:
                self._function(item)
        self._output_boxes()
        self._links.between_boxes()
        for group in self._folding.folded:
            if group.of_leaves:
                self._fold(group)
        self._leaves()
        self._links.views(self._outputs)
        self._links.derivatives()
        self._boxes += self._links.cuts(self._outputs)
        return LabGraph(
            tuple(self._boxes),
            tuple(self._links.made),
            len(self._scope.nodes),
            self._frames(),
            tuple(group.id for group in self._folding.opened),
            Homes(
                folding=self._folding,
                tensors=frozenset(box.id for box in self._boxes if box.kinds[0] == "untracked"),
            ),
            compact=self._scope.is_model,
        )

    def end_of(self, tensor: Tensor) -> str | None:
        """Return the box that stands for a tensor."""
        return self._links.end(tensor, self._outputs)

    def _visible(self) -> list[Node | Group]:
        """Return the nodes that have a box of their own and the folded groups, in order of birth."""
        seen: list[Node | Group] = []
        functions = len(self._scope.functions)
        place = 0
        while place < functions:
            fold = self._folding.fold_of(place)
            seen.append(fold if fold is not None else self._scope.functions[place])
            place = fold.piece.end if fold is not None else place + 1
        return seen

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
            detail += f"\n{stop_words(self._index.stop_at(node.id))}"
        if saved_tensors(node) and not self._with_saved:
            detail += f"\nsaves {bytes_text(node.saved_bytes)}"
        self._boxes.append(Box(node.id, tuple(kinds), node.name, "", detail.strip("\n")))
        if saved_tensors(node) and self._with_saved:
            freed = ("freed",) if node.id in self._index.freed_by else ()
            box = Box(f"{node.id}~saved", ("saved", *freed), *saved_words(self._index, node))
            self._boxes.append(box)
            self._links.made.append(Link(node.id, box.id, ("saved", *freed)))

    def _fold(self, group: Group) -> None:
        facts = group_facts(self._index, group)
        kinds = ["folded"]
        if facts.order2:
            kinds.append("order2")
        if facts.saved_bytes and facts.freed_bytes == facts.saved_bytes:
            kinds.append("released")
        piece = group.piece
        code = self._index.code(group.line)[:40] if piece.kind not in ("module", "repeat") else ""
        size = plural(piece.size, "node") if not group.of_leaves else ""
        if facts.order2:
            orders = sorted({node.order for node in group.nodes})
            size += f" · {' and '.join(map(order_text, orders[:2]))}"
        if facts.saved_bytes:
            size += f" · saves {bytes_text(facts.saved_bytes)}"
        times = f"×{group.times:,}" if group.times > 1 else ""
        stopped = ""
        if facts.stopped is not None:
            kinds.append("stopped")
            stopped = f"stopped here, at {facts.stopped}"
        value, details = times, [code, size, stopped]
        if self._scope.is_model:
            code = printable(self._index.code(group.line), _CODE) if code else ""
            # A model's boxes are many and say little: on one line they are seen at once.
            value, details = f"{times}  {code or size}".strip(), [stopped]
        self._boxes.append(Box(group.id, tuple(kinds), piece.title, value, "\n".join(filter(None, details))))

    def _output_boxes(self) -> None:
        """What the program holds on to: results that nothing was made of, and where a backward started."""
        per_box: defaultdict[str, dict[str, tuple[Node, Tensor | None, bool]]] = defaultdict(dict)
        for node, started, tensors in self._scope.ends:
            made: list[Tensor | None] = list(tensors) or ([None] if started else [])
            for tensor in made:
                name = tensor.name or "" if tensor else ""
                per_box[self._links.box_of(node.id)][name] = node, tensor, started
        for box, outputs in per_box.items():
            most = _MOST_OUTPUTS_PER_FOLD if box in self._folding.groups else len(outputs)
            for node, tensor, started in list(outputs.values())[-most:]:
                self._output(box, node, tensor, started)

    def _output(self, box: str, node: Node, tensor: Tensor | None, started: bool) -> None:
        box_id = tensor.id if tensor is not None else f"{node.id}~output"
        title = (tensor.name if tensor is not None else None) or "output"
        value = tensor_words(tensor, self._options) if tensor is not None else ""
        step = self._index.last_step.get(node.id)
        arrived = started and step is not None and len(step.grad_outputs) > 0
        label = edge_words(step.grad_outputs[0], self._options) if step is not None and arrived else ""
        self._outputs.setdefault(node.id, box_id)
        self._boxes.append(Box(box_id, ("output",), title, value))
        kinds = ("output", "travelled") if label else ("output",)
        label = "" if self._links.is_bare(box) else label
        self._links.made.append(Link(box_id, box, kinds, label, (node.id, -1) if started else None))

    # --- leaves

    def _leaves(self) -> None:
        functions = len(self._scope.functions)
        for place in range(len(self._scope.nodes) - 1, functions - 1, -1):
            if self._folding.box_numbers[place] != place:
                continue
            node = self._scope.nodes[place]
            users: dict[str, list[Edge]] = {}
            for edge in self._index.edges_to.get(node.id, ()):
                if edge.source in self._scope.place:
                    users.setdefault(self._links.box_of(edge.source), []).append(edge)
            self._leaf(node)
            for position, (user, edges) in enumerate(users.items()):
                end = node.id
                if position and len(users) > _USES_BEFORE_COPIES:
                    end = f"{node.id}~{position}"
                    self._boxes.append(Box(end, ("leaf", "copy"), node.leaf or ""))
                self._links.add(user, end, edges)

    def _leaf(self, node: Node) -> None:
        """An ``AccumulateGrad`` and, below it, the leaf that it adds to."""
        tensor = self._index.value_now(node.tensor) if node.tensor is not None else None
        change = self._index.last_change.get(tensor.origin if tensor is not None else "")
        grad = grad_words(self._index, change, self._options) if change is not None else ""
        leaf = f"{node.id}~leaf"
        self._boxes.append(Box(node.id, ("function",), node.name))
        self._boxes.append(Box(leaf, ("leaf",), node.leaf or "", leaf_value(tensor, self._options), grad))
        kinds = ("gradient", "travelled") if grad else ("gradient",)
        self._links.made.append(Link(node.id, leaf, kinds, "", (node.id, -2)))

    # --- frames

    def _frames(self) -> tuple[Frame, ...]:
        """Modules are always framed; loops and lines where the graph is large enough to get lost in."""
        large = len(self._scope.functions) >= _FRAMES_FROM
        framed = [
            group
            for group in self._folding.opened
            if not group.of_leaves
            and (group.piece.kind == "module" or (large and group.piece.kind != "line"))
            and (group.piece.size > 1 or not self._scope.is_small)
            and (group.piece.kind != "repeat" or not self._scope.is_small)
        ]
        boxes: defaultdict[str, list[str]] = defaultdict(list)
        parents: dict[str, str | None] = {}
        # Groups nest: the smallest that holds a place is the innermost.
        framed.sort(key=lambda group: -group.piece.size)
        for position, group in enumerate(framed):
            around = [
                g for g in framed[:position] if g.piece.first <= group.piece.first and group.piece.end <= g.piece.end
            ]
            parents[group.id] = around[-1].id if around else None
        drawn = {box.id for box in self._boxes}
        for item in self._visible():
            start = item.piece.first if isinstance(item, Group) else self._scope.place[item.id]
            inside = [group for group in framed if group.piece.first <= start < group.piece.end]
            if inside:
                boxes[inside[-1].id] += [box for box in (item.id, f"{item.id}~saved") if box in drawn]
        for leaf, first, last in self._scope.used_between():
            inside = [group for group in framed if group.piece.first <= first and last < group.piece.end]
            if inside:
                boxes[inside[-1].id] += [box for box in (leaf, f"{leaf}~leaf") if box in drawn]
        return tuple(Frame(g.id, g.piece.title, tuple(boxes[g.id]), parents[g.id]) for g in framed)


class _LabLinks:
    """Collects the lines of a picture in ``made``: gradients, views, derivatives, and where tracking stopped."""

    def __init__(self, folding: Folding, options: LabOptions) -> None:
        self._scope, self._index, self._folding, self._options = folding.scope, folding.scope.index, folding, options
        self.made: list[Link] = []

    def box_of(self, node: str) -> str:
        """Return the id of the box that a node of the scope is in."""
        return self._folding.box_at(self._scope.place[node])

    def is_bare(self, box: str) -> bool:
        """Whether lines to a box have no gradients: rows with labels between them are twice as far apart."""
        return self._scope.is_model and box in self._folding.groups

    def between_boxes(self) -> None:
        """Edges between functions and folds; those that end in a leaf of its own are drawn with the leaf."""
        scope, numbers = self._scope, self._folding.box_numbers
        sources, targets = numbers[scope.sources], numbers[scope.targets]
        # The number of a leaf with a box of its own is its place, behind the functions.
        alone = (targets >= len(scope.functions)) & (targets < len(scope.nodes))
        apart = np.flatnonzero((sources != targets) & ~alone)
        between: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
        for place in apart.tolist():
            edge = scope.edges[place]
            between[self.box_of(edge.source), self.box_of(edge.target)].append(edge)
        for (source, target), edges in between.items():
            self.add(source, target, edges)

    def add(self, source: str, target: str, edges: list[Edge]) -> None:
        """Between two nodes every edge is drawn; with a fold at an end they are one, which says how many it is."""
        to_fold = source in self._folding.groups or target in self._folding.groups
        links = [self._link(source, target, edge) for edge in edges]
        bare = self.is_bare(source) or self.is_bare(target)
        if len(links) == 1 or not to_fold:
            self.made += [replace(link, label="") for link in links] if bare else links
            return
        kinds = max((link.kinds for link in links), key=len)
        self.made.append(Link(source, target, kinds, "" if bare else f"×{len(links):,}"))

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
                end = self.end(base, outputs) if base is not None else None
                if base is not None and end is not None and end.removesuffix("~leaf") not in {node, *linked}:
                    self.made.append(Link(node, end, ("view",), f"view of {base.name}" if base.name else "view"))

    def derivatives(self) -> None:
        """From what a run with ``create_graph`` built down to what it had started from."""
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
            ends = [end for source in cut.sources if (end := self.end(source, outputs)) is not None]
            if not ends or cut.tensor.id in known:
                continue
            latest = self._index.latest.get(cut.tensor.origin, cut.tensor)
            words = tensor_words(latest, self._options)
            same = [one.name for one in cut.sources if one.name and self._index.once(Sharing).shares(one, cut.tensor)]
            told = f"not tracked · same memory as {same[0]}" if same else "not tracked"
            boxes.append(Box(cut.tensor.id, ("untracked",), cut.tensor.name or "", words, told))
            self.made += [Link(cut.tensor.id, end, ("cut",), cut.how) for end in dict.fromkeys(ends)]
        return boxes

    def end(self, tensor: Tensor, outputs: Mapping[str, str]) -> str | None:
        """Return the box that stands for a tensor: its output box, its node's, its leaf's."""
        if tensor.node is not None and tensor.node in self._scope.place:
            return outputs.get(tensor.node) or self.box_of(tensor.node)
        node = self._index.accumulates.get(tensor.origin)
        if node is None or node.id not in self._scope.place:
            return None
        box = self.box_of(node.id)
        return f"{node.id}~leaf" if box == node.id else box
