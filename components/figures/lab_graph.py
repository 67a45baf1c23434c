"""What the Lab view shows: boxes and links, as plain records.

The output is on top and gradient flows down to the leaves, the way ``backward()`` goes. A leaf that is used often is
drawn beside each use: one box with edges to a hundred ranks is what no layout can finish. A graph of more boxes than
can be read is folded by module or by line.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from components.figures.text import bytes_text, gradient_text, plural, shape_text, tensor_text
from components.figures.trace_index import TraceIndex
from components.trace import Node, Tensor, Trace

_USES_BEFORE_COPIES = 3
_MOST_LONE_BOXES = 12


@dataclass(frozen=True)
class Root:
    """A graph to look at: the nodes that it starts from, and what the program calls their output."""

    label: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """``id`` is the trace's id, with ``~k`` for the k-th copy; ``kinds`` are words for the style sheet."""

    id: str
    kinds: tuple[str, ...]
    title: str
    detail: str = ""


@dataclass(frozen=True)
class Link:
    """A line from one box to another; ``kinds`` has ``gradient``, ``saved``, ``output`` or ``derivative``."""

    source: str
    target: str
    kinds: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True)
class LabGraph:
    """The picture; ``folded`` says by what it was folded, ``nodes`` how many autograd nodes it stands for."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    nodes: int
    folded: str | None = None


def lab_roots(trace: Trace) -> list[Root]:
    """Return the graphs that the program made: of each backward's outputs, then of each result left at the end."""
    index = TraceIndex(trace)
    roots: dict[tuple[str, ...], str] = {}
    for backward in trace.backwards:
        nodes = tuple(backward.outputs)
        if nodes and not backward.internal:
            roots.setdefault(nodes, _root_label(index, nodes, backward.line))
    for tensor in trace.tensors:
        top = tensor.node is not None and not index.edges_to[tensor.node]
        if top and tensor.name is not None and tensor.node is not None:
            roots.setdefault((tensor.node,), tensor.name)
    return [Root(label, nodes) for nodes, label in roots.items()]


def _root_label(index: TraceIndex, nodes: tuple[str, ...], line: int | None) -> str:
    names = [tensor.name or "output" for node in nodes if (tensor := index.produced.get(node)) is not None]
    label = ", ".join(names) or "output"
    return label if line is None else f"{label} (line {line})"


def lab_graph(trace: Trace, root: Root | None = None, max_boxes: int = 300) -> LabGraph:
    """Return the Lab view of one graph, or of all that the program built."""
    index = TraceIndex(trace)
    chosen = set(index.nodes) if root is None else index.reachable(list(root.nodes))
    nodes = [node for node in trace.nodes if node.id in chosen]
    if not nodes:
        return _lone_boxes(trace, index)
    if len(nodes) > max_boxes:
        return _folded(index, nodes, max_boxes)
    return _Drawing(index, nodes).graph()


def _lone_boxes(trace: Trace, index: TraceIndex) -> LabGraph:
    """No graph: the tensors themselves, which autograd knows nothing about."""
    latest = [tensor for tensor in index.latest.values() if tensor.name is not None][-_MOST_LONE_BOXES:]
    boxes = tuple(Box(tensor.id, ("untracked",), tensor.name or "", tensor_text(tensor)) for tensor in latest)
    return LabGraph(boxes, (), 0)


@dataclass
class _Drawing:
    """Collects boxes and links of a graph that is small enough to show whole."""

    index: TraceIndex
    nodes: list[Node]
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    copies: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def graph(self) -> LabGraph:
        inside = {node.id for node in self.nodes}
        for node in reversed(self.nodes):
            if node.leaf is None:
                self._function(node)
            elif not self._copied(node.id):
                self._leaf(node, node.id)
        for node in self.nodes:
            for edge in self.index.edges_from[node.id]:
                if edge.target in inside:
                    self._edge(node, edge.target, edge.slot)
        return LabGraph(tuple(self.boxes), tuple(self.links), len(self.nodes))

    def _copied(self, node: str) -> bool:
        return len(self.index.edges_to[node]) > _USES_BEFORE_COPIES

    def _function(self, node: Node) -> None:
        produced = self.index.produced.get(node.id)
        is_output = produced is not None and not self.index.edges_to[node.id]
        detail = "" if produced is None or is_output else f"{produced.name} = {tensor_text(produced, 24)}"
        if not detail and node.line is not None:
            detail = f"line {node.line}"
        self.boxes.append(Box(node.id, self._kinds(node), node.name, detail))
        if produced is not None and is_output:
            self._output(node, produced)
        self._saved(node)

    def _kinds(self, node: Node) -> tuple[str, ...]:
        kinds = ["function"]
        if node.order > 1:
            kinds.append("order2")
        if node.id in self.index.freed_by:
            kinds.append("released")
        failure = self.index.trace.failure
        if failure is not None and failure.node == node.id:
            kinds.append("stopped")
        return tuple(kinds)

    def _output(self, node: Node, tensor: Tensor) -> None:
        self.boxes.append(Box(tensor.id, ("output",), tensor.name or "", tensor_text(tensor)))
        step = self.index.last_step.get(node.id)
        started = any(node.id in backward.outputs for backward in self.index.trace.backwards)
        label = gradient_text(step.grad_outputs[0], 18) if step and started and step.grad_outputs else ""
        self.links.append(Link(tensor.id, node.id, ("output",), label))

    def _saved(self, node: Node) -> None:
        tensors = [saved for saved in node.saved if saved.shape is not None]
        if not tensors:
            return
        freed = ("freed",) if node.id in self.index.freed_by else ()
        names = []
        for saved in tensors:
            known = self.index.tensors.get(saved.tensor or "")
            name = known.name if known is not None and known.name else saved.name
            if name not in names:
                names.append(name)
        shapes = {shape_text(saved.shape or []) for saved in tensors}
        detail = f"{shapes.pop()} " if len(shapes) == 1 else ""
        box = Box(f"{node.id}~saved", ("saved", *freed), ", ".join(names), detail + bytes_text(node.saved_bytes))
        self.boxes.append(box)
        self.links.append(Link(node.id, box.id, ("saved", *freed)))

    def _leaf(self, node: Node, box_id: str) -> None:
        """An ``AccumulateGrad`` and, below it, the leaf that it adds to."""
        copy = ("copy",) if box_id != node.id else ()
        tensor = self.index.value_now(node.tensor) if node.tensor is not None else None
        value = tensor_text(tensor) if tensor is not None else ""
        change = self.index.last_change.get(node.tensor or "")
        grad = f"\n.grad {gradient_text(change.total, 26)}" if change is not None and not copy else ""
        leaf_id = f"{box_id}~leaf" if not copy else box_id
        if not copy:
            self.boxes.append(Box(node.id, ("function",), node.name))
            self.links.append(Link(node.id, leaf_id, ("gradient",)))
        self.boxes.append(Box(leaf_id, ("leaf", *copy), node.leaf or "", value + grad))

    def _edge(self, node: Node, target: str, slot: int) -> None:
        end = target
        if self.index.nodes[target].leaf is not None and self._copied(target):
            self.copies[target] += 1
            end = f"{target}~{self.copies[target]}"
            self._leaf(self.index.nodes[target], end)
        step = self.index.last_step.get(node.id)
        gradient = step.grad_inputs[slot] if step is not None and slot < len(step.grad_inputs) else None
        label = gradient_text(gradient, 18) if gradient is not None else ""
        self.links.append(Link(node.id, end, ("gradient", "travelled") if gradient else ("gradient",), label))


def _folded(index: TraceIndex, nodes: list[Node], max_boxes: int) -> LabGraph:
    """One box per module, as deep as fits, or per line."""
    by, group_of = _grouping(nodes, max_boxes)
    members: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        members[group_of[node.id]].append(node)
    ids = {group: f"g{position}" for position, group in enumerate(members)}
    boxes = [_folded_box(ids[group], group, inside) for group, inside in members.items()]
    links: dict[tuple[str, str], Link] = {}
    for node in nodes:
        for edge in index.edges_from[node.id]:
            ends = ids[group_of[node.id]], ids[group_of[edge.target]]
            if ends[0] != ends[1]:
                links.setdefault(ends, Link(*ends, ("gradient",)))
    return LabGraph(tuple(boxes), tuple(links.values()), len(nodes), folded=by)


def _folded_box(box_id: str, group: str, inside: list[Node]) -> Box:
    saved = sum(node.saved_bytes for node in inside)
    detail = plural(len(inside), "node") + (f" · saves {bytes_text(saved)}" if saved else "")
    return Box(box_id, ("folded",), group, detail)


def _grouping(nodes: list[Node], max_boxes: int) -> tuple[str, dict[str, str]]:
    deepest = max((node.module.count(".") + 1 for node in nodes if node.module), default=0)
    for depth in range(deepest, 0, -1):
        groups = {node.id: _group(node, depth) for node in nodes}
        if len(set(groups.values())) <= max_boxes:
            return "module", groups
    groups = {node.id: _group(node, 0) for node in nodes}
    if len(set(groups.values())) <= max_boxes:
        return "line", groups
    return "kind", {node.id: node.name for node in nodes}


def _group(node: Node, depth: int) -> str:
    if node.leaf is not None:
        return f"parameters of {node.leaf.partition('.')[0]}" if "." in node.leaf else "leaves"
    if depth and node.module:
        return ".".join(node.module.split(".")[:depth])
    return f"line {node.line}" if node.line is not None else "lines that were not recorded"
