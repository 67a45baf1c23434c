"""A child and the two pipes to it: its program goes down the one, what it says comes up the other.

One more child is made ahead, where that is wanted: behind its walls it waits for whoever comes next, so that nobody
waits for the fork.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from io import FileIO

from .folder import remove
from .limits import Limits
from .supervisor import Child, ZygoteDied, ZygoteProcess

# How long a child without a program may take to end.
_ENDING_SECONDS = 2.0


class Line:
    """A new child of a zygote, with these limits. Raises ``ZygoteDied``."""

    def __init__(self, zygote: ZygoteProcess, limits: Limits) -> None:
        self.zygote = zygote
        self.limits = limits
        request_read, request_write = os.pipe()
        result_read, result_write = os.pipe()
        self.request, self.result = FileIO(request_write, "wb"), FileIO(result_read, "rb")
        try:
            self.child: Child = zygote.fork(request_read, result_write, limits)
        except ZygoteDied:
            self.close()
            raise
        finally:
            os.close(request_read)
            os.close(result_write)

    def close(self) -> None:
        """Close the pipes. A child that has no program yet ends by that."""
        self.request.close()
        self.result.close()


class Spare:
    """The child that waits for the next program with these limits; never one if there are none.

    Safe to use from many threads.
    """

    def __init__(self, limits: Limits | None) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._line: Line | None = None

    def take(self, zygote: ZygoteProcess, limits: Limits) -> Line:
        """Return a child: the one that waits, if it is of this zygote and has these limits, or a new one."""
        with self._lock:
            line = self._line if limits == self._limits else None
            if line is not None:
                self._line = None
        if line is not None:
            if line.zygote is zygote and not line.child.ended.is_set():
                return line
            line.close()
        return Line(zygote, limits)

    def make(self, zygote: ZygoteProcess) -> None:
        """Have a child made, unless one waits; of a zygote that is not warm yet none, since it would not be, either."""
        with self._lock:
            if zygote.warm and self._limits is not None and (self._line is None or self._line.child.ended.is_set()):
                self._drop()
                with suppress(ZygoteDied, OSError):  # the next run will say so
                    self._line = Line(zygote, self._limits)

    def drop(self) -> None:
        """Let the child that waits go, and make none any more."""
        with self._lock:
            self._limits = None
            self._drop()

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line.child.ended.wait(_ENDING_SECONDS)
            remove(self._line.zygote.folder_of(self._line.child))
            self._line = None
