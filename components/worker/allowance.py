"""What one person may use: how many runs at once, and how much of the processors' time in a minute.

A person is a browser, with all its tabs. All of one network address have an allowance too, which counts only while
others use the server: a whole class may sit behind one address, and then it is the server's only user.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .. import settings
from .fair_queue import Owner
from .machine import Machine

MINUTE = 60.0
_SLICE = 5.0
# Half of each processor's time.
_OF_AN_ADDRESS = 30.0


@dataclass(frozen=True)
class Allowance:
    """``runs`` at once, and seconds of processor time a minute, of one person and of one address; 0 for any."""

    runs: int = 0
    seconds: float = 0.0
    address_seconds: float = 0.0


def allowance_of_settings(machine: Machine, environment: Mapping[str, str] = os.environ) -> Allowance:
    """Return what a person may use. An address may use half of the machine while others use it, too."""
    there = settings.ADDRESS_SECONDS.value(environment)
    return Allowance(
        runs=settings.PERSON_RUNS.value(environment),
        seconds=settings.PERSON_SECONDS.value(environment),
        address_seconds=_OF_AN_ADDRESS * machine.processors if there is None else there,
    )


class Spending:
    """Seconds of processor time of the last minute by owner. The pool holds its lock around every call.

    A minute is cut into slices, so a person of a thousand short runs takes no more room than one of a long run.
    """

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance = allowance
        self._clock = clock
        self._spent: dict[Owner, dict[int, float]] = {}

    def add(self, owner: Owner, seconds: float) -> None:
        """Note what a run has used."""
        self._forget()
        slices = self._spent.setdefault(owner, {})
        now = int(self._clock() / _SLICE)
        slices[now] = slices.get(now, 0.0) + seconds

    def why_not(self, owner: Owner) -> str | None:
        """Say why an owner may not run a program now, and how long to wait; ``None`` if that is allowed."""
        self._forget()
        wait = _wait(self._spent.get(owner, {}), self._allowance.seconds, self._clock())
        if wait:
            return (
                f"Your programs have used {self._allowance.seconds:g} seconds of processor time in the last minute, "
                f"which is what one person may use. Run this again in {wait:.0f} seconds."
            )
        if all(other.address == owner.address for other in self._spent):
            return None
        there: dict[int, float] = {}
        for other, slices in self._spent.items():
            for number, seconds in slices.items() if other.address == owner.address else ():
                there[number] = there.get(number, 0.0) + seconds
        wait = _wait(there, self._allowance.address_seconds, self._clock())
        if wait:
            return (
                "The programs from your network address have used much of the processors' time of the last minute, so "
                f"others come first now. Run this again in {wait:.0f} seconds."
            )
        return None

    def _forget(self) -> None:
        oldest = self._clock() - MINUTE
        kept = {
            owner: {number: seconds for number, seconds in slices.items() if (number + 1) * _SLICE > oldest}
            for owner, slices in self._spent.items()
        }
        self._spent = {owner: slices for owner, slices in kept.items() if slices}


def _wait(slices: dict[int, float], most: float, now: float) -> float:
    """Return after how many seconds less than ``most`` of a minute is used; 0 if that is so now."""
    left = sum(slices.values())
    if not most or left < most:
        return 0.0
    for number, seconds in sorted(slices.items()):
        left -= seconds
        if left < most:
            return max(1.0, (number + 1) * _SLICE + MINUTE - now)
    return MINUTE
