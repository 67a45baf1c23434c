"""Owners take turns, and the queue is bounded."""

from __future__ import annotations

import pytest

from components.worker.fair_queue import FairQueue, QueueFull


def filled(*items: str) -> FairQueue[str]:
    """Return a queue of items like "a1": the first letter is the owner."""
    queue: FairQueue[str] = FairQueue(total=100, per_owner=50)
    for item in items:
        queue.put(item[0], item)
    return queue


def taken(queue: FairQueue[str]) -> list[str]:
    """Empty the queue."""
    return [item for _ in range(len(queue)) if (item := queue.take({})) is not None]


def test_one_owner_is_served_in_order() -> None:
    assert taken(filled("a1", "a2", "a3")) == ["a1", "a2", "a3"]


def test_twenty_programs_of_one_owner_do_not_hold_up_another() -> None:
    queue = filled(*(f"a{n}" for n in range(20)), "b0")
    assert taken(queue)[:3] == ["a0", "b0", "a1"]


def test_owners_take_turns() -> None:
    assert taken(filled("a1", "a2", "a3", "b1", "b2", "c1")) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_an_owner_with_less_running_goes_first() -> None:
    queue = filled("a1", "b1")
    assert queue.take({"a": 2, "b": 1}) == "b1"


def test_ahead_counts_what_is_taken_before() -> None:
    queue = filled("a1", "a2", "a3", "b1", "b2", "c1")
    order = taken(filled("a1", "a2", "a3", "b1", "b2", "c1"))
    assert [queue.ahead(item) for item in order] == [0, 1, 2, 3, 4, 5]
    assert queue.ahead("nobody's") == 0


def test_an_empty_queue_gives_nothing() -> None:
    assert filled().take({}) is None


def test_removed_items_do_not_run() -> None:
    queue = filled("a1", "b1", "a2")
    assert queue.remove("a1")
    assert not queue.remove("a1")
    assert taken(queue) == ["a2", "b1"]
    assert len(queue) == 0


def test_an_owner_has_a_bounded_number_of_places() -> None:
    queue: FairQueue[str] = FairQueue(total=10, per_owner=2)
    queue.put("a", "a1")
    queue.put("a", "a2")
    with pytest.raises(QueueFull, match="2 of your programs"):
        queue.put("a", "a3")
    queue.put("b", "b1")


def test_the_queue_is_bounded_in_all() -> None:
    queue: FairQueue[str] = FairQueue(total=2, per_owner=2)
    queue.put("a", "a1")
    queue.put("b", "b1")
    with pytest.raises(QueueFull, match="2 programs are waiting"):
        queue.put("c", "c1")


def test_clear_returns_everything() -> None:
    queue = filled("a1", "b1")
    assert sorted(queue.clear()) == ["a1", "b1"]
    assert len(queue) == 0
