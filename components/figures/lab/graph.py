"""Which graphs a program has, and the Lab view of one of them, small enough to be read.

The output is on top and gradient flows down to the leaves, the way ``backward()`` goes.
"""

from __future__ import annotations

from ...facts import TraceIndex
from ...facts.folding import MOST_BOXES, Scope
from ...facts.untracked import cuts
from ...trace import Tensor, Trace
from .drawing import LabDrawing
from .records import Box, LabGraph, LabOptions, Link, Root
from .words import tensor_words

_MOST_LONE_BOXES = 12


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
    scope = index.once(Scope, root.nodes if root is not None else None)
    if not scope.nodes:
        return _lone_boxes(index, options)
    folding = scope.folded(options.opened)
    graph = LabDrawing(scope, folding, options, options.saved).graph()
    if options.saved and len(graph.boxes) > MOST_BOXES:
        graph = LabDrawing(scope, folding, options, False).graph()
    return graph


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
    return LabGraph(boxes, links, 0)


def _lone_box(tensor: Tensor, options: LabOptions) -> Box:
    kinds = ("leaf",) if tensor.requires_grad else ("untracked",)
    return Box(tensor.id, kinds, tensor.name or "", tensor_words(tensor, options))
