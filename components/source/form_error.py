"""How the form says no: with the line or the leaf, and what to write instead."""

from __future__ import annotations


class FormError(ValueError):
    """The form cannot be written as a program.

    ``line`` is the line of the expression, ``leaf`` the name of the leaf, whichever is to blame. ``advice`` says what
    to write instead (may be empty) and is part of ``str(error)``, which also says the line.
    """

    def __init__(self, message: str, *, line: int | None = None, leaf: str | None = None, advice: str = "") -> None:
        where = "" if line is None else f"Line {line}: "
        super().__init__(f"{where}{message} {advice}".strip())
        self.line = line
        self.leaf = leaf
        self.advice = advice
