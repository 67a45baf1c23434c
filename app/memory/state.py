"""What the Memory page remembers of the trace that it shows: its tables, what was clicked, where the player goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app import session
from components.facts import TraceIndex
from components.facts.memory.index import MemoryIndex, memory_index

PAGE = "memory"
_SHOWN, _GOTO, _CLICKED, AT = "memory:shown", "memory:goto", "memory:clicked", "memory:at"
# What a control said is kept beside it: Streamlit forgets it in a run that does not show the control.
AT_KEPT = "memory:at:kept"


@dataclass(frozen=True)
class Shown:
    """The memory of one trace; ``worked_out`` are figures and tables that were asked for before."""

    index: TraceIndex
    tables: MemoryIndex
    worked_out: dict[Any, Any] = field(default_factory=dict)


def shown(index: TraceIndex) -> Shown | None:
    """Return the memory of a trace, read once; ``None`` if it has none. Another trace forgets what was clicked."""
    kept = session.state().get(_SHOWN)
    if isinstance(kept, Shown) and kept.index.trace is index.trace:
        return kept
    for key in (_SHOWN, _GOTO, _CLICKED, AT, AT_KEPT):
        session.state().pop(key, None)
    tables = memory_index(index)
    if tables is None:
        return None
    made = session.state()[_SHOWN] = Shown(index, tables)
    return made


def goto() -> tuple[int, int] | None:
    """Return where the player is to go: the number of the request and the happening."""
    found: tuple[int, int] | None = session.state().get(_GOTO)
    return found


def clicked() -> int | None:
    """Return the event that was clicked last."""
    found: int | None = session.state().get(_CLICKED)
    return found


def click(custom: list[Any]) -> None:
    """Follow a click on a point of a figure, whose custom data begin with an event and a moment, or -1."""
    event, moment = custom[0], custom[1]
    if isinstance(event, int) and event >= 0:
        session.state()[_CLICKED] = event
        session.state()[AT] = "clicked"
    if isinstance(moment, int) and moment >= 0:
        session.state()[_GOTO] = (goto() or (0, 0))[0] + 1, moment
