"""Which code and which thread are the program's, for all observers alike.

A program that the Lab runs is what was compiled from its text. Of a training that is recorded where it runs, it is the
file, or the notebook's cell, that asked for it, in the thread that asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from ..source import PROGRAM_FILENAME


class Own:
    """There is one at a time: PyTorch's own hooks are the process's too."""

    file = PROGRAM_FILENAME
    thread: int | None = None


def is_own(code: CodeType) -> bool:
    """Whether code is the program's."""
    return code.co_filename == Own.file


def in_own_thread() -> bool:
    """Whether this is the thread that the program runs in, as its first lines do."""
    return threading.get_ident() == (Own.thread or threading.main_thread().ident)


@contextmanager
def program_is(file: str) -> Iterator[None]:
    """Let the program be the code of ``file`` in this thread."""
    before = Own.file, Own.thread
    Own.file, Own.thread = file, threading.get_ident()
    try:
        yield
    finally:
        Own.file, Own.thread = before
