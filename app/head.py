"""What stands around every page: the link with the person's browser, what its head asks for, and the presentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from app import help, session, share
from components.widgets.browser import browser


@dataclass
class HeadState:
    """What the page's head was asked for, until that is shown; whether the browser presents."""

    asked: str = ""
    search: str = ""
    """The part of the browser's address after its path, when that was asked."""
    presents: bool = False


def arrived() -> bool:
    """Whether the browser has said what it keeps; until then no page knows what to show."""
    return session.in_browser().arrived


def show_asked(page: str) -> None:
    """Show what the head was asked for, over the page."""
    state = _state()
    asked, state.asked = state.asked, ""
    if asked == "share":
        share.show(page, state.search)
    elif asked == "help":
        help.show()


def link(page: str) -> None:
    """Mount the link with the browser, which writes what has changed; ``page`` is the one that is shown."""
    store, state = session.in_browser(), _state()

    def reported(texts: Mapping[str, str], presents: bool, went: bool) -> None:
        if store.arrived:
            return  # said again, though it was heard: what was made since then stays
        store.texts, store.arrived = dict(texts), True
        store.made.clear()
        store.changed.clear()
        state.presents = presents
        if went:
            session.go()

    def presented(on: bool) -> None:
        state.presents = on

    def asked(what: str, search: str) -> None:
        state.asked, state.search = what, search

    browser(
        session=store.token,
        page=page,
        put=store.to_keep(),
        keeps=not st.context.is_embedded,
        arrived=store.arrived,
        rewrites=session.rewritten(),
        qr=share.code(page, {}) if state.presents and page else "",
        on_report=reported,
        on_present=presented,
        on_ask=asked,
    )


def _state() -> HeadState:
    return session.remembered(HeadState, "all")
