"""The process that reads large traces, seen from the pages: bounded in time, and replaced when it has grown.

Several threads may ask at once, each over a connection of its own. Importing this module starts nothing.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .kept import Source
from .records import Asked, Missing, Told, from_bytes

_MAIN = f"{__name__.rpartition('.')[0]}.reader_main"
_ROOT = Path(__file__).resolve().parents[__name__.count(".")]
# It gets nothing of the server's environment but where programs are found and how text is written.
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH")
_FIXED = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"}
_CONNECTIONS = 3
_SECONDS = 30.0
_ATTEMPTS = 2
# Beyond the first it is replaced when nobody has asked for a while, beyond the second at once.
_GROWN, _TOO_LARGE = 200 << 20, 1500 << 20
_RESTS_AFTER = 20.0
_TOO_LARGE_TO_SHOW = "This run is too large to be shown: reading it took too much time or memory."
_log = logging.getLogger(__name__)


class ReaderFailed(Exception):
    """The trace could not be read: it takes too much memory or time. The message says it for people."""


class _Died(Exception):
    """The process ended before it had answered."""


class _Process:
    """One reader process with its connections."""

    def __init__(self) -> None:
        pairs = [socket.socketpair() for _ in range(_CONNECTIONS)]
        theirs = [their.fileno() for _, their in pairs]
        variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MAIN, *map(str, theirs)],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
            env={**variables, **_FIXED},
            start_new_session=True,
        )
        self.free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        for ours, their in pairs:
            their.close()
            self.free.put(Connection(ours.detach()))
        self.bytes = 0
        self.last = time.monotonic()
        self.asked = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, asked: Asked, seconds: float) -> Any:
        """Return what a reader says; raises ``_Died``, and ``ReaderFailed`` when its time is over."""
        connection = self.free.get()
        try:
            connection.send_bytes(pickle.dumps(asked, pickle.HIGHEST_PROTOCOL))
            if not connection.poll(seconds):
                self.end()
                raise ReaderFailed(_TOO_LARGE_TO_SHOW)
            return from_bytes(connection.recv_bytes())
        except (OSError, EOFError):
            raise _Died from None
        finally:
            self.last = time.monotonic()
            self.free.put(connection)

    def end(self) -> None:
        """End it, whatever it does; connections are closed when nobody uses them any more."""
        self._process.kill()
        self._process.wait()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None


class Reader:
    """Asks a reader, and starts one when it is needed. Safe to use from many threads."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def call(self, read: Sequence[tuple[int, Source]], function: Callable[..., Any], *args: object) -> Any:
        """Return ``function(*indexes, *args)`` of the traces with these numbers.

        ``function`` is one of a module of ours; what it returns consists of plain values and records (``records.py``).
        Raises ``ReaderFailed``, also where the function raised, which is in the log.
        """
        for _ in range(_ATTEMPTS):
            process = self._living()
            try:
                return self._told(process, read, function, args)
            except _Died:
                process.end()
            finally:
                self._used(process)
        raise ReaderFailed(_TOO_LARGE_TO_SHOW)

    def rest(self) -> None:
        """End a reader that has grown and that nobody asks; the next call starts another. For a thread that tidies."""
        with self._lock:
            process = self._process
            if process is None or process.asked or process.bytes < _GROWN:
                return
            if time.monotonic() - process.last > _RESTS_AFTER:
                self._process = None
                process.end()

    def close(self) -> None:
        """End the reader."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.end()

    def _told(
        self,
        process: _Process,
        read: Sequence[tuple[int, Source]],
        function: Callable[..., Any],
        args: Sequence[object],
    ) -> Any:
        numbers = tuple(number for number, _ in read)
        asked = Asked(numbers, {}, function.__module__, function.__qualname__, tuple(args))
        told = process.ask(asked, self._seconds)
        if isinstance(told, Missing):
            sources = {number: source for number, source in read if number in told.numbers}
            told = process.ask(asked._replace(sources=sources), self._seconds)
        if not isinstance(told, Told):
            raise _Died
        process.bytes = told.bytes
        if told.problem:
            _log.warning("What was asked of a trace failed:\n%s", told.problem)
            raise ReaderFailed("This could not be worked out; the server's log says why.")
        return told.result

    def _living(self) -> _Process:
        with self._lock:
            if self._process is None or not self._process.alive:
                self._process = _Process()
            self._process.asked += 1
            return self._process

    def _used(self, process: _Process) -> None:
        with self._lock:
            process.asked -= 1
            if process.bytes > _TOO_LARGE and not process.asked and process is self._process:
                self._process = None
                process.end()
