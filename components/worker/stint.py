"""How long one run has worked, and in which place: it leaves a place for short runs in time, stands, and goes on.

A program's time is neither what it stood nor what it waited for a processor that others had: none is stopped because
the server is busy.
"""

from __future__ import annotations

import time

from .limits import Limits
from .places import Turn
from .process_use import Use, use_of
from .supervisor import Child, ZygoteProcess

# How many times its own time a program may wait for a processor, so that every run ends.
_MOST_WAITING = 5.0
# How soon a program that was told that its time is over is told again.
_TELL_SECONDS = 0.1


class Stint:
    """The time and the place of one run in one child, from the moment at which it is asked for."""

    def __init__(self, turn: Turn, limits: Limits, zygote: ZygoteProcess) -> None:
        self._turn = turn
        self._limits = limits
        self._zygote = zygote
        self.began = time.monotonic()
        self._first: Use | None = None
        self._use = Use()
        self._lowered = False
        self._stood = 0.0
        self._standing_since: float | None = None
        self._tell_again = 0.0

    def begin(self) -> None:
        """Count from now on."""
        self.began = time.monotonic()

    def look(self, child: Child) -> Use:
        """Return what the child uses."""
        self._use = use_of(child.pid)
        self._first = self._first or self._use
        return self._use

    def seconds(self) -> float:
        """Return the seconds that count as the program's own."""
        now = time.monotonic()
        stood = self._stood + (now - self._standing_since if self._standing_since is not None else 0.0)
        waited = self._use.waited_seconds - (self._first or self._use).waited_seconds
        return now - self.began - stood - min(waited, _MOST_WAITING * self._limits.wall_seconds)

    def left(self) -> float:
        """Return how many seconds the program has left; once that is over, when it is to be told so again."""
        return max(self._limits.wall_seconds - self.seconds(), self._tell_again - time.monotonic())

    @property
    def late(self) -> bool:
        """Whether the program was told that its time is over."""
        return self._tell_again > 0

    def tell_if_late(self, child: Child) -> None:
        """Tell the child that its program's time is over, if it is."""
        if self.left() <= 0:
            self._tell_again = time.monotonic() + _TELL_SECONDS
            self._zygote.late(child)

    def keep_place(self, child: Child, *, ending: bool) -> None:
        """Leave a place for short runs in time; stand, and go on, as places are free, or to come to an end.

        Raises ``QueueFull`` where no more runs can stand.
        """
        turn = self._turn
        if turn.is_over(self._use.processor_seconds, self.seconds()):
            turn.move_on(max(0, self._use.memory_mb - (self._first or self._use).memory_mb))
        if turn.place == "long" and not self._lowered:
            self._lowered = True
            self._zygote.lower(child)
        if self._standing_since is None:
            if turn.place == "standing" and not ending:
                self._standing_since = time.monotonic()
                self._zygote.pause(child)
        elif turn.place != "standing" or ending:
            self._stood += time.monotonic() - self._standing_since
            self._standing_since = None
            self._zygote.resume(child)
