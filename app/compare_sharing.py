"""Handing a pair on: a link that holds both programs, or one file with both traces.

Links come from strangers and through chat programs that cut them, so that reading one checks everything: the alphabet,
a checksum (that of zlib), how much comes out, and that it is as many texts as were asked for.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import compare_sides, session
from app.controls import download
from components.trace import Trace, encode_trace

_PARAMETER = "pair"
# What browsers, proxies and chat programs let through; a link of 8,192 characters is refused by some of them.
LONGEST = 7_000
# As long as a program may be (50,000 characters of up to four bytes), twice.
_MOST_BYTES = 400_000


@dataclass
class LinkState:
    """The link that was read last, what was wrong with it, and the programs that it led to."""

    read: str | None = None
    problem: str = ""
    led_to: tuple[str, str] | None = None


def _state() -> LinkState:
    return session.remembered(LinkState, compare_sides.PAGE)


def read_link() -> None:
    """Show the pair that the address holds, once."""
    state, link = _state(), session.address().get(_PARAMETER)
    if link is None or state.read == link:
        return
    state.read, state.problem = link, ""
    try:
        left, right = unpack(link, 2)
    except DamagedLink as error:
        state.problem = str(error)
    else:
        compare_sides.fill_both(left, right)
    state.led_to = compare_sides.programs()


def forget_link() -> None:
    """Take the pair out of the address once another is shown."""
    state = _state()
    if state.led_to is not None and state.led_to != compare_sides.programs():
        state.read, state.problem, state.led_to = None, "", None
        session.address().pop(_PARAMETER, None)


def link_problem() -> None:
    """Say what is wrong with the link that led here."""
    if _state().problem:
        st.warning(_state().problem, icon=":material/link_off:")


def share(traces: tuple[Trace, Trace] | None) -> None:
    """Offer the link and the file. ``traces`` are those that the page shows."""
    with st.popover("Share", icon=":material/share:"):
        _link()
        if traces is not None:
            download("Download both traces", lambda: both_traces(*traces), "compare-traces.zip", "compare:zip")


def _link() -> None:
    if any(compare_sides.side(name).origin.source == compare_sides.TRACE for name in compare_sides.SIDES):
        st.markdown("A trace that was opened from a file does not fit into a link. Download both traces instead.")
        return
    try:
        packed = pack(compare_sides.programs())
    except TooLong as error:
        st.markdown(str(error))
        return
    st.markdown("This link holds both programs and runs them where it is opened:")
    with st.container(key="compare-link"):
        st.code(f"{_here()}?{_PARAMETER}={packed}", language=None, wrap_lines=True, height=120)


def both_traces(left: Trace, right: Trace) -> bytes:
    """Return a zip archive of both traces and both programs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, trace in (("left", left), ("right", right)):
            archive.writestr(f"{name}.json", encode_trace(trace))
            archive.writestr(f"{name}.py", trace.program.source.encode("utf-8", "surrogatepass"))
    return made.getvalue()


def _here() -> str:
    """The page's address as the reader's browser has it."""
    return (st.context.url or "/compare").partition("?")[0]


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
