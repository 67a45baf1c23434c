"""What happened in a run, as arrays and tables: made once for a trace, asked anew for every folding of its graph."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..trace_tables import TraceTables
from .happenings import happenings

Ints = NDArray[np.int64]
KINDS = ("call", "line", "born", "begin", "node", "built", "end", "error")


class Chronicle:
    """By place in the order of happenings: ``kinds`` (of ``KINDS``), ``steps``, ``nodes`` and ``runs``; -1 is none.

    ``nodes`` are places in the trace's list of nodes. ``births`` and ``visits`` are by node: the place of its birth (of
    a leaf's, that of the first node that uses it), and the places at which the engine was there.
    """

    def __init__(self, index: TraceTables) -> None:
        trace = index.trace
        self.all = happenings(trace)
        places = {node.id: place for place, node in enumerate(trace.nodes)}
        numbers = {kind: number for number, kind in enumerate(KINDS)}
        self.kinds: Ints = np.array([numbers[one.kind] for one in self.all], dtype=np.int64)
        self.steps: Ints = np.array([-1 if one.step is None else one.step for one in self.all], dtype=np.int64)
        self.runs: Ints = np.array([-1 if one.run is None else one.run for one in self.all], dtype=np.int64)
        self.nodes: Ints = np.array([places.get(one.node or "", -1) for one in self.all], dtype=np.int64)
        leaf = np.array([node.leaf is not None for node in trace.nodes] or [False])
        self.leaves = leaf[self.nodes] & (self.nodes >= 0)
        self.births: dict[str, int] = {}
        self.visits: defaultdict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self.all):
            if one.kind == "node" and one.node is not None:
                self.visits[one.node].append(place)
            elif one.kind == "born" and one.node is not None:
                self.births[one.node] = place
            elif one.kind == "built" and one.run is not None:
                self.births.update(dict.fromkeys(index.built_by[trace.backwards[one.run].id], place))
        for edge in trace.edges:
            if edge.source in self.births and index.nodes[edge.target].leaf is not None:
                user = self.births[edge.source]
                self.births[edge.target] = min(user, self.births.get(edge.target, user))
