"""Owners take turns, and the queue is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.worker.fair_queue import FairQueue, Owner, QueueFull

A, B, C = Owner("a"), Owner("b"), Owner("c")


def filled(*items: str) -> FairQueue[str]:
    """Return a queue of items like "a1" or "ax1": the letters are the owner's address and, if there, the person."""
    queue: FairQueue[str] = FairQueue(total=100, per_person=50)
    for item in items:
        queue.put(Owner(item[0], item[1:].rstrip("0123456789")), item)
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
    assert queue.take({A: 2, B: 1}) == "b1"


def test_twenty_tabs_of_one_address_do_not_hold_up_another() -> None:
    queue = filled(*(f"a{tab}0" for tab in "bcdefghijklmnopqrstu"), "x0", "y0")
    assert taken(queue)[:4] == ["ab0", "x0", "y0", "ac0"]


def test_the_persons_of_one_address_take_turns() -> None:
    queue = filled("ax1", "ax2", "ax3", "ay1", "ay2", "az1", "b1", "b2")
    assert taken(queue) == ["ax1", "b1", "ay1", "b2", "az1", "ax2", "ay2", "ax3"]


def test_a_person_with_less_running_goes_first_in_its_address() -> None:
    assert filled("ax1", "ay1").take({Owner("a", "x"): 1}) == "ay1"


def test_a_person_with_as_many_running_as_it_may_waits() -> None:
    queue = filled("ax1", "ay1", "b1")
    running = {Owner("a", "x"): 2, B: 2}
    assert [queue.take(running, 2), queue.take(running, 2)] == ["ay1", None]
    assert len(queue) == 2


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
    queue: FairQueue[str] = FairQueue(total=10, per_person=2)
    queue.put(A, "a1")
    queue.put(A, "a2")
    with pytest.raises(QueueFull, match="2 of your programs"):
        queue.put(A, "a3")
    queue.put(B, "b1")


def test_an_address_has_a_bounded_number_of_places() -> None:
    queue: FairQueue[str] = FairQueue(total=10, per_person=2, per_address=3)
    for tab in "xyz":
        queue.put(Owner("a", tab), tab)
    with pytest.raises(QueueFull, match="3 programs from your network address"):
        queue.put(Owner("a", "w"), "w")
    queue.put(B, "b1")


@given(st.lists(st.sampled_from(["ax", "ay", "az", "b", "cx", "cy"]), max_size=30))
def test_ahead_is_the_order_in_which_items_are_taken(owners: list[str]) -> None:
    queue = filled(*(f"{owner}{number}" for number, owner in enumerate(owners)))
    for _ in range(len(queue)):
        expected = {item: queue.ahead(item) for item in queue._owners}
        item = queue.take({})
        assert item is not None
        assert expected[item] == 0
        assert all(queue.ahead(other) == expected[other] - 1 for other in queue._owners)


def test_the_queue_is_bounded_in_all() -> None:
    queue: FairQueue[str] = FairQueue(total=2, per_person=2)
    queue.put(A, "a1")
    queue.put(B, "b1")
    with pytest.raises(QueueFull, match="2 programs are waiting"):
        queue.put(C, "c1")


def test_clear_returns_everything() -> None:
    queue = filled("a1", "b1")
    assert sorted(queue.clear()) == ["a1", "b1"]
    assert len(queue) == 0
