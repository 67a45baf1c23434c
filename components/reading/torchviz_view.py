"""The torchviz view of a trace: what can be drawn, what has to be asked for it, and what the player is sent."""

from __future__ import annotations

from msgspec import UNSET, Struct

from ..facts import TraceIndex
from ..figures import (
    LayoutProblem,
    Picture,
    PlayerData,
    draw_torchviz,
    drawn_again,
    player_data,
    torchviz_choices,
    torchviz_dot,
    torchviz_question,
    why_not_drawn,
)
from ..trace import Draw, Trace
from ..trace.codec import collector_paused
from .graph_view import nothing_drawn
from .pictures import ways


class TorchvizAsked(Struct, frozen=True, kw_only=True):
    """What is wanted: a drawing by its name (else the first), with torchviz's switches.

    ``answer`` is what its program has answered to ``torchviz_needs``; ``instead`` is said while there is no answer.
    """

    of: str = ""
    show_attrs: bool = False
    show_saved: bool = False
    answer: Trace | None = None
    instead: str = ""


def torchviz_needs(index: TraceIndex, asked: TorchvizAsked) -> tuple[list[str], Draw | None]:
    """Return the names of all drawings, and what the program has to be asked for this one, if it has."""
    names = torchviz_choices(index.trace)
    of = asked.of if asked.of in names else None
    drawing = torchviz_dot(index.trace, of, show_attrs=asked.show_attrs, show_saved=asked.show_saved)
    missing = drawing is not None and drawing.dot is UNSET
    return names, torchviz_question(index.trace, of, drawing) if drawing is not None and missing else None


def torchviz_view(index: TraceIndex, asked: TorchvizAsked) -> PlayerData:
    """Draw a torchviz view."""
    with collector_paused():
        picture, title, empty, dot = _drawn(index.trace, asked)
        return player_data(index, picture, kind="torchviz", title=title, empty=empty, dot=dot)


def _drawn(trace: Trace, asked: TorchvizAsked) -> tuple[Picture | LayoutProblem | None, str, str, str]:
    """Return the picture, the title, what is said where there is no picture, and the DOT text."""
    of = asked.of if asked.of in torchviz_choices(trace) else None
    drawing = torchviz_dot(trace, of, show_attrs=asked.show_attrs, show_saved=asked.show_saved)
    if drawing is None:
        return None, "torchviz", nothing_drawn(trace), ""
    if drawing.dot is UNSET and asked.answer is None:
        return None, "torchviz", asked.instead, ""
    if drawing.dot is UNSET and asked.answer is not None:
        again = drawn_again(drawing, asked.answer)
        if isinstance(again, str):
            return LayoutProblem("too_large", again), "torchviz", "", ""
        drawing = again
    if not isinstance(drawing.dot, str):
        return LayoutProblem("too_large", why_not_drawn(trace, drawing)), "torchviz", "", ""
    drawn = draw_torchviz(drawing.dot, ways())
    said = f" · {drawn.gave_up} · the Lab view folds it" if drawn.gave_up else ""
    if (drawing.show_attrs, drawing.show_saved) != (asked.show_attrs, asked.show_saved):
        said += " · without show_attrs and show_saved: reading what the program packed would run it"
    return drawn.image, f"make_dot({drawing.of}){said}", "", drawing.dot
