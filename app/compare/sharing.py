"""Handing a pair on: a link that holds both programs, or one file with both traces."""

from __future__ import annotations

import io
import zipfile

import streamlit as st

from app import links, session
from app.compare import sides
from components.trace import Trace, encode_trace

_PARAMETER = "pair"
# The link that was read last, what was wrong with it, and the programs that it led to.
_READ, _PROBLEM, _LED_TO = "compare:link-read", "compare:link-problem", "compare:link-led-to"


def read_link() -> None:
    """Show the pair that the address holds, once."""
    state, asked = session.state(), session.address().get(_PARAMETER)
    if asked is None or state.get(_READ) == asked:
        return
    state[_READ] = asked
    state.pop(_PROBLEM, None)
    try:
        left, right = links.unpack(asked, 2)
    except links.DamagedLink as error:
        state[_PROBLEM] = str(error)
    else:
        sides.fill_both(left, right)
    state[_LED_TO] = _texts()


def forget_link() -> None:
    """Take the pair out of the address once another is shown."""
    state = session.state()
    if _LED_TO in state and state[_LED_TO] != _texts():
        for key in (_PROBLEM, _LED_TO, _READ):
            state.pop(key, None)
        session.address().pop(_PARAMETER, None)


def problem() -> None:
    """Say what is wrong with the link that led here."""
    found = session.state().get(_PROBLEM)
    if found is not None:
        st.warning(str(found), icon=":material/link_off:")


def share(traces: tuple[Trace, Trace] | None) -> None:
    """Offer the link and the file. ``traces`` are those that the page shows."""
    with st.popover("Share", icon=":material/share:"):
        _link()
        if traces is not None:
            st.download_button(
                "Download both traces",
                lambda: both_traces(*traces),
                "compare-traces.zip",
                "application/zip",
                icon=":material/download:",
                key="compare:zip",
                on_click="ignore",
            )


def _link() -> None:
    if any(sides.side(name).source == sides.TRACE for name in sides.SIDES):
        st.markdown("A trace that was opened from a file does not fit into a link. Download both traces instead.")
        return
    try:
        packed = links.pack(_texts())
    except links.TooLong as error:
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


def _texts() -> tuple[str, str]:
    return sides.side(sides.LEFT).text, sides.side(sides.RIGHT).text


def _here() -> str:
    """The page's address as the reader's browser has it."""
    return (st.context.url or "/compare").partition("?")[0]
