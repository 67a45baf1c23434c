"""What stands around every page: the link with the person's browser, and the buttons that all pages have."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import session
from components.widgets.browser import browser


def arrived() -> bool:
    """Whether the browser has said what it keeps; until then no page knows what to show."""
    return session.in_browser().arrived


def waiting() -> None:
    """Ask the browser what it keeps."""
    st.html('<p class="al-note">Opening …</p>')
    link("")


def link(page: str) -> None:
    """Mount the link with the browser, which writes what has changed; ``page`` is the one that is shown."""
    store = session.in_browser()

    def reported(texts: Mapping[str, str], presents: bool) -> None:
        store.texts, store.arrived = dict(texts), True
        store.made.clear()
        store.changed.clear()

    with st.container(key="browser-link"):
        browser(
            session=store.token,
            page=page,
            put=session.to_keep(),
            keeps=not st.context.is_embedded,
            on_report=reported,
            on_present=lambda on: None,
            on_help=lambda: None,
        )
