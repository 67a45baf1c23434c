"""What outlives a session of the server is in the person's browser: values by name, brought and written by this part.

It also hears the keys that belong to no part of a page (P, ?, + and -), and dresses the page for a projector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ..files import component_of, written
from ..scripts import joined
from ..state import STATE

_FOLDER = Path(__file__).parent
_KEY = "browser"
# What a browser may bring: names, characters in all, characters of one.
_MOST_VALUES, _MOST_CHARS, _LONGEST = 2_000, 6_000_000, 400_000

_SCRIPT = joined(_FOLDER, "browser.js")
_HTML, _CSS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("browser.html", "browser.css"))
_writer = st.components.v2.component(
    "autograd_lab_writer",
    js="""export default function start({ data }) {
  for (const [name, text] of Object.entries(data.put)) globalThis.autogradLab?.kept?.put(name, text);
}""",
)


def browser(
    *,
    session: str,
    page: str,
    put: Mapping[str, str],
    keeps: bool,
    arrived: bool,
    rewrites: Sequence[Mapping[str, object]] = (),
    qr: str = "",
    on_report: Callable[[Mapping[str, str], bool, bool], None],
    on_present: Callable[[bool], None],
    on_ask: Callable[[str, str], None],
) -> None:
    """Mount the page's link with its browser.

    ``session`` names this session of the server: the browser reports to each what is kept, once, by name, whether it
    presents, and whether somebody came by Back or Forward (``on_report``). ``on_ask`` is called with ``share`` or
    ``help`` and what the address has after its path. ``put`` are the values that the session has changed, as JSON by
    name, each several times. ``keeps`` is whether anything is kept; ``arrived`` whether the browser has reported to
    this session, which it does until it has.
    ``rewrites`` are ``parts`` that are to stand in the address instead of the value ``was`` of one of the ``names``.
    ``qr`` is the SVG of a code to be shown while presenting.
    """

    def reported() -> None:
        match _said("report"):
            case {
                "session": str(of),
                "values": dict(values),
                "present": bool(present),
                "went": bool(went),
            } if of == session:
                on_report(_bounded(values), present, went)

    def presented() -> None:
        if isinstance(_said("present"), bool):
            on_present(_said("present"))

    def asked() -> None:
        match _said("ask"):
            case {"what": "share" | "help" as what, "search": str(search)}:
                on_ask(what, search)

    component_of("browser", written("browser.js", _SCRIPT), _HTML, _CSS)(
        key=_KEY,
        data={
            "session": session,
            "page": page,
            "put": dict(put),
            "keeps": keeps,
            "arrived": arrived,
            "rewrites": list(rewrites),
            "qr": qr,
        },
        on_report_change=reported,
        on_present_change=presented,
        on_ask_change=asked,
    )


def _said(name: str) -> Any:
    """Return what the browser says in this run, ``None`` if it says nothing."""
    return getattr(STATE.get(_KEY), name, None)


def write(put: Mapping[str, str], *, key: str) -> None:
    """Write values from a fragment, whose runs do not pass by ``browser``."""
    _writer(key=key, data={"put": dict(put)})


def _bounded(values: Mapping[object, object]) -> dict[str, str]:
    """Return what of a browser's report can be values of ours: strangers can put anything there."""
    kept: dict[str, str] = {}
    room = _MOST_CHARS
    for name, text in list(values.items())[:_MOST_VALUES]:
        if isinstance(name, str) and isinstance(text, str) and len(text) <= min(_LONGEST, room):
            kept[name] = text
            room -= len(text)
    return kept
