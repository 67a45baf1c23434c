"""The JSON of a trace as it is kept: packed, until somebody looks at it.

zlib frees the interpreter's lock while it works, and a trace repeats itself: of 86 MB some 2 are left.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from .caps import count_values

_FASTEST = 1


@dataclass(frozen=True, eq=False)
class Packed:
    """JSON of ``size`` bytes, which can hold at most so many ``values`` (``count_values``)."""

    data: bytes
    size: int
    values: int

    def unpacked(self) -> bytes:
        """Return the JSON."""
        return zlib.decompress(self.data, bufsize=max(self.size, 1))


class Packer:
    """Packs JSON that comes in pieces, so that the whole of it is never held."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(_FASTEST)
        self._pieces: list[bytes] = []
        self._values = 0
        self.size = 0
        """How many bytes have come."""

    def feed(self, data: bytes | bytearray) -> None:
        """Take the next piece."""
        self.size += len(data)
        self._values += count_values(data)
        self._pieces.append(self._packer.compress(data))

    def packed(self) -> Packed:
        """Return all of it; once, when everything has come."""
        return Packed(b"".join([*self._pieces, self._packer.flush()]), self.size, self._values)


def pack(data: bytes) -> Packed:
    """Return the JSON of a trace, packed."""
    packer = Packer()
    packer.feed(data)
    return packer.packed()
