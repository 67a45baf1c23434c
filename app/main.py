"""Navigation and theme; `streamlit run app/main.py` starts here.

The pages are in `screens/`: Streamlit would take a folder named `pages/` for its own older kind of navigation and show
it, without any of this, to whoever opens `/code` first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
_STYLE = ROOT / "app" / "look.css"
if str(ROOT) not in sys.path:  # `streamlit run` puts only this folder there
    sys.path.insert(0, str(ROOT))

from app import head, session  # noqa: E402
from components.worker import what_is_missing  # noqa: E402


def main() -> None:
    """Show the page that the address asks for."""
    # The few lines of style that Streamlit's theme has no words for.
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
    session.engine()
    pages = [
        st.Page("screens/playground.py", title="Playground", icon=":material/function:", default=True),
        st.Page("screens/code.py", title="Code", icon=":material/code:"),
        st.Page("screens/gradients.py", title="Gradients", icon=":material/bar_chart:"),
        st.Page("screens/derivatives.py", title="Derivatives", icon=":material/show_chart:"),
        st.Page("screens/memory.py", title="Memory", icon=":material/memory:"),
        st.Page("screens/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("screens/lessons.py", title="Lessons", icon=":material/school:"),
    ]
    page = st.navigation(pages, position="top")
    icon = str(ROOT / "app" / "icon.svg")
    st.set_page_config(page_title=f"{page.title} · Autograd Lab", page_icon=icon, layout="wide")
    if not head.arrived():
        head.waiting()
        return
    missing = what_is_missing(session.engine().pool.known_walls())
    if missing is not None:
        st.caption(f":material/info: {missing}")
    try:
        page.run()
    finally:
        # Last, since it writes what the page has changed.
        head.link(page.title.lower())


main()
