"""How a run is stopped while an observer is at work.

An observer must not be interrupted in the middle of a record, and of a long ``backward()`` Python sees nothing but
observers. So whoever watches the run asks here, and the observers stop the program where their records are whole.
"""

from __future__ import annotations

from .failures import RunInterrupted

_asked: list[RunInterrupted] = []


def interrupt_soon(error: RunInterrupted) -> None:
    """Ask for ``error`` to be raised at the next ``stop_if_asked``. Can be called from a signal handler."""
    _asked[:] = [error]


def stop_if_asked() -> None:
    """Raise what was asked for, once. An observer calls it between two records of a long row."""
    if _asked:
        raise _asked.pop()


def forget_to_stop() -> None:
    """The program is over: nothing is left to be stopped."""
    _asked.clear()
