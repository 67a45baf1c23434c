"""One place where observers say that they stepped aside.

Each observer asks its own ``Allowance`` before it records something. The first refusal is written down; from then on
the answer is no.
"""

from __future__ import annotations

from ..trace import Observer, Truncation


class Truncations:
    """The list of observers that reached their cap, in the order in which they did."""

    def __init__(self) -> None:
        self.reached: list[Truncation] = []

    def allowance(self, observer: Observer, cap: int, missing: str) -> Allowance:
        """Return a counter that allows ``cap`` things and then notes that ``missing`` is not in the trace."""
        return Allowance(self, Truncation(observer=observer, cap=cap, missing=missing))


class Allowance:
    """Counts what one observer records, up to a cap."""

    def __init__(self, log: Truncations, truncation: Truncation) -> None:
        self._log = log
        self._truncation = truncation
        self.left = truncation.cap
        self.exhausted = False

    def take(self, count: int = 1) -> bool:
        """Use up ``count`` and say whether that much was left; a refusal leaves the rest for smaller requests."""
        if count <= self.left:
            self.left -= count
            return True
        if not self.exhausted:
            self.exhausted = True
            self._log.reached.append(self._truncation)
        return False
