"""A person may use so much of a minute; a class behind one address may use all that nobody else wants."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from components.worker.allowance import MINUTE, Allowance, Spending
from components.worker.fair_queue import Owner

ANNA, BEN, ELSEWHERE = Owner("school", "anna"), Owner("school", "ben"), Owner("home", "carl")


class Clock:
    """A time that tests set."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def spending(clock: Clock, seconds: float = 10, address_seconds: float = 15) -> Spending:
    """Return an account."""
    return Spending(Allowance(seconds=seconds, address_seconds=address_seconds), clock)


def seconds_in(text: str | None) -> int:
    """Return how long somebody is told to wait."""
    found = re.search(r"in (\d+) seconds\.$", text or "")
    assert found is not None, text
    return int(found[1])


def test_who_has_used_their_share_waits_until_it_is_past() -> None:
    clock = Clock()
    account = spending(clock)
    account.add(ANNA, 9)
    assert account.why_not(ANNA) is None
    account.add(ANNA, 1)
    text = account.why_not(ANNA)
    assert text is not None
    assert text.startswith("Your programs have used 10 seconds of processor time in the last minute")
    assert account.why_not(BEN) is None
    clock.now += seconds_in(text)
    assert account.why_not(ANNA) is None


def test_a_class_of_one_address_may_use_all_when_nobody_else_is_there() -> None:
    clock = Clock()
    account = spending(clock)
    account.add(ANNA, 9)
    account.add(BEN, 9)
    assert account.why_not(ANNA) is None
    account.add(ELSEWHERE, 1)
    text = account.why_not(ANNA)
    assert text is not None
    assert "from your network address" in text
    assert account.why_not(ELSEWHERE) is None
    clock.now += seconds_in(text)
    assert account.why_not(ANNA) is None


def test_no_limit_is_no_limit() -> None:
    account = spending(Clock(), 0, 0)
    account.add(ELSEWHERE, 1)
    account.add(ANNA, 1e6)
    assert account.why_not(ANNA) is None


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 5)), max_size=20), st.floats(1, 20))
def test_nobody_waits_longer_than_said_nor_uses_more_than_is_allowed(
    runs: list[tuple[float, float]], most: float
) -> None:
    clock = Clock()
    account = spending(clock, most)
    used: list[tuple[float, float]] = []
    for pause, seconds in runs:
        clock.now += pause
        text = account.why_not(ANNA)
        recent = sum(amount for when, amount in used if when > clock.now - MINUTE)
        if text is None:
            assert recent < most + 1e-6
            account.add(ANNA, seconds)
            used.append((clock.now, seconds))
        else:
            wait = seconds_in(text)
            assert 1 <= wait <= MINUTE + 6
            later = Clock()
            later.now = clock.now + wait + 1
            account._clock = later
            assert account.why_not(ANNA) is None
            account._clock = clock
            return  # asking later has forgotten what was past by then
