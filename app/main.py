"""Navigation and theme; `streamlit run app/main.py` starts here.

The pages are in `screens/`: Streamlit would take a folder named `pages/` for its own older kind of navigation and show
it, without any of this, to whoever opens `/code` first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
_STYLE, _EMBEDDED = (ROOT / "app" / name for name in ("look.css", "embedded.css"))
if str(ROOT) not in sys.path:  # `streamlit run` puts only this folder there
    sys.path.insert(0, str(ROOT))

from app import head, session, style  # noqa: E402
from components.worker import what_is_missing  # noqa: E402


def main() -> None:
    """Show the page that the address asks for."""
    # The few lines of style that Streamlit's theme has no words for.
    style.add(_STYLE.read_text(encoding="utf-8"))
    session.engine()
    session.set_out()
    pages = [
        st.Page("screens/start.py", title="Start", icon=":material/home:", default=True),
        st.Page("screens/playground.py", title="Playground", icon=":material/function:"),
        st.Page("screens/code.py", title="Code", icon=":material/code:"),
        st.Page("screens/gradients.py", title="Gradients", icon=":material/bar_chart:"),
        st.Page("screens/derivatives.py", title="Derivatives", icon=":material/show_chart:"),
        st.Page("screens/memory.py", title="Memory", icon=":material/memory:"),
        st.Page("screens/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("screens/lessons.py", title="Lessons", icon=":material/school:"),
    ]
    # Before the navigation, or the browser is told to fetch the page's icon for its tab from a server of Google's.
    st.set_page_config(page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")
    page = st.navigation(pages, position="top")
    session.leave()
    st.set_page_config(page_title="Autograd Lab" if page == pages[0] else f"{page.title} · Autograd Lab")
    shown = page.url_path or "start"
    # First on the page for who goes through it by keys; filled last, since it writes what the page has changed.
    link = st.container(key="browser-link")
    try:
        if not head.arrived():
            st.html('<p class="al-note">Opening …</p>')
            return
        if st.context.is_embedded:
            style.add(_EMBEDDED.read_text(encoding="utf-8"))
            if session.shows_only_player():
                style.add('.stApp .stColumn:not(:has([class*="-player"])) { display: none; }')
        missing = what_is_missing(session.engine().pool.known_walls())
        if missing is not None:
            st.caption(f":material/info: {missing}")
        if session.engine().pool.draining:
            st.warning(
                "The server is about to start anew. What you made stays in your browser, and the page comes back.",
                icon=":material/restart_alt:",
            )
        page.run()
        head.show_asked(shown)
    finally:
        with link:
            head.link(shown)
    session.stay()


main()
