"""Which of the trace's torchviz drawings to show."""

from __future__ import annotations

from ..trace import Caps, Drawing, Trace


def torchviz_choices(trace: Trace) -> list[str]:
    """Return what was drawn, in order, one name per drawing: ``y``, ``loss``, ``loss #2``."""
    return list(_by_name(trace))


def torchviz_dot(
    trace: Trace, of: str | None = None, *, show_attrs: bool = False, show_saved: bool = False
) -> Drawing | None:
    """Return a drawing (the first, if ``of`` is ``None``); the plain one where the asked for variant is not there."""
    drawings = _by_name(trace)
    variants = drawings.get(of) if of is not None else next(iter(drawings.values()), None)
    if not variants:
        return None
    wanted = [d for d in variants if (d.show_attrs, d.show_saved) == (show_attrs, show_saved) and d.dot is not None]
    return (wanted or variants)[0]


def why_not_drawn(trace: Trace, drawing: Drawing) -> str:
    """Say why torchviz's drawing is missing: the graph is too large for it, or it failed."""
    failed = next((note.message for note in trace.notes if note.observer == "torchviz"), None)
    if failed is not None and drawing.nodes <= Caps().drawing_nodes:
        return f"torchviz could not draw this graph. {failed}"
    return f"This graph has {drawing.nodes:,} nodes, too many for torchviz. The Lab view folds it."


def _by_name(trace: Trace) -> dict[str, list[Drawing]]:
    named: dict[str, list[Drawing]] = {}
    counts: dict[str, int] = {}
    name = ""
    for drawing in trace.torchviz:
        if not (drawing.show_attrs or drawing.show_saved):
            counts[drawing.of] = counts.get(drawing.of, 0) + 1
            name = drawing.of if counts[drawing.of] == 1 else f"{drawing.of} #{counts[drawing.of]}"
        named.setdefault(name, []).append(drawing)
    return named
