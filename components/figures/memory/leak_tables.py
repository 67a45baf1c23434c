"""What the search for leaks looks up again and again, read once, and walks through the graph that end in time.

A program may have hundreds of lines that keep something; each must not read the whole trace again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from ...trace import Step
from .tables import MemoryTables

MOST_WALKED = 400_000


class LeakTables:
    """Look-up tables over a trace for its loops; ``walked`` counts the nodes that were visited so far."""

    def __init__(self, tables: MemoryTables) -> None:
        self.tables = tables
        self.walked = 0

    @cached_property
    def steps(self) -> dict[int, list[Step]]:
        """The steps of each line, in order."""
        found: defaultdict[int, list[Step]] = defaultdict(list)
        for step in self.tables.index.trace.steps:
            found[step.line].append(step)
        return found

    def node_of(self, variable: str, step: int) -> str | None:
        """Return the ``grad_fn`` of what a variable was bound to last, up to a step of that index."""
        indices, nodes = self._bound.get(variable, ([], []))
        place = bisect_right(indices, step)
        return nodes[place - 1] if place else None

    @cached_property
    def _bound(self) -> dict[str, tuple[list[int], list[str | None]]]:
        found: defaultdict[str, tuple[list[int], list[str | None]]] = defaultdict(lambda: ([], []))
        for step in self.tables.index.trace.steps:
            for name, value in step.variables.items():
                tensor = self.tables.index.tensors.get(value)
                found[name][0].append(step.index)
                found[name][1].append(tensor.node if tensor is not None else None)
        return found

    @cached_property
    def passed(self) -> dict[str, list[int]]:
        """The engine runs, by their place in the trace, that passed each node."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, run in enumerate(self.tables.index.trace.backwards):
            for step in run.steps:
                found[step.node].append(place)
        return found

    @cached_property
    def elements(self) -> defaultdict[str, list[str | None]]:
        """The ``grad_fn`` of each list's elements at the program's end, by the list's name."""
        found: defaultdict[str, list[str | None]] = defaultdict(list)
        for tensor in self.tables.index.trace.tensors:
            if tensor.name is not None and tensor.name.endswith("]"):
                found[tensor.name.partition("[")[0]].append(tensor.node)
        return found

    def reached(self, roots: Iterable[str], since: str | None = None) -> set[str] | None:
        """Return the nodes that the gradient of ``roots`` can reach, ``None`` where that would take too long.

        With ``since``, only those that are not older than that node. All walks together visit ``MOST_WALKED`` nodes.
        """
        oldest = self._places.get(since or "", 0)
        found: set[str] = set()
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node in found or self._places.get(node, 0) < oldest:
                continue
            found.add(node)
            targets = self.tables.index.edges_from.get(node, ())
            pending.extend(edge.target for edge in targets)
            self.walked += 1 + len(targets)
            if self.walked > MOST_WALKED:
                return None
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {node.id: place for place, node in enumerate(self.tables.index.trace.nodes)}
