"""An error in words that can travel: the program may have written its text."""

from __future__ import annotations

from ..capture import failure_of

_LONGEST = 600


def said(error: BaseException) -> str:
    """``ValueError: message``, short, and without what JSON cannot hold."""
    failure = failure_of(error)
    if failure is None:
        return f"{type(error).__name__}: the program ended itself"
    return f"{failure.error_type or 'Error'}: {failure.message}"[:_LONGEST]
