"""Where a reader begins: it reads traces, keeps the tables of the last ones, and answers calls of our own functions.

It runs no program, has nothing of the server's environment, and is bounded in memory.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import resource
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from ..facts import TraceIndex
from .kept import Source
from .records import HOME, Asked, Missing, Told, to_bytes

_MEMORY = 3 << 30
# In bytes of JSON; in memory a trace takes some four times as much.
_MOST_KEPT = 96 << 20


class _Shelf:
    """The tables of the traces that were asked for last. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._indexes: OrderedDict[int, tuple[TraceIndex, int]] = OrderedDict()

    def missing(self, numbers: Sequence[int]) -> tuple[int, ...]:
        with self._lock:
            return tuple(number for number in numbers if number not in self._indexes)

    def put(self, number: int, source: Source) -> None:
        size = source.size
        self._make_room(size)
        index = TraceIndex(source.read())
        with self._lock:
            self._indexes[number] = index, size

    def take(self, numbers: Sequence[int]) -> list[TraceIndex] | None:
        """Return the tables of these traces, ``None`` if one of them has just gone."""
        with self._lock:
            if any(number not in self._indexes for number in numbers):
                return None
            for number in numbers:
                self._indexes.move_to_end(number)
            return [self._indexes[number][0] for number in numbers]

    def _make_room(self, size: int) -> None:
        with self._lock:
            gone = False
            while len(self._indexes) > 1 and size + sum(held for _, held in self._indexes.values()) > _MOST_KEPT:
                self._indexes.popitem(last=False)
                gone = True
        if gone:  # tables and what was made of them know each other; collecting by itself is off
            gc.collect()


def main(descriptors: Sequence[int]) -> None:
    """Answer over each connection until the pages' process ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    gc.disable()
    shelf = _Shelf()
    for descriptor in descriptors:
        threading.Thread(target=_serve, args=(Connection(descriptor), shelf)).start()


def _serve(connection: Connection, shelf: _Shelf) -> None:
    try:
        while True:
            connection.send_bytes(_answered(pickle.loads(connection.recv_bytes()), shelf))
    except (EOFError, OSError):
        os._exit(0)


def _answered(asked: Asked, shelf: _Shelf) -> bytes:
    try:
        for number, source in asked.sources.items():
            shelf.put(number, source)
        indexes = shelf.take(asked.numbers)
        if indexes is None:
            return to_bytes(Missing(shelf.missing(asked.numbers)))
        result = _function(asked)(*indexes, *asked.args)
        return to_bytes(Told(result, "", _resident()))
    except MemoryError:
        os._exit(1)
    except Exception:
        return to_bytes(Told(None, traceback.format_exc(limit=-8)[-4_000:], _resident()))


def _function(asked: Asked) -> Callable[..., Any]:
    """Return the function of ours that is to be called."""
    if not asked.module.startswith(HOME):
        raise ValueError(f"{asked.module} is none of ours")
    found: Any = importlib.import_module(asked.module)
    for name in asked.name.split("."):
        found = getattr(found, name)
    return found  # type: ignore[no-any-return]


def _resident() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
