"""Who runs next: one person's twenty programs, or twenty tabs, must not make the others wait.

Addresses take turns, and within an address its persons do, since a whole class may sit behind one address; those with
the fewest programs running go first. The queue is bounded for each person, for each address and in all.
It knows nothing of threads: the pool holds its lock around every call.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item", bound=Hashable)
Thing = TypeVar("Thing")


class Owner(NamedTuple):
    """Whose program it is: the address that it came from, and the person there: a browser, with all its tabs."""

    address: str = ""
    person: str = ""


class QueueFull(Exception):
    """There is no place; the message says whose places are taken."""


class FairQueue(Generic[Item]):
    """A first-in first-out queue for each person of each address, served in turn. Items are told apart by hash."""

    def __init__(self, total: int, per_person: int, per_address: int | None = None) -> None:
        self._total = total
        self._per_person = per_person
        self._per_address = per_address or total
        self._waiting: OrderedDict[str, OrderedDict[str, deque[Item]]] = OrderedDict()
        self._owners: dict[Item, Owner] = {}
        self._ahead: dict[Item, int] | None = None

    def __len__(self) -> int:
        return len(self._owners)

    def put(self, owner: Owner, item: Item) -> None:
        """Add an item at the end of its person's queue; raises ``QueueFull``."""
        persons: Mapping[str, deque[Item]] = self._waiting.get(owner.address, {})
        if len(persons.get(owner.person, ())) >= self._per_person:
            raise QueueFull(f"{self._per_person} of your programs are already waiting to run. Wait for one to finish.")
        if sum(map(len, persons.values())) >= self._per_address < self._total:
            raise QueueFull(
                f"{self._per_address} programs from your network address are waiting. Run this again in a moment."
            )
        if len(self) >= self._total:
            raise QueueFull(f"The server is busy: {self._total} programs are waiting. Run this again in a moment.")
        self._waiting.setdefault(owner.address, OrderedDict()).setdefault(owner.person, deque()).append(item)
        self._owners[item], self._ahead = owner, None

    def take(self, running: Mapping[Owner, int], most: int | None = None) -> Item | None:
        """Remove and return the next item, given how many items of each owner are running; ``None`` if there is none.

        A person with ``most`` items running has to wait.
        """
        there: Counter[str] = Counter()
        for owner, number in running.items():
            there[owner.address] += number
        free = {
            address: names
            for address, persons in self._waiting.items()
            if (names := [name for name in persons if most is None or running.get(Owner(address, name), 0) < most])
        }
        if not free:
            return None
        # min() keeps the first of equals, which is the one that has waited longest for a turn.
        address = min(free, key=there.__getitem__)
        person = min(free[address], key=lambda name: running.get(Owner(address, name), 0))
        item = self._waiting[address][person][0]
        self._waiting.move_to_end(address)
        self._waiting[address].move_to_end(person)
        self.remove(item)
        return item

    def remove(self, item: Item) -> bool:
        """Take an item out of turn; return whether it was there."""
        owner = self._owners.pop(item, None)
        if owner is None:
            return False
        self._ahead = None
        persons = self._waiting[owner.address]
        persons[owner.person].remove(item)
        if not persons[owner.person]:
            del persons[owner.person]
        if not persons:
            del self._waiting[owner.address]
        return True

    def ahead(self, item: Item) -> int:
        """Return how many items will be taken before this one if owners simply take turns; 0 if it is not there."""
        if self._ahead is None:
            order = _in_turn(_in_turn(persons.values()) for persons in self._waiting.values())
            self._ahead = {one: number for number, one in enumerate(order)}
        return self._ahead.get(item, 0)

    def clear(self) -> list[Item]:
        """Remove and return everything."""
        items = list(self._owners)
        self._waiting.clear()
        self._owners.clear()
        self._ahead = None
        return items


_NONE = object()


def _in_turn(queues: Iterable[Iterable[Thing]]) -> Iterator[Thing]:
    """Yield the first of each queue, then the second of each, and so on."""
    for layer in zip_longest(*queues, fillvalue=_NONE):
        yield from (item for item in layer if item is not _NONE)  # type: ignore[misc]
