"""Layouts that are remembered, in whichever process draws: opening a page again, or its classmate, lays nothing out."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from ..figures import LayoutProblem, Picture, Ways, layout_svg, svg_ways

_MOST = 200
# What was too slow is not tried again at once, or each click would take that time.
_SECONDS = 60.0


class Pictures:
    """Pictures by their DOT text, the last ones. Safe to use from many threads."""

    def __init__(
        self,
        lay_out: Callable[[str], Picture | LayoutProblem] = layout_svg,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lay_out = lay_out
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Picture | LayoutProblem, float]] = OrderedDict()

    def picture(self, dot: str) -> Picture | LayoutProblem:
        """Lay out a DOT text, or remember how it was."""
        with self._lock:
            known, made = self._known.get(dot, (None, 0.0))
            if known is not None and not (_passes(known) and self._clock() - made > _SECONDS):
                self._known.move_to_end(dot)
                return known
        found = self._lay_out(dot)
        if not (isinstance(found, LayoutProblem) and found.reason == "busy"):
            with self._lock:
                self._known[dot] = found, self._clock()
                self._known.move_to_end(dot)
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return found


def _passes(found: Picture | LayoutProblem) -> bool:
    return isinstance(found, LayoutProblem) and found.reason == "timeout"


_pictures = Pictures()


def ways() -> Ways[Picture]:
    """Return how pages make pictures."""
    return replace(svg_ways(), lay_out=_pictures.picture)
