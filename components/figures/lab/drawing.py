"""One Lab picture under construction: a node, or a fold of nodes, becomes a box.

A leaf that is used often is drawn beside each use: one box with edges to a hundred ranks is what no layout can finish.
The box by the use that was born first (the lowest in the picture) is the leaf itself, with its ``AccumulateGrad``; the
others are copies of it.
"""

from __future__ import annotations

from collections import defaultdict

from ...facts.folding import Folding, Homes, Scope
from ...facts.groups import Group, group_facts
from ...facts.text import bytes_text, plural
from ...trace import Edge, Node, Tensor
from .links import LabLinks
from .records import Box, Frame, LabGraph, LabOptions, Link
from .words import edge_words, function_words, leaf_words, saved_tensors, saved_words, stop_words, tensor_words

_USES_BEFORE_COPIES = 3
_MOST_OUTPUTS_PER_FOLD = 3
_FRAMES_FROM = 40


class LabDrawing:
    """Draws a scope under a folding; ``saved`` is whether saved tensors get boxes."""

    def __init__(self, scope: Scope, folding: Folding, options: LabOptions, saved: bool) -> None:
        self._scope, self._index, self._folding, self._options = scope, scope.index, folding, options
        self._with_saved = saved
        self._boxes: list[Box] = []
        self._links = LabLinks(scope, folding, options)
        self._outputs: dict[str, str] = {}

    def graph(self) -> LabGraph:
        """Return the picture."""
        for home in reversed(self._visible()):
            if isinstance(home, Group):
                self._fold(home)
            elif home.leaf is None:
                self._function(home)
        self._output_boxes()
        self._links.between_boxes()
        self._leaves()
        self._links.views(self._outputs)
        self._links.derivatives()
        self._boxes += self._links.cuts(self._outputs)
        return LabGraph(
            tuple(self._boxes),
            tuple(self._links.made),
            len(self._scope.nodes),
            self._frames(),
            {group.id: group for group in self._folding.folded},
            tuple(group.id for group in self._folding.opened),
            Homes(
                scope=self._scope,
                folding=self._folding,
                tensors=frozenset(box.id for box in self._boxes if box.kinds[0] == "untracked"),
            ),
        )

    def _visible(self) -> list[Node | Group]:
        """Return the nodes that have a box of their own and the folded groups, in order of birth."""
        seen: list[Node | Group] = []
        functions = len(self._scope.functions)
        place = 0
        while place < functions:
            home = int(self._folding.home[place])
            if home < 0:
                seen.append(self._folding.folded[~home])
                place = self._folding.folded[~home].piece.end
            else:
                seen.append(self._scope.functions[place])
                place += 1
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
        code = self._index.code(group.line)[:40] if piece.kind != "module" else ""
        detail = f"{code}\n{plural(piece.size, 'node')}"
        if facts.saved_bytes:
            detail += f" · saves {bytes_text(facts.saved_bytes)}"
        if facts.stopped is not None:
            kinds.append("stopped")
            detail += f"\nstopped here, at {facts.stopped}"
        times = f"×{piece.times:,}" if piece.times > 1 else ""
        self._boxes.append(Box(group.id, tuple(kinds), piece.title, times, detail.strip("\n")))

    def _output_boxes(self) -> None:
        """What the program holds on to: results that nothing was made of, and where a backward started."""
        per_home: defaultdict[str, dict[str, tuple[Node, Tensor | None, bool]]] = defaultdict(dict)
        for node, started, tensors in self._scope.ends:
            made: list[Tensor | None] = list(tensors) or ([None] if started else [])
            for tensor in made:
                name = tensor.name or "" if tensor else ""
                per_home[self._links.box_of(node.id)][name] = node, tensor, started
        groups = {group.id for group in self._folding.folded}
        for home, outputs in per_home.items():
            most = _MOST_OUTPUTS_PER_FOLD if home in groups else len(outputs)
            for node, tensor, started in list(outputs.values())[-most:]:
                self._output(home, node, tensor, started)

    def _output(self, home: str, node: Node, tensor: Tensor | None, started: bool) -> None:
        box_id = tensor.id if tensor is not None else f"{node.id}~output"
        title = (tensor.name if tensor is not None else None) or "output"
        value = tensor_words(tensor, self._options) if tensor is not None else ""
        step = self._index.last_step.get(node.id)
        arrived = started and step is not None and len(step.grad_outputs) > 0
        label = edge_words(step.grad_outputs[0], self._options) if step is not None and arrived else ""
        self._outputs.setdefault(node.id, box_id)
        self._boxes.append(Box(box_id, ("output",), title, value))
        kinds = ("output", "travelled") if label else ("output",)
        self._links.made.append(Link(box_id, home, kinds, label, (node.id, -1) if started else None))

    # --- leaves

    def _leaves(self) -> None:
        functions = len(self._scope.functions)
        for place in range(len(self._scope.nodes) - 1, functions - 1, -1):
            if self._folding.home[place] != place:
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
        total = change.total if change is not None else None
        value, grad = leaf_words(tensor, total, change is not None, self._options)
        leaf = f"{node.id}~leaf"
        self._boxes.append(Box(node.id, ("function",), node.name))
        self._boxes.append(Box(leaf, ("leaf",), node.leaf or "", value, grad))
        kinds = ("gradient", "travelled") if grad else ("gradient",)
        self._links.made.append(Link(node.id, leaf, kinds, "", (node.id, -2)))

    # --- frames

    def _frames(self) -> tuple[Frame, ...]:
        """Modules are always framed; loops and lines where the graph is large enough to get lost in."""
        large = len(self._scope.functions) >= _FRAMES_FROM
        framed = [
            group
            for group in self._folding.opened
            if group.piece.kind == "module" or (large and group.piece.kind != "line")
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
        for home in self._visible():
            start = home.piece.first if isinstance(home, Group) else self._scope.place[home.id]
            inside = [group for group in framed if group.piece.first <= start < group.piece.end]
            if inside:
                boxes[inside[-1].id] += [box for box in (home.id, f"{home.id}~saved") if box in drawn]
        for leaf, first, last in self._scope.used_between():
            inside = [group for group in framed if group.piece.first <= first and last < group.piece.end]
            if inside:
                boxes[inside[-1].id] += [box for box in (leaf, f"{leaf}~leaf") if box in drawn]
        return tuple(Frame(g.id, g.piece.title, tuple(boxes[g.id]), parents[g.id]) for g in framed)
