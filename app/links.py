"""Programs in an address: texts, packed so tightly that a link can hold them, and read again with care.

Links come from strangers and through chat programs that cut them, so that reading one checks everything: the alphabet,
a checksum (that of zlib), how much comes out, and that it is as many texts as were asked for.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Sequence

# What browsers, proxies and chat programs let through; a link of 8,192 characters is refused by some of them.
LONGEST = 7_000
# As long as a program may be (50,000 characters of up to four bytes), twice.
_MOST_BYTES = 400_000


class TooLong(ValueError):
    """The texts do not fit into a link; the message says by how much and what to do instead."""


class DamagedLink(ValueError):
    """The link is no link of ours or was cut on its way; the message says what to do."""


def pack(texts: Sequence[str], longest: int = LONGEST) -> str:
    """Return texts as letters, digits, ``-`` and ``_``, together: alike texts take little more room than one.

    Raises:
        TooLong: more than ``longest`` characters would be needed.
    """
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = ",".join(str(len(text)) for text in encoded)
    packed = zlib.compress(b"\n".join([head.encode(), b"".join(encoded)]), 9)
    link = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(link) > longest:
        raise TooLong(
            f"These programs are too long for a link: packed they are {len(link):,} characters, and a link that works "
            f"everywhere holds {longest:,}. Share a file instead."
        )
    return link


def unpack(link: str, count: int) -> tuple[str, ...]:
    """Return the ``count`` texts of a packed link.

    Raises:
        DamagedLink: it is cut, changed, something else, or would unpack to more than programs can be.
    """
    try:
        data = _opened(base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True))
        head, _, body = data.partition(b"\n")
        if not re.fullmatch(rb"\d{1,7}(,\d{1,7})*", head):
            raise DamagedLink(_DAMAGED)
        sizes = [int(size) for size in head.split(b",")]
        if len(sizes) != count or sum(sizes) != len(body):
            raise DamagedLink(_DAMAGED)
        ends = [sum(sizes[: place + 1]) for place in range(count)]
        parts = (body[end - size : end] for size, end in zip(sizes, ends, strict=True))
        return tuple(part.decode("utf-8", "surrogatepass") for part in parts)
    except (binascii.Error, zlib.error, UnicodeError, ValueError):
        raise DamagedLink(_DAMAGED) from None


_DAMAGED = (
    "This link is damaged: its programs cannot be read. It may have been cut on its way; copy the whole link again, "
    "or ask for the programs as files."
)


def _opened(packed: bytes) -> bytes:
    """Decompress no more than programs can be, whatever the data claim."""
    opener = zlib.decompressobj()
    data = opener.decompress(packed, _MOST_BYTES + 1)
    if len(data) > _MOST_BYTES or not opener.eof or opener.unused_data:
        raise DamagedLink(_DAMAGED)
    return data
