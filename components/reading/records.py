"""What goes to a reader and may come back from it: plain values, and our own records of them.

The reader runs our code only, but what it reads is a stranger's, so its word is not let call what it likes: pickle
finds records here and nothing else.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from .kept import Source

HOME = f"{__name__.rsplit('.', 2)[0]}."
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("msgspec._core", "UNSET"),
    ("msgspec._utils", "rebuild"),  # of a record, which is found here too, by its fields
}


class Asked(NamedTuple):
    """A call: which traces, those that the reader said it has not, the function's module and name, its arguments."""

    numbers: tuple[int, ...]
    sources: Mapping[int, Source]
    module: str
    name: str
    args: tuple[object, ...]


class Missing(NamedTuple):
    """The traces that the reader does not have."""

    numbers: tuple[int, ...]


class Told(NamedTuple):
    """The result or, as a traceback, why there is none; and how many bytes the reader now takes."""

    result: object
    problem: str
    bytes: int


class _Records(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name) if (module, name) in _PLAIN or module.startswith(HOME) else None
        if (module, name) in _PLAIN or _is_record(found):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record")


def _is_record(found: object) -> bool:
    if not isinstance(found, type):
        return False
    named = issubclass(found, tuple) and hasattr(found, "_fields")
    return named or dataclasses.is_dataclass(found) or issubclass(found, msgspec.Struct | Enum)


def to_bytes(value: object) -> bytes:
    """Return plain values and records as bytes."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def from_bytes(data: bytes) -> Any:
    """Return what ``to_bytes`` was given; raises ``pickle.UnpicklingError`` for anything but records."""
    return _Records(io.BytesIO(data)).load()
