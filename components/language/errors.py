"""How the language says no: with the line, the name, and what to write instead."""

from __future__ import annotations


class NotAllowed(Exception):
    """The program uses something that is not available here.

    ``name`` is the refused name, ``advice`` what to write instead (may be empty), ``line`` is known for what is refused
    before the program runs.
    """

    def __init__(self, message: str, *, name: str = "", line: int | None = None, advice: str = "") -> None:
        super().__init__(f"{message} {advice}".strip())
        self.name = name
        self.line = line
        self.advice = advice


class NotAllowedAttribute(NotAllowed, AttributeError):  # type: ignore[misc]
    """An attribute that exists, but is not available here; ``hasattr`` says no to it.

    Both bases have a ``name``, and mean the same by it.
    """


class SourceTooLarge(Exception):
    """The text is longer or nested deeper than is allowed; the message says which and by how much."""
