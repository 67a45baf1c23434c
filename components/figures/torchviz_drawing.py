"""Which of the trace's torchviz drawings to show."""

from __future__ import annotations

from components.trace import Drawing, Trace


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
