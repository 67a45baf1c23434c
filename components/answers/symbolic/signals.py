"""How following a program ends early, and what may be said about it."""

from __future__ import annotations


class Refused(BaseException):
    """There will be no formula; ``reason`` is a sentence for the person.

    No ``Exception``: it passes through the program's own ``except`` clauses, and never leaves this package.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unknown(Exception):
    """A tensor has no symbols; ``reason`` says since when."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
