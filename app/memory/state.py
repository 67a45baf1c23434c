"""What the Memory page remembers: the memory of the trace that it shows, what was clicked and what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app import graph, session
from components.facts import TraceIndex
from components.facts.memory.index import MemoryIndex, memory_index

PAGE = "memory"
# The key of the control that says at which moment to look.
AT = f"{PAGE}:at"

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class MemoryView:
    """The memory of one trace, and a cache of the figures and tables that were asked for."""

    index: TraceIndex
    tables: MemoryIndex
    _cache: dict[object, Any] = field(default_factory=dict)

    def once(self, name: object, make: Callable[[], _Made]) -> _Made:
        """Return what ``make`` makes, worked out the first time that something of this name is asked for."""
        if name not in self._cache:
            self._cache[name] = make()
        made: _Made = self._cache[name]
        return made


@dataclass
class MemoryState:
    """What the page remembers."""

    view: MemoryView | None = None
    clicked: int | None = None
    """The event of memory that was clicked last."""
    at: str = "peak"
    """What the control ``AT`` said last: Streamlit forgets it in a run that does not show the control."""
    section: str = "What was alive"


def memory_state() -> MemoryState:
    """Return what this session's Memory page remembers."""
    return session.remembered(MemoryState, PAGE)


def view_of(index: TraceIndex) -> MemoryView | None:
    """Return the memory of a trace, read once; ``None`` if it has none. Another trace forgets what was clicked."""
    state = memory_state()
    if state.view is not None and state.view.index.trace is index.trace:
        return state.view
    state.view, state.clicked, state.at = None, None, "peak"
    session.widgets().pop(AT, None)
    graph.stop_leading(PAGE)
    tables = memory_index(index)
    if tables is not None:
        state.view = MemoryView(index, tables)
    return state.view


def click(custom: list[Any]) -> None:
    """Follow a click on a point of a figure, whose custom data begin with an event and a moment, or -1."""
    event, moment = custom[0], custom[1]
    if isinstance(event, int) and event >= 0:
        memory_state().clicked = event
        session.widgets()[AT] = "clicked"
    if isinstance(moment, int) and moment >= 0:
        graph.lead(PAGE, moment)
