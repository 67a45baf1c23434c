"""Which drawings of torchviz a trace knows of, and how one is had that nobody has asked for yet.

torchviz draws what PyTorch holds while the program runs. A small graph is drawn at once; any other drawing, and those
with torchviz's switches, when somebody asks: the program then runs again, with that question.
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from ..trace import Caps, Draw, Drawing, Trace


def torchviz_choices(trace: Trace) -> list[str]:
    """Return what was drawn, in order, one name per drawing: ``y``, ``loss``, ``loss #2``."""
    return list(_by_name(trace))


def torchviz_dot(
    trace: Trace, of: str | None = None, *, show_attrs: bool = False, show_saved: bool = False
) -> Drawing | None:
    """Return a drawing (the first, if ``of`` is ``None``), without its DOT text where that was not asked for yet."""
    drawings = _by_name(trace)
    variants = drawings.get(of) if of is not None else next(iter(drawings.values()), None)
    if not variants:
        return None
    wanted = [d for d in variants if (d.show_attrs, d.show_saved) == (show_attrs, show_saved)]
    if wanted or variants[0].dot is None:
        return (wanted or variants)[0]
    return replace(variants[0], show_attrs=show_attrs, show_saved=show_saved, dot=UNSET)


def torchviz_question(trace: Trace, of: str | None, drawing: Drawing) -> Draw:
    """Return what to ask the trace's program, to have it draw what it has not drawn yet."""
    number = torchviz_choices(trace).index(of) if of is not None else 0
    return Draw(number=number, show_attrs=drawing.show_attrs, show_saved=drawing.show_saved)


def drawn_again(drawing: Drawing, answer: Trace) -> Drawing | str:
    """Return what the program has drawn when it was asked to, or why it has not."""
    if answer.failure is not None:
        return f"torchviz draws this graph in another run of the program, which failed. {answer.failure.message}"
    drawn = next(iter(answer.torchviz), None)
    if drawn is None or (drawn.of, drawn.nodes) != (drawing.of, drawing.nodes):
        return "torchviz draws this graph in another run of the program, which built another graph."
    return drawn if isinstance(drawn.dot, str) else why_not_drawn(answer, drawn)


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
