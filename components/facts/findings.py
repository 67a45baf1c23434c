"""All that a run has to be looked at for: the first bad number, gradients that explode or vanish, dead units.

Each leads to the moment of the story at which it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from .dead_units import dead_units
from .events import EventNumbers
from .first_bad import first_bad
from .gradient_health import MOST_FINDINGS, Illness
from .index import TraceIndex
from .layer_health import trends


@dataclass(frozen=True)
class Finding:
    """``text`` is a sentence, ``number`` the event at which it is seen, ``node`` where, made by ``line``.

    ``first`` is whether it is a first bad number.
    """

    illness: Illness
    text: str
    node: str | None
    number: int | None
    line: int | None
    first: bool = False


def findings(index: TraceIndex) -> list[Finding]:
    """Return what there is to look at, the first bad numbers first.

    One more than ``MOST_FINDINGS`` says that there are more.
    """
    events, runs = index.once(EventNumbers), index.trace.backwards
    first = first_bad(index)
    found = [Finding(one.bad or "nan", one.text, one.node, one.number, one.line, first=True) for one in first]
    for trend in trends(index):
        number = events.of_visit(runs[trend.run].id, trend.place)
        found.append(Finding(trend.illness, trend.text, trend.node, number, index.nodes[trend.node].line))
    found += [Finding("dead", one.text, one.node, one.number, one.line) for one in dead_units(index)]
    told = {(one.run, one.place) for one in first}
    for bad in index.bad_gradients:
        if (bad.run, bad.place) not in told:
            node, number = index.nodes[bad.node], events.of_visit(runs[bad.run].id, bad.place)
            # The engine comes to a leaf in grad() too, which leaves its .grad alone.
            leaf = f"{node.leaf}.grad" if runs[bad.run].call == "backward" else f"Gradient of {node.leaf}"
            name = node.name if node.leaf is None else leaf
            found.append(Finding(bad.illness, f"{name}: {bad.text}", bad.node, number, node.line))
    return found[: MOST_FINDINGS + 1]
