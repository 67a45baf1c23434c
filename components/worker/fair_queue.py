"""Who runs next: one person's twenty programs must not make the other students wait.

Owners take turns; those with the fewest programs running go first. The queue is bounded for each owner and in all.
It knows nothing of threads: the pool holds its lock around every call.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueFull(Exception):
    """There is no place; the message says whose places are taken."""


class FairQueue(Generic[Item]):
    """A first-in first-out queue for each owner, served in turn."""

    def __init__(self, total: int, per_owner: int) -> None:
        self._total = total
        self._per_owner = per_owner
        self._waiting: OrderedDict[str, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(items) for items in self._waiting.values())

    def put(self, owner: str, item: Item) -> None:
        """Add an item at the end of its owner's queue; raises ``QueueFull``."""
        if len(self._waiting.get(owner, ())) >= self._per_owner:
            raise QueueFull(f"{self._per_owner} of your programs are already waiting to run. Wait for one to finish.")
        if len(self) >= self._total:
            raise QueueFull(f"The server is busy: {self._total} programs are waiting. Run this again in a moment.")
        self._waiting.setdefault(owner, deque()).append(item)

    def take(self, running: Mapping[str, int]) -> Item | None:
        """Remove and return the next item, given how many items of each owner are running; ``None`` if empty."""
        if not self._waiting:
            return None
        # min() keeps the first of equals, which is the owner who has waited longest for a turn.
        owner = min(self._waiting, key=lambda name: running.get(name, 0))
        items = self._waiting[owner]
        item = items.popleft()
        if items:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        return item

    def remove(self, item: Item) -> bool:
        """Take an item out of turn; return whether it was there."""
        for owner, items in self._waiting.items():
            if item in items:
                items.remove(item)
                if not items:
                    del self._waiting[owner]
                return True
        return False

    def ahead(self, item: Item) -> int:
        """Return how many items will be taken before this one if owners simply take turns; 0 if it is not there."""
        for turn, (owner, items) in enumerate(self._waiting.items()):
            if item in items:
                place = items.index(item)
                others = [len(queue) for name, queue in self._waiting.items() if name != owner]
                # Owners whose turn comes first get one item more in before this one.
                return place + sum(min(n, place + (i < turn)) for i, n in enumerate(others))
        return 0

    def clear(self) -> list[Item]:
        """Remove and return everything."""
        items = [item for queue in self._waiting.values() for item in queue]
        self._waiting.clear()
        return items
