"""A trace made ready for pictures: its tables, its graphs, what happened in order; each made once, when asked for."""

from __future__ import annotations

from functools import cached_property

from ..trace import Trace
from .cards.records import Card, Pass
from .lab.scope import Scope
from .story.chronicle import Chronicle
from .trace_tables import TraceTables


class TraceIndex(TraceTables):
    """What the pictures of one trace share; it remembers how its graphs were folded before."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self._scopes: dict[tuple[str, ...] | None, Scope] = {}
        # What was told before: cards of nodes, and the engine's visits by node, run and place in it. When things happen
        # depends on what is folded, the rest does not.
        self.told_cards: dict[str, Card] = {}
        self.told_passes: dict[tuple[str, int, int], Pass] = {}

    def scope(self, roots: tuple[str, ...] | None) -> Scope:
        """Return the graph below some nodes, or the whole of what the program built."""
        if roots not in self._scopes:
            self._scopes[roots] = Scope(self, None if roots is None else self.reachable(list(roots)))
        return self._scopes[roots]

    @cached_property
    def chronicle(self) -> Chronicle:
        """What happened, in order."""
        return Chronicle(self)
