"""What if: the one question that is asked of a page's picture.

The answer is the same program with one change, run beside it; ``app/what_if_shown.py`` shows both.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import session
from components.reading.offers import Change, Place, change_of


@dataclass
class WhatIf:
    """What a page's person has asked: the program with one change, of the one with the text ``before``."""

    before: str = ""
    after: str = ""
    says: str = ""
    problem: str = ""
    """Why there is no such program."""
    refused: int = 0
    """How many questions were."""
    news: bool = False
    """Whether the page has not been shown anew since."""


def asked(page: str) -> WhatIf | None:
    """Return the question that is open, if it is about the program that the page shows."""
    now, shown = session.remembered(WhatIf, page), session.shown(page)
    return now if now.after and shown is not None and shown.program.source == now.before else None


def problem(page: str) -> str:
    """Return, once, why the last question has no answer, or why something of it cannot be done."""
    now = session.remembered(WhatIf, page)
    said, now.problem = now.problem, ""
    return said


def refused(page: str) -> int:
    """Return how many questions about a page's picture were refused."""
    return session.remembered(WhatIf, page).refused


def refuse(page: str, why: str) -> None:
    """Say once, when the page is shown next, why something cannot be done."""
    session.remembered(WhatIf, page).problem = why


def take_news(page: str) -> bool:
    """Return, once, whether something was asked since the page was shown."""
    now = session.remembered(WhatIf, page)
    news, now.news = now.news, False
    return news


def close(page: str) -> None:
    """Go back to the program as it is."""
    session.remembered(WhatIf, page).after = ""
    session.stop(right_of(page))


def right_of(page: str) -> str:
    """Return the name under which the changed program runs."""
    return f"{page}:what-if"


def ask(page: str, place: Place | None, kind: str, amount: str) -> None:
    """Ask what a picture was asked: ``amount`` is what was typed, a number or the value of a leaf."""
    now, shown = session.remembered(WhatIf, page), session.shown(page)
    if place is None or shown is None:
        return
    change = session.look(page, change_of, place.of, place.slot, kind, amount)
    now.news, now.problem = now.news or change != Change(), change.problem
    now.refused += bool(change.problem)
    if change.after:
        now.before, now.after, now.says = shown.program.source, change.after, change.says
