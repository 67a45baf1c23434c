"""One rule per error: what the message looks like, and a function that says what it means here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..trace import FailureKind
from .situation import Situation


class Advice(NamedTuple):
    """What an error means in this program, and the line that mends it where one line does."""

    explanation: str
    hint: str | None = None


Explain = Callable[[Situation, "re.Match[str]"], Advice | None]


class Rule(NamedTuple):
    """``pattern`` is searched for in ``ErrorType: message``; ``explain`` may still decline with ``None``."""

    kind: FailureKind
    pattern: re.Pattern[str]
    explain: Explain


class Rules(list[Rule]):
    """The rules of one theme, first match first."""

    def on(self, pattern: str, kind: FailureKind = "raised") -> Callable[[Explain], Explain]:
        """Register the decorated function for errors of this kind whose ``ErrorType: message`` matches."""

        def register(explain: Explain) -> Explain:
            self.append(Rule(kind, re.compile(pattern), explain))
            return explain

        return register
