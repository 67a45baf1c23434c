"""The places in which programs run: many short programs are never kept waiting by long ones.

Every run begins in a place for short runs. One that goes on moves to a place for long runs, at a lower priority; where
none is free it stands still until one is, and what it stands does not count as its time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Literal

from .fair_queue import FairQueue, Owner, QueueFull
from .machine import Shape

# A run is short as long as it has used so much processor time; and, if it waits more than it works, so much time.
SHORT_PROCESSOR_SECONDS = 1.0
SHORT_SECONDS = 3.0
_MOST_STANDING = 32
Place = Literal["short", "long", "standing"]


class Places:
    """Counts who is where. Safe to use from many threads: all share the lock of the pool.

    ``on_free`` is called, with the lock held, when a place for short runs has become free.
    """

    def __init__(self, shape: Shape, lock: threading.Condition, on_free: Callable[[], object]) -> None:
        self._shape = shape
        self._lock = lock
        self._on_free = on_free
        self.running: Counter[Owner] = Counter()
        self._long: Counter[Owner] = Counter()
        self._short = 0
        self._standing: FairQueue[Turn] = FairQueue(_MOST_STANDING, _MOST_STANDING // 2, _MOST_STANDING // 2)
        self._standing_mb = 0

    @property
    def free(self) -> bool:
        """Whether a run can begin."""
        return self._short < self._shape.short

    def begin(self, owner: Owner) -> Turn:
        """Take a place for short runs, of which one is free."""
        self._short += 1
        self.running[owner] += 1
        return Turn(self, owner, keeps=self._shape.long == 0)

    def move_on(self, turn: Turn, memory_mb: int) -> None:
        """Leave the place for short runs; raises ``QueueFull`` where no more runs can stand."""
        with self._lock:
            if self._long.total() < self._shape.long:
                turn.place = "long"
                self._long[turn.owner] += 1
            else:
                if self._standing_mb + memory_mb > self._shape.standing_mb:
                    raise QueueFull(f"{len(self._standing)} other long programs are waiting")
                self._standing.put(turn.owner, turn)
                turn.place, turn.memory_mb = "standing", memory_mb
                self._standing_mb += memory_mb
            self._short -= 1
            self._on_free()

    def ahead(self, turn: Turn) -> int:
        """Return how many runs that stand go on before this one."""
        with self._lock:
            return self._standing.ahead(turn)

    def end(self, turn: Turn) -> None:
        """Leave whichever place it is."""
        with self._lock:
            self.running -= Counter([turn.owner])
            if turn.place == "short":
                self._short -= 1
                self._on_free()
            elif turn.place == "standing":
                self._standing.remove(turn)
                self._standing_mb -= turn.memory_mb
            else:
                self._long -= Counter([turn.owner])
                self._go_on()

    def _go_on(self) -> None:
        turn = self._standing.take(self._long)
        if turn is not None:
            turn.place = "long"
            self._standing_mb -= turn.memory_mb
            self._long[turn.owner] += 1


class Turn:
    """Where one run is. ``keeps``: it stays where it began, however long it takes."""

    def __init__(self, places: Places, owner: Owner, *, keeps: bool) -> None:
        self._places = places
        self.owner = owner
        self.place: Place = "short"
        self.memory_mb = 0
        self._keeps = keeps

    def is_over(self, processor_seconds: float, seconds: float) -> bool:
        """Whether a run that has used so much must leave its place for short runs."""
        if self._keeps or self.place != "short":
            return False
        return processor_seconds >= SHORT_PROCESSOR_SECONDS or seconds >= SHORT_SECONDS

    def move_on(self, memory_mb: int) -> None:
        """Go to a place for long runs, or stand until one is free; raises ``QueueFull`` where no more can stand."""
        self._places.move_on(self, memory_mb)

    def ahead(self) -> int:
        """Return how many runs that stand go on before this one."""
        return self._places.ahead(self)

    def end(self) -> None:
        """Leave the place; once."""
        self._places.end(self)
